/**
 * How SIP users write their own names. A SIP user part is case-sensitive (RFC 3261 §19.1.4), a localpart is not (RFC 7622
 * §3.3): the gateway canonicalizes on the way in, and this table keeps the SIP spelling for the way back.
 */

export interface SpellingLimits {
  /** Spellings learnt from traffic that are kept, the oldest going first. Default 10,000. */
  readonly seen?: number;
}

/** Memory: one entry for each SIP user whose spelling is not its canonical form; none for the others. */
export class SpellingTable {
  readonly #seen = new Map<string, string>();
  readonly #registered = new Map<string, string>();
  readonly #maxSeen: number;

  constructor(limits: SpellingLimits = {}) {
    this.#maxSeen = limits.seen ?? 10_000;
  }

  /** Remembers how a SIP user, known to XMPP by `bareJid`, was first seen to spell its name. A later spelling changes nothing. */
  see(bareJid: string, user: string): void {
    if (this.#seen.has(bareJid) || this.#maxSeen === 0) return;
    if (this.#seen.size >= this.#maxSeen) this.#seen.delete(this.#seen.keys().next().value as string);
    this.#seen.set(bareJid, user);
  }

  /**
   * The spelling under which the user is registered or provisioned; it goes before all that was seen. As many are kept as
   * there are registered users.
   */
  register(bareJid: string, user: string): void {
    this.#registered.set(bareJid, user);
  }

  /** Takes a registered spelling back. */
  unregister(bareJid: string): void {
    this.#registered.delete(bareJid);
  }

  /** The decoded user part to write for `bareJid`; undefined when its canonical form is all that is known. */
  spellingOf(bareJid: string): string | undefined {
    return this.#registered.get(bareJid) ?? this.#seen.get(bareJid);
  }

  /** True while there is nothing to look up. */
  get empty(): boolean {
    return this.#seen.size === 0 && this.#registered.size === 0;
  }
}
