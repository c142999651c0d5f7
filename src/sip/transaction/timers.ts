/** The timers of RFC 3261 §17 (table 4) with those of RFC 6026 and RFC 4320, kept in queues of equal delay. */
import { DelayQueue, type Waiting } from '../../base/delay-queue.js';
import type { Scheduler } from '../../base/time.js';

export interface TimerOptions {
  /** Estimate of the round-trip time; default 500 ms (RFC 3261 §17.1.1.1). */
  readonly t1Ms?: number;
  /** The longest interval between retransmissions of a non-INVITE request; default 4000 ms. */
  readonly t2Ms?: number;
  /** How long a datagram may stay in the network; default 5000 ms. */
  readonly t4Ms?: number;
}

/** Letters as in RFC 3261 table 4; `100` is the wait before a 100 (RFC 3261 §17.2.1, RFC 4320 §4.1). */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | '100';

/** Whose timers run. */
export interface TimerOwner {
  timerFired(name: TimerName): void;
}

/** All timers of a transaction layer. Holds one timer of the scheduler for each delay in use, however many transactions run. */
export class TransactionTimers {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
  readonly #queues = new Map<TimerName, Map<number, DelayQueue<TimerOwner>>>();

  constructor(
    private readonly scheduler: Scheduler,
    options: TimerOptions = {},
  ) {
    this.t1Ms = options.t1Ms ?? 500;
    this.t2Ms = options.t2Ms ?? 4000;
    this.t4Ms = options.t4Ms ?? 5000;
  }

  /** Timers B, D, F, H, J, L, M: how long a transaction waits for its peer. */
  get timeoutMs(): number {
    return 64 * this.t1Ms;
  }

  /** The time that a client's Timer E takes to be reset to T2; until then a 100 does no good (RFC 4320 §4.1). */
  get provisionalAfterMs(): number {
    let elapsed = 0;
    for (let interval = this.t1Ms; interval < this.t2Ms; interval *= 2) elapsed += interval;
    return Math.max(elapsed, this.t1Ms);
  }

  set(name: TimerName, delayMs: number, owner: TimerOwner): Waiting {
    return this.#queue(name, delayMs).add(owner);
  }

  /** The transaction whose timer `name` with this delay was set first. */
  oldest(name: TimerName, delayMs: number): TimerOwner | undefined {
    return this.#queues.get(name)?.get(delayMs)?.oldest;
  }

  /** Forgets every timer. */
  clear(): void {
    for (const queues of this.#queues.values()) for (const queue of queues.values()) queue.clear();
  }

  #queue(name: TimerName, delayMs: number): DelayQueue<TimerOwner> {
    let queues = this.#queues.get(name);
    if (queues === undefined) {
      queues = new Map();
      this.#queues.set(name, queues);
    }
    let queue = queues.get(delayMs);
    if (queue === undefined) {
      queue = new DelayQueue<TimerOwner>(this.scheduler, delayMs, (owner) => owner.timerFired(name));
      queues.set(delayMs, queue);
    }
    return queue;
  }
}
