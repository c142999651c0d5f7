import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import Database from 'libsql';
import { SqliteStore } from '../../src/store/sqlite-store.js';
import { StoreFailure } from '../../src/store/store.js';

describe('the SQLite store', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'verona-sqlite-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('makes the folder and a file that only its owner may read', async () => {
    const path = join(folder, 'new', 'verona.db');
    const store = await SqliteStore.open(path);
    await store.close();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('keeps what was written over close and reopen', async () => {
    const path = join(folder, 'reopen.db');
    const first = await SqliteStore.open(path);
    await first.storeOffline('juliet@example.com', 'kept', 10);
    await first.close();
    const second = await SqliteStore.open(path, { durability: 'normal' });
    assert.deepEqual(
      (await second.loadOffline('juliet@example.com')).map((message) => message.stanza),
      ['kept'],
    );
    await second.close();
  });

  it('keeps all that was acknowledged when the process is killed', async function () {
    this.timeout(10_000);
    const path = join(folder, 'killed.db');
    const program = `
      const { SqliteStore } = await import(${JSON.stringify(new URL('../../src/store/sqlite-store.js', import.meta.url).href)});
      const store = await SqliteStore.open(${JSON.stringify(path)});
      for (let n = 0; ; n += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, i) => store.storeOffline('juliet@example.com', String(n + i), 1e9)
          .then(() => console.log(n + i))));
      }`;
    const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = -1;
    for await (const line of createInterface(child.stdout)) {
      acknowledged = Number(line);
      if (acknowledged === 299) child.kill('SIGKILL');
    }
    assert.ok(acknowledged >= 299);
    const store = await SqliteStore.open(path);
    const kept = (await store.loadOffline('juliet@example.com')).map((message) => Number(message.stanza));
    await store.close();
    assert.ok(kept.length > acknowledged, `${kept.length} kept, ${acknowledged + 1} acknowledged`);
    assert.deepEqual(
      kept,
      kept.map((_, index) => index),
    );
  });

  it('shares one transaction among the calls that wait', async () => {
    const path = join(folder, 'group.db');
    const store = await SqliteStore.open(path);
    const batches = await countMessages(async () => {
      const first = store.storeOffline('a@example.com', 'first', 1e6);
      await Promise.resolve(); // the first batch is on its way: these gather for the second
      await Promise.resolve();
      await Promise.all([first, ...Array.from({ length: 500 }, () => store.storeOffline('a@example.com', 'x', 1e6))]);
    });
    assert.equal(batches, 2);
    await store.close();
  });

  it('takes no more calls into one transaction than the limit', async () => {
    const store = await SqliteStore.open(join(folder, 'batches.db'), { maxBatchCalls: 10 });
    const batches = await countMessages(async () => {
      await Promise.all(Array.from({ length: 25 }, () => store.storeOffline('a@example.com', 'x', 1e6)));
    });
    assert.equal(batches, 3);
    await store.close();
  });

  it('waits for another process that writes, but not for ever', async () => {
    const path = join(folder, 'busy.db');
    const store = await SqliteStore.open(path, { busyTimeoutMs: 50 });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(store.storeOffline('a@example.com', 'x', 10), /locked/);
    other.exec('ROLLBACK');
    other.close();
    assert.equal(await store.storeOffline('a@example.com', 'x', 10), true);
    await store.close();
  });

  it('rejects what is pending when its thread ends, and starts another for the next call', async () => {
    const store = await SqliteStore.open(join(folder, 'crash.db'));
    const worker = await workerBehind(() => store.listAccounts());
    const pending = [store.storeOffline('a@example.com', '1', 10), store.loadBindings()];
    await Promise.resolve();
    await Promise.resolve();
    pending.push(store.storeOffline('a@example.com', '2', 10));
    void worker.terminate();
    for (const outcome of await Promise.allSettled(pending)) {
      assert.equal(outcome.status, 'rejected');
      assert.match(String(outcome.reason), /the storage thread ended/);
    }
    assert.equal(await store.storeOffline('b@example.com', '3', 10), true);
    await store.close();
  });

  it('undoes a call that fails, and only that one', async () => {
    const store = await SqliteStore.open(join(folder, 'savepoint.db'));
    const good = store.storeOffline('a@example.com', '1', 10);
    const binding = { contact: 'sip:a@192.0.2.1', callId: 'c', cseq: 1, q: 1, expiresAt: 1 };
    const bad = store.saveBindings('sip:a@example.net', [binding, { ...binding, contact: null as unknown as string }]);
    const after = store.storeOffline('a@example.com', '2', 10);
    await assert.rejects(bad, StoreFailure);
    assert.deepEqual(await Promise.all([good, after]), [true, true]);
    assert.equal((await store.loadBindings()).size, 0);
    await store.close();
  });

  it('rejects calls beyond the limit of waiting ones', async () => {
    const store = await SqliteStore.open(join(folder, 'overload.db'), { maxPendingCalls: 2 });
    const calls = Array.from({ length: 3 }, () => store.storeOffline('a@example.com', '1', 10));
    await assert.rejects(calls[2]!, /overloaded/);
    assert.deepEqual(await Promise.all(calls.slice(0, 2)), [true, true]);
    await store.close();
  });

  it('shares the file with another process that adds a user', async () => {
    const path = join(folder, 'shared.db');
    const server = await SqliteStore.open(path);
    const command = await SqliteStore.open(path);
    await command.putSipUser({ username: 'romeo', realm: 'example.net', ha1Md5: 'a', ha1Sha256: 'b' });
    assert.equal((await server.digestCredentials('romeo', 'example.net'))?.ha1Md5, 'a');
    await Promise.all([command.close(), server.close()]);
  });

  it('refuses a file of a newer version', async () => {
    const path = join(folder, 'newer.db');
    const database = new Database(path);
    database.exec('PRAGMA user_version = 1000');
    database.close();
    await assert.rejects(SqliteStore.open(path), /schema version 1000/);
  });

  it('names the path of a file that is no database', async () => {
    const path = join(folder, 'text.db');
    await writeFile(path, 'not a database, but long enough to look like a header '.repeat(100));
    await assert.rejects(SqliteStore.open(path), /cannot open the SQLite file .*text\.db: .*not a database/);
  });
});

/** How many messages go to worker threads while `run` lasts. */
async function countMessages(run: () => Promise<void>): Promise<number> {
  const original = Worker.prototype.postMessage;
  let count = 0;
  Worker.prototype.postMessage = function (...args) {
    count++;
    return original.apply(this, args as Parameters<typeof original>);
  };
  try {
    await run();
  } finally {
    Worker.prototype.postMessage = original;
  }
  return count;
}

/** The thread that `call` speaks to. */
async function workerBehind(call: () => Promise<unknown>): Promise<Worker> {
  const original = Worker.prototype.postMessage;
  let worker: Worker | undefined;
  Worker.prototype.postMessage = function (...args) {
    worker = this;
    return original.apply(this, args as Parameters<typeof original>);
  };
  try {
    await call();
  } finally {
    Worker.prototype.postMessage = original;
  }
  assert.ok(worker);
  return worker;
}
