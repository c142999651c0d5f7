/**
 * The store in one SQLite file, behind a worker thread: no disk access happens on the main thread.
 *
 * The engine is `libsql`: it has better-sqlite3's synchronous interface and ships its binaries inside registry packages,
 * while better-sqlite3 fetches one from elsewhere or needs a compiler when it is installed.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DigestCredentials } from '../sip/auth/credential-store.js';
import type { StoredBinding } from '../sip/registrar/location-store.js';
import type { Account } from '../xmpp/server/account-store.js';
import type { Call, Durability, FromWorker, Outcome, ToWorker, WorkerSettings } from './sqlite-batches.js';
import type { OperationName, StoreOperations } from './sqlite-tables.js';
import { type Store, StoreFailure } from './store.js';

export interface SqliteOptions {
  /**
   * `full` (default): a resolved write survives a power cut, at the price of one fsync a commit; commits are shared by
   * all writes that are waiting, so that the price is paid once for many. `normal`: a resolved write survives the end of
   * the process however it comes (kill -9), but a power cut may take the last moments.
   */
  readonly durability?: Durability;
  /** Calls waiting for the thread beyond which further ones are rejected. Default 50,000. */
  readonly maxPendingCalls?: number;
  /** Calls in one transaction. Default 1,000. */
  readonly maxBatchCalls?: number;
  /** How long to wait while another process (`verona user add`) writes, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

interface Pending {
  readonly call: Call;
  readonly resolve: (value: never) => void;
  readonly reject: (cause: StoreFailure) => void;
}

export class SqliteStore implements Store {
  readonly #settings: WorkerSettings;
  readonly #maxPendingCalls: number;
  readonly #maxBatchCalls: number;
  #worker: Worker | undefined;
  /** Calls not yet given to the thread, oldest first. */
  #waiting: Pending[] = [];
  /** The one batch that the thread works on; while it does, the next one gathers in `#waiting` (group commit). */
  #running: readonly Pending[] = [];
  #flushScheduled = false;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  private constructor(path: string, options: SqliteOptions) {
    this.#settings = {
      path,
      durability: options.durability ?? 'full',
      busyTimeoutMs: options.busyTimeoutMs ?? 5_000,
    };
    this.#maxPendingCalls = options.maxPendingCalls ?? 50_000;
    this.#maxBatchCalls = options.maxBatchCalls ?? 1_000;
  }

  /**
   * Opens `path`, making its folder, the file and its tables as needed.
   * @throws StoreFailure naming the path and the reason.
   */
  static async open(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
    const store = new SqliteStore(path, options);
    try {
      await makePrivateFile(path);
      store.#worker = await store.#startWorker();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreFailure(`cannot open the SQLite file ${path}: ${reason}`, { cause });
    }
    return store;
  }

  account(bareJid: string): Promise<Account | undefined> {
    return this.#call('account', [bareJid]);
  }

  putAccount(account: Account): Promise<void> {
    return this.#call('putAccount', [account]);
  }

  removeAccount(bareJid: string): Promise<boolean> {
    return this.#call('removeAccount', [bareJid]);
  }

  listAccounts() {
    return this.#call('listAccounts', []);
  }

  storeOffline(bareJid: string, stanza: string, limit: number, maxOctets?: number): Promise<boolean> {
    return this.#call('storeOffline', [bareJid, stanza, limit, maxOctets]);
  }

  loadOffline(bareJid: string) {
    return this.#call('loadOffline', [bareJid]);
  }

  removeOffline(bareJid: string, keys: readonly number[]): Promise<void> {
    return this.#call('removeOffline', [bareJid, keys]);
  }

  loadBindings() {
    return this.#call('loadBindings', []);
  }

  saveBindings(aor: string, bindings: readonly StoredBinding[]): Promise<void> {
    return this.#call('saveBindings', [aor, bindings]);
  }

  digestCredentials(username: string, realm: string): Promise<DigestCredentials | undefined> {
    return this.#call('digestCredentials', [username, realm]);
  }

  putSipUser(user: DigestCredentials): Promise<void> {
    return this.#call('putSipUser', [user]);
  }

  removeSipUser(username: string, realm: string): Promise<boolean> {
    return this.#call('removeSipUser', [username, realm]);
  }

  listSipUsers() {
    return this.#call('listSipUsers', []);
  }

  secret(name: string, fresh: Uint8Array): Promise<Uint8Array> {
    return this.#call('secret', [name, fresh]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #call<Name extends OperationName>(
    name: Name,
    args: Parameters<StoreOperations[Name]>,
  ): Promise<ReturnType<StoreOperations[Name]>> {
    if (this.#closing !== undefined) return Promise.reject(new StoreFailure('the store is closed'));
    if (this.#waiting.length >= this.#maxPendingCalls) {
      return Promise.reject(new StoreFailure(`the store is overloaded: ${this.#waiting.length} calls wait`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call: { name, args }, resolve, reject });
      this.#scheduleFlush();
    });
  }

  /** Calls of one turn of the event loop's microtasks travel together. */
  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#running.length > 0) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#running.length > 0 || this.#waiting.length === 0) return;
    this.#running = this.#waiting.splice(0, this.#maxBatchCalls);
    try {
      this.#worker ??= await this.#startWorker();
      const batch: ToWorker = { kind: 'batch', calls: this.#running.map((pending) => pending.call) };
      this.#worker.postMessage(batch);
    } catch (cause) {
      this.#lost(cause instanceof Error ? cause.message : String(cause));
    }
  }

  #done(outcomes: readonly Outcome[]): void {
    const batch = this.#running;
    this.#running = [];
    for (const [index, pending] of batch.entries()) settle(pending, outcomes[index]!);
    void this.#flush();
    this.#tellIdle();
  }

  /** The thread is gone, or its port broken: whatever it had may or may not be committed, so that nothing of it can be confirmed. */
  #lost(reason: string): void {
    void this.#worker?.terminate();
    this.#worker = undefined; // the next call starts another
    const lost = [...this.#running, ...this.#waiting];
    this.#running = [];
    this.#waiting = [];
    for (const pending of lost) pending.reject(new StoreFailure(`the storage thread ended: ${reason}`));
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#running.length > 0 || this.#waiting.length > 0) return;
    this.#onIdle?.();
  }

  /** Resolves when the thread has opened the file; from then on its end, for whatever reason, comes to `#lost`. */
  #startWorker(): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const worker = newWorker(this.#settings);
      const ended = (reason: string) => {
        reject(new StoreFailure(reason));
        if (this.#worker === worker) this.#lost(reason);
      };
      worker.on('error', (cause) => ended(cause.message));
      worker.on('exit', (code) => ended(`exit code ${code}`));
      worker.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'opened':
            return resolve(worker);
          case 'not-opened':
            reject(new StoreFailure(message.reason));
            return void worker.terminate();
          case 'done':
            return this.#done(message.outcomes);
          case 'closed':
            return void worker.terminate();
        }
      });
    });
  }

  async #finish(): Promise<void> {
    if (this.#running.length > 0 || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage({ kind: 'close' } satisfies ToWorker);
    await exited;
  }
}

/** Only the account of the process may read keys and messages; SQLite gives its side files the mode of the file. */
async function makePrivateFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  await file.close();
}

function settle(pending: Pending, outcome: Outcome): void {
  if (outcome.ok) pending.resolve(outcome.value as never);
  else pending.reject(new StoreFailure(outcome.reason));
}

/** Compiled, the thread's file stands beside this one; from sources, it is TypeScript and needs the loader of the tests. */
function newWorker(settings: WorkerSettings): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    // Options of the process (--eval, --inspect) are not the thread's.
    return new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: settings, execArgv: [] });
  }
  const entry = new URL('./sqlite-worker.ts', import.meta.url).href;
  // Node 20 does not run the entry file of a thread through loaders, so that tsx is registered by hand.
  const start = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}); })`;
  return new Worker(start, { eval: true, workerData: settings });
}
