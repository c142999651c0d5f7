/** A JID becomes a SIP URI (RFC 7247 §6.5). */
import { ok } from '../../base/result.js';
import { Uri } from '../../sip/message/uri.js';
import { Jid } from '../../xmpp/address/jid.js';
import { unmapped } from './address-failure.js';
import { type AddressMap, asciiDomain, isAddressLiteral, type Mapped, type Subdomain } from './address-map.js';
import { type Owner, unescapeLocalpart } from './localpart-escaping.js';
import { percentEncode } from './percent-encoding.js';
import { isCanonicalSubscriber } from './telephone.js';

export interface UriOptions {
  /**
   * Default `sip`. `im` and `pres` where the foreign domain supports them (RFC 7247 §6.5 step 4). `sips` only where the
   * operator vouches for every hop: what comes back to such a URI must not be translated (RFC 7247 §8).
   */
  readonly scheme?: 'sip' | 'sips' | 'im' | 'pres';
  /** Whether the resourcepart becomes the `gr` parameter of a `sip` or `sips` URI (RFC 7247 §6.5 step 8). Default true. */
  readonly resource?: boolean;
  /**
   * Who owns a domain that is in no list of the map. Default `xmpp`, as is right for senders; a recipient in a foreign SIP
   * domain wants `sip`.
   */
  readonly foreignOwner?: Owner;
}

/** The URI that `jid` is known by on the SIP side. The user of a SIP domain gets back its own spelling. */
export function uriFromJid(jid: Jid, map: AddressMap, options: UriOptions = {}): Mapped<Uri> {
  const spelled =
    map.spelling.empty || jid.local === undefined
      ? undefined
      : map.spelling.spellingOf(jid.resource === undefined ? jid.toString() : `${jid.local}@${jid.domain}`);
  const key = cacheKey(jid, options, spelled);
  const cached = map.cachedUri(key);
  if (cached !== undefined) return ok(cached);
  const uri = translate(jid, map, options, spelled);
  if (uri.ok) map.cacheUri(key, uri.value);
  return uri;
}

function cacheKey(jid: Jid, options: UriOptions, spelled: string | undefined): string {
  const bare = options.resource === false ? '-' : '';
  const foreign = options.foreignOwner === 'sip' ? 's' : 'x';
  const key = `${options.scheme ?? 'sip'}${bare}${foreign}:${jid.toString()}`;
  return spelled === undefined ? key : `${key}\0${spelled}`;
}

function translate(jid: Jid, map: AddressMap, options: UriOptions, spelled: string | undefined): Mapped<Uri> {
  const owner = map.owner(jid.domain) ?? options.foreignOwner ?? 'xmpp';
  const target = addressed(jid, owner, map);
  if (!target.ok) return target;
  const scheme = options.scheme ?? 'sip';
  const user = owner === 'sip' && target.value.user !== undefined ? (spelled ?? target.value.user) : target.value.user;
  const host = asciiDomain(target.value.domain);
  if (host === undefined) {
    return unmapped('unmappable', `domain ${target.value.domain} has no ASCII form that leads back to it`);
  }
  if (scheme === 'im' || scheme === 'pres') {
    if (user === undefined) return unmapped('unmappable', `an ${scheme} URI names a user; this JID is a domain`);
    return ok(Uri.build({ scheme, host, user: percentEncode(user, map.tables.im) })); // RFC 7247 §6.5 step 5
  }
  const params: [string, string][] = [];
  // RFC 3261 §19.1.1: a user part that is a telephone number should say so.
  if (owner === 'sip' && user !== undefined && isCanonicalSubscriber(user)) params.push(['user', 'phone']);
  if (jid.resource !== undefined && options.resource !== false) {
    params.push(['gr', percentEncode(jid.resource, map.tables.gr)]); // RFC 7247 §6.3, §6.5 step 8
  }
  return ok(
    Uri.build({ scheme, host, params, ...(user === undefined ? {} : { user: percentEncode(user, map.tables.sip) }) }),
  );
}

interface Target {
  /** Unescaped. */
  readonly user: string | undefined;
  /** As a JID writes it. */
  readonly domain: string;
}

/** Whom a JID names, without its escaping (RFC 7247 §6.5 steps 1 and 3). */
function addressed(jid: Jid, owner: Owner, map: AddressMap): Mapped<Target> {
  if (jid.local === undefined) return ok({ user: undefined, domain: jid.domain });
  const user = unescapeLocalpart(jid.local, owner, map.tables);
  if (owner === 'sip' && (user.startsWith(' ') || user.endsWith(' '))) {
    return unmapped('malformed', 'the localpart starts or ends with \\20 (XEP-0106 §3.2)');
  }
  const subdomain = map.subdomain(jid.domain);
  if (subdomain === undefined) return ok({ user, domain: jid.domain });
  if (jid.domain === map.phoneDomain && isCanonicalSubscriber(user)) return ok({ user, domain: jid.domain });
  return throughSubdomain(user, subdomain, map);
}

/** The second addressing mode: `romeo\40example.net@sip.example.com` is `romeo` at `example.net`. */
function throughSubdomain(text: string, subdomain: Subdomain, map: AddressMap): Mapped<Target> {
  const at = text.lastIndexOf('@');
  const parsed = Jid.of(undefined, text.slice(at + 1));
  if (!parsed.ok) return unmapped('malformed', `behind ${subdomain.domain}: ${parsed.error}`);
  const domain = parsed.value.domain;
  const listed = subdomain.sipDomains !== '*' && subdomain.sipDomains.has(domain);
  if (map.owner(domain) === 'xmpp' || map.subdomain(domain) !== undefined) {
    return unmapped('wrong-side', `${domain} is no SIP domain to reach through ${subdomain.domain}`);
  }
  if (!listed && !(subdomain.sipDomains === '*' && at >= 0 && isReachable(domain))) {
    const expected = subdomain.sipDomains === '*' ? 'user\\40domain' : [...subdomain.sipDomains].join(', ');
    return unmapped('unmappable', `${subdomain.domain} does not lead to ${domain}; expected ${expected}`);
  }
  return ok({ user: at < 0 ? undefined : text.slice(0, at), domain });
}

/** A name of a domain, not of a host on the local network. */
function isReachable(domain: string): boolean {
  return domain.includes('.') && !isAddressLiteral(domain);
}
