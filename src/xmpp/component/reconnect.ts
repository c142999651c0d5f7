/** How long to wait before the next connection: longer each time, with jitter, so that many clients do not come at once. */
import type { Random } from '../../base/random.js';

export interface ReconnectOptions {
  /** The first wait; default 1000 ms. */
  readonly firstMs?: number;
  /** The longest wait; default 60,000 ms. */
  readonly maxMs?: number;
  /** A stream that lasted so long was a success, and the next wait is short again; default 30,000 ms. */
  readonly stableMs?: number;
}

export class ReconnectDelay {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #stableMs: number;
  #nextMs: number;

  constructor(
    private readonly random: Random,
    options: ReconnectOptions = {},
  ) {
    this.#firstMs = options.firstMs ?? 1000;
    this.#maxMs = options.maxMs ?? 60_000;
    this.#stableMs = options.stableMs ?? 30_000;
    this.#nextMs = this.#firstMs;
  }

  /**
   * The wait after a stream that was ready for `upMs` milliseconds (0: never), between half and all of its bound.
   * @param hopeless the server refuses us: only its operator can change that, so the longest wait is enough
   */
  after(upMs: number, hopeless: boolean): number {
    if (upMs >= this.#stableMs) this.#nextMs = this.#firstMs;
    const bound = hopeless ? this.#maxMs : this.#nextMs;
    this.#nextMs = Math.min(this.#maxMs, this.#nextMs * 2);
    return Math.round(bound * (0.5 + this.random.fraction() / 2));
  }
}
