/** Which Call-ID stands for which thread, where one cannot be the other literally (RFC 7572 §4, §5: thread and Call-ID map to each other). */
import { AgingMap } from '../../base/aging-map.js';
import { detached } from '../../base/own-text.js';

export interface ThreadTableOptions {
  /** Pairs of thread and Call-ID kept, the longest unused going first. Default 10,000. Memory: about 600 octets each. */
  readonly maxEntries?: number;
  /** How long an unused one is kept. Default 24 h. */
  readonly lifetimeMs?: number;
}

interface Entry {
  readonly pair: string;
  readonly thread: string;
  readonly callId: string;
  expiresAt: number;
}

/** The longest thread that is kept, so that the table is bounded in octets too. */
const LONGEST_THREAD = 1024;
/** The longest thread that becomes a Call-ID as it is; header lines are short. */
const LONGEST_CALL_ID = 255;

/** word [ "@" word ] (RFC 3261 §25.1). */
const CALL_ID = /^[A-Za-z0-9\-.!%*_+`'~()<>:\\"/[\]?{}]+(?:@[A-Za-z0-9\-.!%*_+`'~()<>:\\"/[\]?{}]+)?$/;

/** Whether `text` can stand as a Call-ID, character by character. */
export function isCallId(text: string): boolean {
  return text.length <= LONGEST_CALL_ID && CALL_ID.test(text);
}

/** The two who talk: threads of others are never mixed in. */
export function pairOf(xmppUser: string, sipUser: string): string {
  return `${xmppUser}\n${sipUser}`;
}

/** Threads compare exactly; nothing is trimmed or folded. Time comes with each call, in milliseconds. */
export class ThreadTable {
  /** In the order of their last use. */
  readonly #byCallId = new AgingMap<string, Entry>();
  readonly #byThread = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #lifetimeMs: number;

  constructor(options: ThreadTableOptions = {}) {
    this.#maxEntries = options.maxEntries ?? 10_000;
    this.#lifetimeMs = options.lifetimeMs ?? 24 * 3600 * 1000;
  }

  get size(): number {
    return this.#byCallId.size;
  }

  /** The thread that `callId` stands for between the two. */
  threadOf(pair: string, callId: string, now: number): string | undefined {
    return this.#used(this.#byCallId.get(key(pair, callId)), now)?.thread;
  }

  /** The Call-ID that stands for `thread` between the two. */
  callIdOf(pair: string, thread: string, now: number): string | undefined {
    return this.#used(this.#byThread.get(key(pair, thread)), now)?.callId;
  }

  /** Remembers both ways. A very long thread is not kept: its messages come with a Call-ID of their own each. */
  remember(pair: string, thread: string, callId: string, now: number): void {
    if (thread.length > LONGEST_THREAD) return;
    this.#forget(this.#byThread.get(key(pair, thread)));
    this.#forget(this.#byCallId.get(key(pair, callId)));
    const entry: Entry = {
      pair,
      thread: detached(thread),
      callId: detached(callId),
      expiresAt: now + this.#lifetimeMs,
    };
    this.#byCallId.set(key(pair, entry.callId), entry);
    this.#byThread.set(key(pair, entry.thread), entry);
    for (let oldest = this.#byCallId.oldest; oldest !== undefined; oldest = this.#byCallId.oldest) {
      if (oldest.value.expiresAt > now && this.#byCallId.size <= this.#maxEntries) break;
      this.#forget(oldest.value);
    }
  }

  #used(entry: Entry | undefined, now: number): Entry | undefined {
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= now) {
      this.#forget(entry);
      return undefined;
    }
    entry.expiresAt = now + this.#lifetimeMs;
    this.#byCallId.set(key(entry.pair, entry.callId), entry);
    return entry;
  }

  #forget(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#byCallId.delete(key(entry.pair, entry.callId));
    this.#byThread.delete(key(entry.pair, entry.thread));
  }
}

function key(pair: string, id: string): string {
  return `${pair}\n${id}`;
}
