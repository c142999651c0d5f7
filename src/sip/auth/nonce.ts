/** Nonces that tell by themselves when we made them, and the table of how often each was used (RFC 7616 §3.3, §5.4). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AgingMap } from '../../base/aging-map.js';
import type { Random } from '../../base/random.js';
import type { Clock } from '../../base/time.js';

const TIME_OCTETS = 6;
const SALT_OCTETS = 8;
const MAC_OCTETS = 16;
const NONCE_OCTETS = TIME_OCTETS + SALT_OCTETS + MAC_OCTETS;
/** 30 octets in base64url. */
const NONCE_LENGTH = 40;

/** How a nonce stands: ours and fresh, ours but old, or none of ours. */
export type NonceAge = 'fresh' | 'old' | 'foreign';

/** What the use of a nonce with a count came to. */
export type NonceUse = 'counted' | 'repeated' | 'forgotten';

/**
 * Makes nonces of time, salt and a keyed hash over both and the realm, so that nothing is kept until one is used well.
 *
 * Cost: one table entry (about 150 octets) for each nonce whose credentials proved right, `maxNonces` at most. When the table is
 * full the oldest entry goes, and with it every nonce not in the table that is no younger: they count as forgotten, never
 * as unused, so a full table can cost a client one more challenge, but can never let a replay in.
 */
export class NonceRegister {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lifetimeMs: number;
  readonly #maxNonces: number;
  readonly #key: Uint8Array;
  /** The highest count seen for each nonce, in the order of first use. */
  readonly #counts = new AgingMap<string, { readonly issuedAt: number; count: number }>();
  /** Nonces issued up to this moment and not in the table may have been used. */
  #forgottenUpTo = Number.NEGATIVE_INFINITY;

  constructor(options: { random: Random; clock: Clock; lifetimeSeconds: number; maxNonces: number }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#lifetimeMs = options.lifetimeSeconds * 1000;
    this.#maxNonces = options.maxNonces;
    this.#key = options.random.bytes(32);
  }

  /** The number of nonces whose count is kept. */
  get size(): number {
    return this.#counts.size;
  }

  /** A fresh nonce for `realm`, of letters, digits, '-' and '_'. */
  issue(realm: string): string {
    const bytes = Buffer.alloc(NONCE_OCTETS);
    bytes.writeUIntBE(Math.max(0, Math.floor(this.#clock.now())), 0, TIME_OCTETS);
    bytes.set(this.#random.bytes(SALT_OCTETS), TIME_OCTETS);
    bytes.set(this.#mac(bytes, realm), TIME_OCTETS + SALT_OCTETS);
    return bytes.toString('base64url');
  }

  /** Whether we issued `nonce` for `realm`, and whether it is still good. */
  age(nonce: string, realm: string): NonceAge {
    const issuedAt = this.#issuedAt(nonce, realm);
    if (issuedAt === undefined) return 'foreign';
    const age = this.#clock.now() - issuedAt;
    return age >= 0 && age <= this.#lifetimeMs ? 'fresh' : 'old';
  }

  /** Notes that a fresh nonce was used with `count`, which must be higher than any before (RFC 7616 §5.12). */
  use(nonce: string, realm: string, count: number): NonceUse {
    const entry = this.#counts.get(nonce);
    if (entry !== undefined) {
      if (count <= entry.count) return 'repeated';
      entry.count = count;
      return 'counted';
    }
    const issuedAt = this.#issuedAt(nonce, realm);
    if (issuedAt === undefined || issuedAt <= this.#forgottenUpTo) return 'forgotten';
    this.#makeRoom();
    this.#counts.set(nonce, { issuedAt, count });
    return 'counted';
  }

  #makeRoom(): void {
    const goodSince = this.#clock.now() - this.#lifetimeMs;
    for (let oldest = this.#counts.oldest; oldest !== undefined; oldest = this.#counts.oldest) {
      const { issuedAt } = oldest.value;
      if (issuedAt >= goodSince && this.#counts.size < this.#maxNonces) return;
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, issuedAt);
      this.#counts.delete(oldest.key);
    }
  }

  #issuedAt(nonce: string, realm: string): number | undefined {
    if (nonce.length !== NONCE_LENGTH) return undefined;
    const bytes = Buffer.from(nonce, 'base64url');
    // base64url forgives characters that are none: the text must be the very one that we wrote.
    if (bytes.length !== NONCE_OCTETS || bytes.toString('base64url') !== nonce) return undefined;
    if (!timingSafeEqual(bytes.subarray(TIME_OCTETS + SALT_OCTETS), this.#mac(bytes, realm))) return undefined;
    return bytes.readUIntBE(0, TIME_OCTETS);
  }

  #mac(bytes: Buffer, realm: string): Buffer {
    const hmac = createHmac('sha256', this.#key)
      .update(bytes.subarray(0, TIME_OCTETS + SALT_OCTETS))
      .update(realm);
    return hmac.digest().subarray(0, MAC_OCTETS);
  }
}
