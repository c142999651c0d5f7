/** Many timers of one delay for the price of one: since all wait equally long, they fall due in the order of setting. */
import type { Scheduler, Timer } from './time.js';

/** One item that waits. Cancelling twice, or after it fell due, does nothing. */
export interface Waiting extends Timer {
  readonly dueAt: number;
}

class Entry<T> implements Waiting {
  previous: Entry<T> | undefined;
  next: Entry<T> | undefined;

  constructor(
    readonly item: T,
    readonly dueAt: number,
    public queue: DelayQueue<T> | undefined,
  ) {}

  cancel(): void {
    this.queue?.remove(this);
  }
}

/**
 * A queue whose items fall due `delayMs` after they were added. Setting and cancelling cost O(1), an item costs one small
 * object, and the whole queue holds one timer of the scheduler.
 */
export class DelayQueue<T> {
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #size = 0;
  #timer: Timer | undefined;
  readonly #wake = () => this.#fire();

  constructor(
    private readonly scheduler: Scheduler,
    readonly delayMs: number,
    private readonly due: (item: T) => void,
  ) {}

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  /** The item that waits longest. */
  get oldest(): T | undefined {
    return this.#first?.item;
  }

  add(item: T): Waiting {
    const entry = new Entry(item, this.scheduler.now() + this.delayMs, this);
    if (this.#last === undefined) this.#first = entry;
    else {
      entry.previous = this.#last;
      this.#last.next = entry;
    }
    this.#last = entry;
    this.#size++;
    // a timer that is already set may wake too early for this entry, never too late
    this.#timer ??= this.scheduler.after(this.delayMs, this.#wake);
    return entry;
  }

  /** Takes one of this queue's entries out; for `Waiting.cancel`. */
  remove(entry: Entry<T>): void {
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = entry.next = entry.queue = undefined;
    this.#size--;
  }

  /** Forgets every item and the timer. */
  clear(): void {
    while (this.#first !== undefined) this.remove(this.#first);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.scheduler.now();
    try {
      for (let entry = this.#first; entry !== undefined && entry.dueAt <= now; entry = this.#first) {
        this.remove(entry);
        this.due(entry.item);
      }
    } finally {
      if (this.#first !== undefined && this.#timer === undefined) {
        this.#timer = this.scheduler.after(Math.max(0, this.#first.dueAt - now), this.#wake);
      }
    }
  }
}
