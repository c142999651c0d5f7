/** Which names are ours, and which realm guards each (RFC 3261 §22.1). */

export interface OwnDomains {
  /** Their users are XMPP users. */
  readonly xmpp: readonly string[];
  /** Their users are SIP users. */
  readonly sip: readonly string[];
  /** Further names under which this gateway is addressed from SIP. */
  readonly gateway?: readonly string[];
}

export type DomainKind = 'xmpp' | 'sip' | 'gateway';

/** Looks names up by what their users are. */
export class DomainTable {
  readonly #kinds = new Map<string, DomainKind>();
  readonly #realms = new Map<string, string>();

  /** `realm`: that of the first of `domains.sip`; each further one is its own realm, since user names repeat in them. */
  constructor(domains: OwnDomains, realm?: string) {
    for (const name of domains.gateway ?? []) this.#kinds.set(name.toLowerCase(), 'gateway');
    for (const name of domains.sip) this.#kinds.set(name.toLowerCase(), 'sip');
    for (const name of domains.xmpp) this.#kinds.set(name.toLowerCase(), 'xmpp');
    for (const [index, name] of domains.sip.entries()) {
      this.#realms.set(name.toLowerCase(), index === 0 && realm !== undefined ? realm : name.toLowerCase());
    }
  }

  /** `host` in lower case; undefined for a stranger. */
  kindOf(host: string): DomainKind | undefined {
    return this.#kinds.get(host);
  }

  /** The realm in which the users of a SIP domain prove themselves. */
  realmOf(host: string): string | undefined {
    return this.#realms.get(host);
  }
}
