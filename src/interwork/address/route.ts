/** Which protocol a remote domain speaks (RFC 7247 §5), decided from what DNS said; who asks DNS is `wire/`. */
import { isAddressLiteral } from './address-map.js';

/** What a look-up brought: a host name, certainly none, or no answer (SERVFAIL, timeout). */
export type DnsFact = 'present' | 'absent' | 'unanswered';

/** The look-ups that were made so far for one domain. */
export interface DnsFacts {
  /** SRV `_xmpp-server._tcp` (RFC 6120 §3.2.1). A target of "." counts as absent (RFC 2782). */
  readonly xmppServer?: DnsFact;
  /** The procedures of RFC 3263: NAPTR, SRV, then address records. */
  readonly sip?: DnsFact;
}

export type RouteDecision =
  /** The domain is reached by this protocol. */
  | { readonly kind: 'protocol'; readonly protocol: 'sip' | 'xmpp' }
  /** Not decided yet: make this look-up and ask again with its result. */
  | { readonly kind: 'look-up'; readonly fact: keyof DnsFacts }
  /** The domain speaks neither protocol. */
  | { readonly kind: 'none' }
  /** A look-up stayed unanswered, and guessing the other protocol could reach another user. */
  | { readonly kind: 'unresolved' };

/**
 * The protocol for `domain`, which is served by neither leg of this gateway, asked by `side`: its own protocol first, the
 * other when there certainly is no host for it (RFC 7247 §5). A domain that answers to both is reached by the asker's own.
 */
export function protocolFor(domain: string, facts: DnsFacts, side: 'sip' | 'xmpp'): RouteDecision {
  // An address literal has no SRV records: it is reached by the protocol that it was written for.
  if (isAddressLiteral(domain)) return { kind: 'protocol', protocol: side };
  for (const protocol of side === 'xmpp' ? (['xmpp', 'sip'] as const) : (['sip', 'xmpp'] as const)) {
    const fact = protocol === 'xmpp' ? 'xmppServer' : 'sip';
    switch (facts[fact]) {
      case undefined:
        return { kind: 'look-up', fact };
      case 'present':
        return { kind: 'protocol', protocol };
      case 'unanswered':
        return { kind: 'unresolved' };
      case 'absent':
        break;
    }
  }
  return { kind: 'none' };
}
