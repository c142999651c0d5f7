import type { Random } from '../../src/base/random.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Randomness that repeats for a seed (a 32-bit mulberry generator); never for anything but tests. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.fraction() * 256));
  }

  token(bits = 64): string {
    let text = '';
    for (let length = Math.ceil(bits / 5); length > 0; length--) {
      text += ALPHABET[Math.floor(this.fraction() * ALPHABET.length)];
    }
    return text;
  }
}
