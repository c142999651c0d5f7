/**
 * Keeps the stanzas for one account in order while something about that account is waited for (RFC 6120 §10.1): a
 * message on its way to the offline store, or the offline messages on their way to a new session. Accounts about which
 * nothing is waited for have no entry here and cost nothing.
 */
export class AccountQueues {
  readonly #waiting = new Map<string, (() => Promise<void> | undefined)[]>();
  readonly #limit: number;
  #onIdle: (() => void)[] = [];

  /** @param limit tasks that may wait for one account */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether stanzas for this account have to wait their turn. */
  busy(bareJid: string): boolean {
    return this.#waiting.has(bareJid);
  }

  /**
   * Runs `task` now, or after those that were there before.
   * @param task gives a promise when those after it have to wait; it never rejects
   * @returns false when the queue is full, and the task not taken
   */
  run(bareJid: string, task: () => Promise<void> | undefined): boolean {
    const queue = this.#waiting.get(bareJid);
    if (queue !== undefined) {
      if (queue.length >= this.#limit) return false;
      queue.push(task);
      return true;
    }
    const done = task();
    if (done !== undefined) void this.#drain(bareJid, done);
    return true;
  }

  /** Resolves when no account is waited for. */
  idle(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  async #drain(bareJid: string, first: Promise<void>): Promise<void> {
    const queue: (() => Promise<void> | undefined)[] = [];
    this.#waiting.set(bareJid, queue);
    await first;
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task();
    this.#waiting.delete(bareJid);
    if (this.#waiting.size === 0) this.#tellIdle();
  }

  #tellIdle(): void {
    const told = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of told) resolve();
  }
}
