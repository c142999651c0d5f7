/** A closed loop of numbered messages: how many may be under way, which have arrived, how fast and after what time. */

export interface LoadPlan {
  /** Messages under way at most. */
  readonly window: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Messages a second; as many as go when absent. */
  readonly perSecond?: number;
  /** CPU time in milliseconds that the process under test has used so far. */
  readonly cpuMs: () => number;
}

export interface LoadResult {
  /** Of the whole run, warm-up included. */
  readonly sent: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly retransmitted: number;
  /** Of the measured time. */
  readonly arrivedPerSecond: number;
  readonly cpuMsPerMessage: number;
  readonly cpuShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What `Load` needs of a client that sends. */
export interface Source {
  /** What ends a message: its answer, which the source tells by `release`, or its arrival. */
  readonly endsWith: 'answer' | 'arrival';
  /** Sends message `number` in this slot of the window. */
  send(slot: number, number: number): void;
  /** Called every 50 ms: what waits too long may be sent again; returns how many were. */
  retransmit(now: number): number;
  close(): void;
}

const MAX_MESSAGES = 1 << 21;
/** How long the last messages may take before they count as lost. */
const PATIENCE_MS = 10_000;
const TICK_MS = 50;

export class Load {
  readonly #sentAt = new Float64Array(MAX_MESSAGES);
  readonly #slotOf = new Uint16Array(MAX_MESSAGES);
  readonly #seen = new Uint8Array(MAX_MESSAGES);
  readonly #latencies: number[] = [];
  readonly #free: number[] = [];
  #source: Source | undefined;
  #sent = 0;
  #arrived = 0;
  #duplicates = 0;
  #refused = 0;
  #retransmitted = 0;
  #measuring = false;
  #stopped = false;

  constructor(private readonly plan: LoadPlan) {
    for (let slot = plan.window - 1; slot >= 0; slot--) this.#free.push(slot);
  }

  /** Message `number` reached its receiver. */
  arrived(number: number): void {
    if (number >= this.#sent || this.#seen[number] === 1) {
      this.#duplicates++;
      return;
    }
    this.#seen[number] = 1;
    this.#arrived++;
    if (this.#measuring) this.#latencies.push(performance.now() - (this.#sentAt[number] as number));
    if (this.#source?.endsWith === 'arrival') this.release(this.#slotOf[number] as number);
  }

  /** The message in this slot is done with; the slot takes the next one. */
  release(slot: number): void {
    this.#free.push(slot);
    if (this.plan.perSecond === undefined) this.#fill();
  }

  /** A message was answered by something else than success. */
  refuse(): void {
    this.#refused++;
  }

  async run(source: Source): Promise<LoadResult> {
    this.#source = source;
    const ticker = setInterval(() => {
      this.#retransmitted += source.retransmit(performance.now());
    }, TICK_MS);
    const pacer = this.plan.perSecond === undefined ? undefined : this.#pace(this.plan.perSecond);
    this.#fill();
    await delay(this.plan.warmUpMs);
    this.#measuring = true;
    const start = { at: performance.now(), arrived: this.#arrived, cpuMs: this.plan.cpuMs() };
    await delay(this.plan.durationMs);
    const end = { at: performance.now(), arrived: this.#arrived, cpuMs: this.plan.cpuMs() };
    this.#measuring = false;
    this.#stopped = true;
    clearInterval(pacer);
    await this.#settle();
    clearInterval(ticker);
    source.close();
    const elapsedMs = end.at - start.at;
    const arrived = end.arrived - start.arrived;
    const cpuMs = end.cpuMs - start.cpuMs;
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      sent: this.#sent,
      lost: this.#sent - this.#arrived,
      duplicates: this.#duplicates,
      refused: this.#refused,
      retransmitted: this.#retransmitted,
      arrivedPerSecond: (arrived * 1000) / elapsedMs,
      cpuMsPerMessage: cpuMs / arrived,
      cpuShare: cpuMs / elapsedMs,
      p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    };
  }

  #fill(): void {
    while (!this.#stopped && this.plan.perSecond === undefined && this.#free.length > 0) this.#sendOne();
  }

  #sendOne(): void {
    const slot = this.#free.pop();
    if (slot === undefined || this.#sent >= MAX_MESSAGES) return;
    const number = this.#sent++;
    this.#sentAt[number] = performance.now();
    this.#slotOf[number] = slot;
    this.#source?.send(slot, number);
  }

  #pace(perSecond: number): NodeJS.Timeout {
    const start = performance.now();
    let due = 0;
    return setInterval(() => {
      const target = ((performance.now() - start) * perSecond) / 1000;
      for (; due < target; due++) this.#sendOne();
    }, 1);
  }

  async #settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline && (this.#arrived < this.#sent || this.#free.length < this.plan.window)) {
      await delay(10);
    }
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

/** Writes eight hexadecimal digits. */
export function writeNumber(into: Buffer, offset: number, number: number): void {
  for (let i = 7, rest = number; i >= 0; i--, rest >>>= 4) into[offset + i] = DIGITS[rest & 15] as number;
}

/** Reads `count` hexadecimal digits; what is no digit makes a number that nobody sent. */
export function readNumber(from: Buffer, offset: number, count: number): number {
  let number = 0;
  for (let i = offset; i < offset + count; i++) {
    const code = from[i] as number;
    number = (number << 4) | (code >= 0x61 ? code - 0x57 : code - 0x30);
  }
  return number >>> 0;
}

/** Where `mark` stands in `text`, everywhere. */
export function offsetsOf(text: string, mark: string): readonly number[] {
  const offsets: number[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) offsets.push(at);
  return offsets;
}
