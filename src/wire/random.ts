/** The machine's randomness, as rooms below see it. */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/random.js';

/** 32 characters, so that one takes five bits of a byte without bias. */
const ALPHABET = Buffer.from('abcdefghijklmnopqrstuvwxyz234567');
const POOL_OCTETS = 4096;

/** Cryptographically strong randomness, drawn from a pool because one call of the generator costs more than a token. */
export class SystemRandom implements Random {
  readonly #pool = Buffer.alloc(POOL_OCTETS);
  #used = POOL_OCTETS;

  bytes(count: number): Uint8Array {
    if (count > POOL_OCTETS) return randomFillSync(new Uint8Array(count));
    const start = this.#take(count);
    const fresh = Uint8Array.prototype.slice.call(this.#pool, start, start + count);
    this.#pool.fill(0, start, start + count);
    return fresh;
  }

  token(bits = 64): string {
    const length = Math.ceil(bits / 5);
    const start = this.#take(length);
    const end = start + length;
    for (let i = start; i < end; i++) this.#pool[i] = ALPHABET[(this.#pool[i] as number) & 31] as number;
    const text = this.#pool.toString('latin1', start, end);
    this.#pool.fill(0, start, end);
    return text;
  }

  fraction(): number {
    const start = this.#take(4);
    return this.#pool.readUInt32LE(start) / 2 ** 32;
  }

  /** Where `count` unused bytes start. */
  #take(count: number): number {
    if (this.#used + count > POOL_OCTETS) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += count;
    return start;
  }
}
