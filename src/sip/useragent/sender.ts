/** Who may send from an address, decided where the request enters (RFC 3261 §22, RFC 7247 §8). */
import type { SipRequest } from '../message/message.js';
import type { Uri } from '../message/uri.js';
import { canonicalAor, unescapedUser } from '../registrar/aor.js';
import type { DomainTable } from './domains.js';
import type { NetworkList } from './network-list.js';

export interface SenderPolicy {
  readonly domains: DomainTable;
  readonly trustedPeers: NetworkList;
  /** Users of `domains.sip` can prove themselves by digest. */
  readonly digest: boolean;
}

export type SenderDecision =
  | { readonly kind: 'trusted-peer' }
  /** The sender must own `aor` in `realm`. */
  | { readonly kind: 'digest'; readonly realm: string; readonly aor: string }
  | { readonly kind: 'refused'; readonly why: SenderRefusal };

export type SenderRefusal =
  /** From names an XMPP user: such messages only leave here, they never come in (RFC 7247 §8). */
  | 'foreign-leg'
  /** From names one of our domains, but no user. */
  | 'no-user'
  /** Neither one of our users nor a trusted peer. */
  | 'stranger';

/** What `request`, received from the numeric address `source`, needs before it is taken. */
export function decideSender(request: SipRequest, source: string, policy: SenderPolicy): SenderDecision {
  const { uri } = request.from;
  const kind = policy.domains.kindOf(uri.host);
  // a domain that both sides took for the other's would send its messages round for ever
  if (kind === 'xmpp') return { kind: 'refused', why: 'foreign-leg' };
  if (policy.trustedPeers.contains(source)) return { kind: 'trusted-peer' };
  if (kind !== 'sip' || !policy.digest) return { kind: 'refused', why: 'stranger' };
  return proofOf(uri, policy.domains);
}

/** The proof that `uri`, in one of `domains.sip`, needs. */
export function proofOf(uri: Uri, domains: DomainTable): SenderDecision {
  const aor = canonicalAor(uri);
  const realm = domains.realmOf(uri.host);
  if (aor === undefined || realm === undefined) return { kind: 'refused', why: 'no-user' };
  return { kind: 'digest', realm, aor };
}

/** Whether the user who proved to be `username` speaks for the AOR of `uri` (RFC 3261 §22.1, §10.3 step 4). */
export function ownsAor(username: string, uri: Uri): boolean {
  const user = uri.user === undefined ? undefined : unescapedUser(uri.user);
  return user !== undefined && (username === user || username === `${user}@${uri.host}`);
}
