/** The thread that owns the SQLite database: runs each batch of calls in one transaction and answers after its commit. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import type { Call, FromWorker, Outcome, ToWorker, WorkerSettings } from './sqlite-batches.js';
import { migrate } from './sqlite-schema.js';
import { READS, SqliteTables } from './sqlite-tables.js';

const port = parentPort!;
const settings = workerData as WorkerSettings;

try {
  serve(open(settings));
  answer({ kind: 'opened' });
} catch (cause) {
  answer({ kind: 'not-opened', reason: reasonOf(cause) });
}

function open({ path, durability, busyTimeoutMs }: WorkerSettings): Database.Database {
  const database = new Database(path, { timeout: busyTimeoutMs });
  // Readers of another process (`verona user list`) do not block the writer, and a commit is one append.
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
  migrate(database);
  return database;
}

function serve(database: Database.Database): void {
  const tables = new SqliteTables(database);
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'batch') return answer({ kind: 'done', outcomes: runBatch(database, tables, message.calls) });
    database.close();
    answer({ kind: 'closed' });
    port.close();
  });
}

/** All calls in one transaction; a call that fails is undone alone, a commit that fails fails them all. */
function runBatch(database: Database.Database, tables: SqliteTables, calls: readonly Call[]): readonly Outcome[] {
  if (calls.every((call) => READS.has(call.name))) return calls.map((call) => attempt(tables, call));
  try {
    database.exec('BEGIN IMMEDIATE');
    const outcomes = calls.map((call) => runGuarded(database, tables, call));
    database.exec('COMMIT');
    return outcomes;
  } catch (cause) {
    if (database.inTransaction) database.exec('ROLLBACK');
    const failed: Outcome = { ok: false, reason: reasonOf(cause) };
    return calls.map(() => failed);
  }
}

/** Undoes what a failed call had done so far. Throws when SQLite has given up the whole transaction (disk full, I/O error). */
function runGuarded(database: Database.Database, tables: SqliteTables, call: Call): Outcome {
  if (READS.has(call.name)) return attempt(tables, call);
  database.exec('SAVEPOINT call');
  const outcome = attempt(tables, call);
  if (!outcome.ok) {
    if (!database.inTransaction) throw new Error(outcome.reason);
    database.exec('ROLLBACK TO call');
  }
  database.exec('RELEASE call');
  return outcome;
}

function attempt(tables: SqliteTables, call: Call): Outcome {
  try {
    const operation = tables[call.name] as (...args: readonly unknown[]) => unknown;
    return { ok: true, value: operation.apply(tables, [...call.args]) };
  } catch (cause) {
    return { ok: false, reason: reasonOf(cause) };
  }
}

function answer(message: FromWorker): void {
  port.postMessage(message);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
