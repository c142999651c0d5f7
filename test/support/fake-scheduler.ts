import type { Scheduler, Timer } from '../../src/base/time.js';

interface Entry extends Timer {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
  cancelled: boolean;
}

/** A scheduler whose time stands still until a test moves it. */
export class FakeScheduler implements Scheduler {
  #now: number;
  #order = 0;
  #entries: Entry[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, wake: () => void): Timer {
    const entry: Entry = {
      at: this.#now + Math.max(0, delayMs),
      order: this.#order++,
      wake,
      cancelled: false,
      cancel() {
        this.cancelled = true;
      },
    };
    this.#entries.push(entry);
    return entry;
  }

  /** How many timers are set and neither fired nor cancelled. */
  get pending(): number {
    return this.#entries.filter((entry) => !entry.cancelled).length;
  }

  /** Moves time on by `ms`, firing what falls due in order of time, then of setting. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#entries
        .filter((entry) => !entry.cancelled && entry.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#entries = this.#entries.filter((entry) => entry !== due && !entry.cancelled);
      this.#now = Math.max(this.#now, due.at);
      due.wake();
    }
    this.#now = end;
  }
}
