/** One MESSAGE at a time to a Request-URI; the next waits for the final response to the one before (RFC 3428 §8). */

export interface PendingOptions {
  /** Messages that wait for one target, beside the one that is on its way. Default 20. */
  readonly maxWaiting?: number;
}

/** What becomes of a message: it goes now, it waits, or it cannot even wait. */
export type Turn = 'go' | 'wait' | 'full';

/** Memory: one entry for each target with a message on its way, and the messages that wait for it. */
export class PendingMessages<T> {
  readonly #waiting = new Map<string, T[]>();
  readonly #maxWaiting: number;
  #count = 0;

  constructor(options: PendingOptions = {}) {
    this.#maxWaiting = options.maxWaiting ?? 20;
  }

  /** How many messages wait, for all targets. */
  get waiting(): number {
    return this.#count;
  }

  /** How many targets have a message on its way. */
  get targets(): number {
    return this.#waiting.size;
  }

  /** Asks for a turn. After `go` the caller sends, and calls `ended` when the final response is there. */
  add(target: string, message: T): Turn {
    const queue = this.#waiting.get(target);
    if (queue === undefined) {
      this.#waiting.set(target, []);
      return 'go';
    }
    if (queue.length >= this.#maxWaiting) return 'full';
    queue.push(message);
    this.#count++;
    return 'wait';
  }

  /** The message on its way to `target` has ended: the one whose turn it is now, oldest first. */
  ended(target: string): T | undefined {
    const queue = this.#waiting.get(target);
    const next = queue?.shift();
    if (next === undefined) this.#waiting.delete(target);
    else this.#count--;
    return next;
  }
}
