/**
 * Copies of one SIP request that come by different ways: forked by a proxy, or sent again after a failover. The transaction
 * layer knows them by their branch, which differs; Call-ID, From tag and CSeq are the same (RFC 3261 §8.2.2.2).
 */
import { createHash } from 'node:crypto';
import { AgingMap } from '../../base/aging-map.js';
import { detached } from '../../base/own-text.js';
import type { SipRequest } from '../../sip/message/message.js';

export interface DuplicateOptions {
  /** Requests remembered, the oldest going first. Default 20,000. Memory: about 250 octets each. */
  readonly maxEntries?: number;
  /** How long. Default 64 s: twice the time in which a client gives up (Timer F, RFC 3261 §17.1.2.2). */
  readonly windowMs?: number;
}

/** `new`: nobody saw it. `open`: a copy is being delivered. `delivered`: a copy was. */
export type Seen = 'new' | 'open' | 'delivered';

interface Entry {
  delivered: boolean;
  readonly forgetAt: number;
}

/**
 * A copy is the same request for the same recipient with the same body: phones that never count up their CSeq, and
 * proxies that spread one message over several users, lose nothing. Time comes with each call, in milliseconds.
 */
export class DuplicateGuard {
  readonly #entries = new AgingMap<string, Entry>();
  readonly #maxEntries: number;
  readonly #windowMs: number;

  constructor(options: DuplicateOptions = {}) {
    this.#maxEntries = options.maxEntries ?? 20_000;
    this.#windowMs = options.windowMs ?? 64_000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What copies of `request` for `recipient` have in common. */
  static key(request: SipRequest, recipient: string): string {
    const { callId, from, cseq, body } = request;
    const key = `${callId}\n${from.tag ?? ''}\n${cseq.number}\n${recipient}\n${hash(body)}`;
    return key.length <= LONGEST_KEY ? key : createHash('sha256').update(key).digest('base64');
  }

  /** Looks whether a copy came before, and remembers the request when none did. */
  see(key: string, now: number): Seen {
    this.#forgetOld(now);
    const entry = this.#entries.get(key);
    if (entry !== undefined) return entry.delivered ? 'delivered' : 'open';
    this.#entries.set(detached(key), { delivered: false, forgetAt: now + this.#windowMs });
    return 'new';
  }

  /** The request with this key was delivered; a copy is answered alike from here on. */
  delivered(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.delivered = true;
  }

  /** The request with this key came to nothing; a copy may try again. */
  failed(key: string): void {
    this.#entries.delete(key);
  }

  #forgetOld(now: number): void {
    for (let oldest = this.#entries.oldest; oldest !== undefined; oldest = this.#entries.oldest) {
      if (oldest.value.forgetAt > now && this.#entries.size < this.#maxEntries) return;
      this.#entries.delete(oldest.key);
    }
  }
}

/** In characters; a longer one is kept as its digest, since a peer may write a Call-ID of many kilobytes. */
const LONGEST_KEY = 300;

/** FNV-1a over 32 bits: tells bodies apart, is no proof. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5 ^ bytes.length;
  for (let index = 0; index < bytes.length; index++) value = Math.imul(value ^ (bytes[index] as number), 0x01000193);
  return value >>> 0;
}
