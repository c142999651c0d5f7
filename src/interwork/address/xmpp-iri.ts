/** A JID as an `xmpp:` IRI, and back (RFC 5122 §2). */
import { err, ok, type Result } from '../../base/result.js';
import { Jid } from '../../xmpp/address/jid.js';
import { percentDecode } from './percent-encoding.js';

const UNRESERVED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~';
const NODE = `${UNRESERVED}!$()*+,;=`; // nodeallow, RFC 5122 §2.2
const RESOURCE = `${UNRESERVED}!$&'()*+,:;=`; // resallow, RFC 5122 §2.2

/** The IRI of `jid`; characters beyond ASCII stand as they are (RFC 5122 §2.7). */
export function iriFromJid(jid: Jid): string {
  const node = jid.local === undefined ? '' : `${encodeAscii(jid.local, NODE)}@`;
  const resource = jid.resource === undefined ? '' : `/${encodeAscii(jid.resource, RESOURCE)}`;
  return `xmpp:${node}${jid.domain}${resource}`;
}

/**
 * The JID that an `xmpp:` IRI or URI names. The account to act as, query and fragment are passed over (RFC 5122 §2.3, §2.5,
 * §2.6). Delimiters are found before decoding, and each part is decoded once (RFC 5122 §2.8.1).
 */
export function jidFromIri(iri: string): Result<Jid, string> {
  if (!/^xmpp:/i.test(iri)) return err(`${JSON.stringify(iri.slice(0, 40))} does not start with "xmpp:"`);
  if (/[\s<>"]/.test(iri)) return err('the IRI holds a character that must be percent-encoded');
  let path = upTo(upTo(iri.slice('xmpp:'.length), '#'), '?');
  if (path.startsWith('//')) {
    const slash = path.indexOf('/', 2);
    if (slash < 0) return err('the IRI names an account to act as, and nobody to address');
    if (!path.slice(2, slash).includes('@'))
      return err('behind "xmpp://" an account is expected, as in guest@example.com');
    path = path.slice(slash + 1);
  }
  const slash = path.indexOf('/');
  const bare = slash < 0 ? path : path.slice(0, slash);
  const at = bare.indexOf('@');
  const domain = percentDecode(bare.slice(at + 1));
  if (!domain.ok) return domain;
  const local = decodedOrAbsent(at < 0 ? undefined : bare.slice(0, at));
  if (!local.ok) return local;
  const resource = decodedOrAbsent(slash < 0 ? undefined : path.slice(slash + 1));
  return resource.ok ? Jid.of(local.value, domain.value, resource.value) : resource;
}

function decodedOrAbsent(part: string | undefined): Result<string | undefined, string> {
  return part === undefined ? ok(undefined) : percentDecode(part);
}

function upTo(text: string, delimiter: string): string {
  const end = text.indexOf(delimiter);
  return end < 0 ? text : text.slice(0, end);
}

/** `text` with each ASCII character outside `raw` as `%HH`. */
function encodeAscii(text: string, raw: string): string {
  let encoded = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    const kept = code >= 0x80 || raw.includes(character);
    encoded += kept ? character : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
