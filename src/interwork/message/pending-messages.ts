/** One MESSAGE at a time to a Request-URI; the next waits for the final response to the one before (RFC 3428 §8). */

export interface PendingOptions {
  /** Messages that wait for one target, beside the one that is on its way. Default 20. */
  readonly maxWaiting?: number;
  /** Octets of all messages that wait, for all targets together. Default 32 MiB. */
  readonly maxWaitingOctets?: number;
}

/** What becomes of a message: it goes now, it waits, or it cannot even wait. */
export type Turn = 'go' | 'wait' | 'full';

interface Waiting<T> {
  readonly message: T;
  readonly octets: number;
}

/**
 * Memory: one entry for each target with a message on its way, and the messages that wait for it. A sender makes up as many
 * targets as it likes, one for each resource of a JID, so the messages are bounded for all targets together as well.
 */
export class PendingMessages<T> {
  readonly #waiting = new Map<string, Waiting<T>[]>();
  readonly #maxWaiting: number;
  readonly #maxWaitingOctets: number;
  #count = 0;
  #octets = 0;

  constructor(options: PendingOptions = {}) {
    this.#maxWaiting = options.maxWaiting ?? 20;
    this.#maxWaitingOctets = options.maxWaitingOctets ?? 32 * 1024 * 1024;
  }

  /** How many messages wait, for all targets. */
  get waiting(): number {
    return this.#count;
  }

  /** How many targets have a message on its way. */
  get targets(): number {
    return this.#waiting.size;
  }

  /**
   * Asks for a turn. After `go` the caller sends, and calls `ended` when the final response is there.
   * @param octets what the message holds in memory while it waits
   */
  add(target: string, message: T, octets: number): Turn {
    const queue = this.#waiting.get(target);
    if (queue === undefined) {
      this.#waiting.set(target, []);
      return 'go';
    }
    if (queue.length >= this.#maxWaiting || this.#octets + octets > this.#maxWaitingOctets) return 'full';
    queue.push({ message, octets });
    this.#count++;
    this.#octets += octets;
    return 'wait';
  }

  /** The message on its way to `target` has ended: the one whose turn it is now, oldest first. */
  ended(target: string): T | undefined {
    const queue = this.#waiting.get(target);
    const next = queue?.shift();
    if (next === undefined) {
      this.#waiting.delete(target);
      return undefined;
    }
    this.#count--;
    this.#octets -= next.octets;
    return next.message;
  }
}
