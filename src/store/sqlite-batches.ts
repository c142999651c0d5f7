/** What the SQLite store and its worker thread say to each other: batches of calls, answered by batches of outcomes. */
import type { OperationName } from './sqlite-tables.js';

/** How much an operating system crash or a power cut may take: see `SqliteOptions.durability`. */
export type Durability = 'full' | 'normal';

export interface WorkerSettings {
  readonly path: string;
  readonly durability: Durability;
  /** How long to wait for another process that is writing, in milliseconds. */
  readonly busyTimeoutMs: number;
}

export interface Call {
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

export type ToWorker = { readonly kind: 'batch'; readonly calls: readonly Call[] } | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'opened' }
  | { readonly kind: 'not-opened'; readonly reason: string }
  /** One outcome a call, in the order of the calls. */
  | { readonly kind: 'done'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'closed' };
