/** The tables of the SQLite engine, as steps that bring any older file up to date. */
import type Database from 'libsql';
import { StoreFailure } from './store.js';

/**
 * One step a version: entry n brings `user_version` n to n + 1. A step that has been released is never edited; a change
 * is a new step at the end.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE account (
     jid TEXT PRIMARY KEY,
     sha1_salt BLOB NOT NULL, sha1_iterations INTEGER NOT NULL,
     sha1_stored_key BLOB NOT NULL, sha1_server_key BLOB NOT NULL,
     sha256_salt BLOB NOT NULL, sha256_iterations INTEGER NOT NULL,
     sha256_stored_key BLOB NOT NULL, sha256_server_key BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;
   -- AUTOINCREMENT: a key is never given twice, so that a late removal cannot hit a newer message.
   CREATE TABLE offline_message (
     key INTEGER PRIMARY KEY AUTOINCREMENT,
     jid TEXT NOT NULL,
     stanza TEXT NOT NULL
   ) STRICT;
   CREATE INDEX offline_message_by_jid ON offline_message (jid);
   CREATE TABLE binding (
     aor TEXT NOT NULL,
     position INTEGER NOT NULL,
     contact TEXT NOT NULL,
     call_id TEXT NOT NULL,
     cseq INTEGER NOT NULL,
     q REAL NOT NULL,
     expires_at INTEGER NOT NULL,
     received_from TEXT,
     instance TEXT,
     user_agent TEXT,
     PRIMARY KEY (aor, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE sip_user (
     realm TEXT NOT NULL,
     username TEXT NOT NULL,
     ha1_md5 TEXT NOT NULL,
     ha1_sha256 TEXT NOT NULL,
     PRIMARY KEY (realm, username)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE secret (
     name TEXT PRIMARY KEY,
     value BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/**
 * Brings `database` to the newest version, in one transaction.
 * @throws StoreFailure when the file was written by a newer Verona, which this one could only damage.
 */
export function migrate(database: Database.Database): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = userVersion(database);
    if (version > MIGRATIONS.length) {
      throw new StoreFailure(
        `the file has schema version ${version}, but this program knows ${MIGRATIONS.length} at most`,
      );
    }
    for (const step of MIGRATIONS.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (cause) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

function userVersion(database: Database.Database): number {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  return row.user_version;
}
