/** A SIP URI becomes a JID (RFC 7247 §6.4). */
import { err, ok } from '../../base/result.js';
import type { Uri } from '../../sip/message/uri.js';
import { Jid } from '../../xmpp/address/jid.js';
import { unmapped } from './address-failure.js';
import {
  type AddressMap,
  type CachedJid,
  isAscii,
  type Mapped,
  type Subdomain,
  withoutFinalDot,
} from './address-map.js';
import { escapeLocalpart, type Owner, unescapeLocalpart } from './localpart-escaping.js';
import { percentDecode } from './percent-encoding.js';
import { canonicalSubscriber, nameAndValue } from './telephone.js';

export interface JidOptions {
  /**
   * Who owns a domain that is in no list of the map. Default `sip`, as is right for senders; a Request-URI in a foreign
   * XMPP domain wants `xmpp`. The two differ for local parts with a backslash alone.
   */
  readonly foreignOwner?: Owner;
  /**
   * Whether the spelling of a SIP user's name is remembered for the way back. Default: for senders, whose name was proven
   * before (`foreignOwner` is not `xmpp`). Anybody can write a name into a Request-URI or Contact.
   */
  readonly learn?: boolean;
}

/**
 * The JID that `uri` is known by on the XMPP side, in its canonical form. Schemes `sip`, `sips`, `im`, `pres`, and `tel`
 * where numbers have a domain. Port, password, headers and all parameters but `gr` and `user` stay behind.
 */
export function jidFromUri(uri: Uri, map: AddressMap, options: JidOptions = {}): Mapped<Jid> {
  const key = cacheKey(uri, options);
  let found = map.cachedJid(key);
  if (found === undefined) {
    const translated = translate(uri, map, options.foreignOwner ?? 'sip');
    if (!translated.ok) return translated;
    found = translated.value;
    map.cacheJid(key, found);
  }
  if (found.spelling !== undefined && (options.learn ?? options.foreignOwner !== 'xmpp')) {
    map.spelling.see(...found.spelling);
  }
  return ok(found.jid);
}

function cacheKey(uri: Uri, options: JidOptions): string {
  let key = uri.user === undefined ? uri.host : `${uri.user}@${uri.host}`;
  if (options.foreignOwner === 'xmpp') key = ` ${key}`;
  if (uri.params.length === 0) return uri.scheme === 'sip' ? key : `${uri.scheme}:${key}`;
  if (uri.scheme === 'tel') return uri.toString();
  const instance = uri.param('gr');
  if (instance !== undefined) key += `;gr=${instance}`;
  if (isPhone(uri)) key += ';user=phone';
  return uri.scheme === 'sip' ? key : `${uri.scheme}:${key}`;
}

function translate(uri: Uri, map: AddressMap, foreignOwner: Owner): Mapped<CachedJid> {
  switch (uri.scheme) {
    case 'sip':
    case 'sips':
    case 'im':
    case 'pres':
      return translateUser(uri, map, foreignOwner); // RFC 7247 §6.1
    case 'tel':
      return translateNumber(uri, map);
    default:
      return unmapped('scheme', `scheme "${uri.scheme}" has no JID; expected sip, sips, im or pres`);
  }
}

function translateUser(uri: Uri, map: AddressMap, foreignOwner: Owner): Mapped<CachedJid> {
  const host = withoutFinalDot(uri.host);
  const owner = map.owner(host) ?? foreignOwner;
  const through = owner === 'sip' ? map.subdomainFor(host) : undefined;
  const text = localText(uri, owner);
  if (!text.ok) return text;
  const domain = through?.domain ?? host;
  const whole = through === undefined ? text : throughSubdomain(text.value, host, through);
  if (!whole.ok) return whole;
  const bare = bareJid(whole.value, domain, owner, map);
  if (!bare.ok) return bare;
  const jid = withInstance(bare.value, uri);
  if (!jid.ok) return jid;
  const spelled =
    owner === 'sip' && text.value !== undefined && !isSpelledAs(bare.value, text.value, through !== undefined, map);
  return ok(spelled ? { jid: jid.value, spelling: [bare.value.toString(), text.value as string] } : { jid: jid.value });
}

/** RFC 3966: a number becomes a user of the domain that was chosen for numbers. */
function translateNumber(uri: Uri, map: AddressMap): Mapped<CachedJid> {
  if (map.phoneDomain === undefined) {
    return unmapped('scheme', 'tel URIs have no domain on the XMPP side here; expected sip, sips, im or pres');
  }
  const number = canonicalSubscriber(uri.user ?? '', uri.params);
  if (!number.ok) return unmapped('malformed', number.error);
  const jid = bareJid(number.value, map.phoneDomain, 'sip', map);
  return jid.ok ? ok({ jid: jid.value }) : jid;
}

/** The local part of a URI as text (RFC 7247 §6.4 steps 2 to 4); undefined when the URI has none. */
function localText(uri: Uri, owner: Owner): Mapped<string | undefined> {
  if (uri.user === undefined) return ok(undefined);
  if (owner === 'sip' && isPhone(uri)) {
    const [number = '', ...parameters] = uri.user.split(';');
    const canonical = canonicalSubscriber(number, parameters.map(nameAndValue));
    if (canonical.ok) return canonical;
    // COMPAT: phones write user=phone beside local numbers without a context; those are plain users of their domain.
  }
  const decoded = percentDecode(uri.user);
  if (!decoded.ok) return unmapped('malformed', decoded.error);
  if (decoded.value === '') return unmapped('malformed', 'the user part is empty');
  return decoded;
}

/** The second addressing mode: `romeo` at `example.net` is `romeo\\40example.net@sip.example.com`. */
function throughSubdomain(user: string | undefined, host: string, through: Subdomain): Mapped<string> {
  const domain = Jid.of(undefined, host);
  if (!domain.ok) return unmapped('malformed', domain.error);
  if (user !== undefined) return ok(`${user}@${domain.value.domain}`);
  if (through.sipDomains !== '*') return ok(domain.value.domain);
  return unmapped('unmappable', `${host} names no user, and ${through.domain} leads to users alone`);
}

function bareJid(text: string | undefined, domain: string, owner: Owner, map: AddressMap): Mapped<Jid> {
  if (text === undefined) return canonicalJid(undefined, domain);
  if (text.startsWith(' ') || text.endsWith(' ')) {
    return unmapped('unmappable', 'a localpart neither starts nor ends with a space (XEP-0106 §3.2)');
  }
  if (isAscii(text)) return canonicalJid(escapeLocalpart(text, owner, map.tables), domain);
  // Width forms are mapped before escaping, so that no mapped character makes an escape sequence (RFC 7622 §3.3).
  const narrow = text.replace(WIDTH_FORMS, (character) => character.normalize('NFKC'));
  const jid = canonicalJid(escapeLocalpart(narrow, owner, map.tables), domain);
  if (!jid.ok) return jid;
  // Composition can eat the last letter of an escape sequence ("\2f" and U+0307); the JID is then another user's.
  const back = unescapeLocalpart(jid.value.local ?? '', 'sip', map.tables);
  const sent = owner === 'sip' ? narrow : unescapeLocalpart(narrow, 'sip', map.tables);
  if (folded(back) !== folded(sent)) {
    return unmapped('unmappable', `${JSON.stringify(text)} would share the JID of another user`);
  }
  return jid;
}

/** Characters whose width mapping may give a letter, a digit or an ASCII sign; the other width forms are in no localpart. */
const WIDTH_FORMS = /[\uFF01-\uFFDC]/g;

function folded(text: string): string {
  return Array.from(text.normalize('NFC'), (character) => character.toLowerCase())
    .join('')
    .normalize('NFC');
}

function canonicalJid(localpart: string | undefined, domain: string): Mapped<Jid> {
  const jid = Jid.of(localpart, domain); // RFC 7247 §6.4 steps 6 and 7
  if (jid.ok) return jid;
  const kind = Jid.of(undefined, domain).ok ? 'unmappable' : 'malformed';
  return err({ kind, text: jid.error });
}

/**
 * RFC 7247 §6.3: the value of `gr` is the resourcepart. A temporary GRUU shows itself by a `gr` without value (RFC 5627
 * §3.1.2) and stays without an instance.
 */
function withInstance(bare: Jid, uri: Uri): Mapped<Jid> {
  if (uri.params.length === 0 || uri.scheme === 'im' || uri.scheme === 'pres') return ok(bare);
  const instance = uri.param('gr');
  if (instance === undefined || instance === '') return ok(bare);
  const resource = percentDecode(instance);
  if (!resource.ok) return unmapped('malformed', `gr: ${resource.error}`);
  // A space at either end is contested in a resourcepart (RFC 7622 §3.5), and no instance needs one.
  if (resource.value.startsWith(' ') || resource.value.endsWith(' ')) {
    return unmapped('malformed', 'gr starts or ends with a space');
  }
  const jid = bare.withResource(resource.value);
  return jid.ok ? jid : unmapped('malformed', `gr: ${jid.error}`);
}

/** Whether the way back spells the user as `text` without being told. */
function isSpelledAs(bare: Jid, text: string, throughSubdomain: boolean, map: AddressMap): boolean {
  const back = unescapeLocalpart(bare.local ?? '', 'sip', map.tables);
  return throughSubdomain ? back.startsWith(`${text}@`) : back === text;
}

function isPhone(uri: Uri): boolean {
  return uri.param('user')?.toLowerCase() === 'phone';
}
