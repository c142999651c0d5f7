/** Which names are ours, and which realm guards each (RFC 3261 §22.1). */
import { domainToASCII } from 'node:url';
import { withoutRoot } from '../message/host.js';

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

  /**
   * Names may be given as U-labels or A-labels, in any case.
   * @param realm that of the first of `domains.sip`; each further one is its own realm, since user names repeat in them
   */
  constructor(domains: OwnDomains, realm?: string) {
    for (const name of domains.gateway ?? []) this.#kinds.set(asHost(name), 'gateway');
    for (const name of domains.sip) this.#kinds.set(asHost(name), 'sip');
    for (const name of domains.xmpp) this.#kinds.set(asHost(name), 'xmpp');
    for (const [index, name] of domains.sip.entries()) {
      const guard = index === 0 && realm !== undefined ? realm : asHost(name);
      this.#realms.set(asHost(name), guard).set(name.toLowerCase(), guard);
    }
  }

  /** `host` in lower case, as a SIP URI has it; undefined for a stranger. */
  kindOf(host: string): DomainKind | undefined {
    return this.#kinds.get(withoutRoot(host));
  }

  /** The realm in which the users of a SIP domain prove themselves; `host` in lower case, as a URI or the options spell it. */
  realmOf(host: string): string | undefined {
    return this.#realms.get(withoutRoot(host));
  }
}

/** A name of the configuration as a host stands in a SIP URI: A-labels (RFC 3261 §25.1, RFC 5890 §2.3.2.1), in lower case. */
function asHost(name: string): string {
  return domainToASCII(name) || name.toLowerCase();
}
