/** Randomness as it is passed in. The real one is cryptographically strong; a test's is seeded. */
export interface Random {
  /** `count` fresh random bytes. */
  bytes(count: number): Uint8Array;
  /** A fresh token of letters and digits with at least `bits` (default 64) bits of entropy. */
  token(bits?: number): string;
  /** A number in [0, 1), for jitter; not for secrets. */
  fraction(): number;
}
