/** When two URIs are equivalent: RFC 3261 §19.1.4 for sip and sips, RFC 3966 §4 for tel, by parts for the others. */
import { isHexCode, isUnreservedCode } from './characters.js';
import { sameHost } from './host.js';
import { type ParameterList, parameter } from './parameters.js';

interface ComparableUri {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ParameterList;
  readonly headers: string | undefined;
  readonly path: string | undefined;
}

/** Whether `a` and `b` name the same resource. */
export function sameUri(a: ComparableUri, b: ComparableUri): boolean {
  if (a.scheme !== b.scheme) return false; // RFC 3261 §19.1.4: a SIP and a SIPS URI are never equivalent
  if (a.scheme === 'tel') return sameTel(a, b);
  return (
    sameEscaped(a.user, b.user) &&
    sameEscaped(a.password, b.password) &&
    sameHost(a.host, b.host) &&
    a.port === b.port && // a left-out port differs from a written default one
    sameEscaped(a.path, b.path) &&
    sameUriParameters(a.params, b.params) &&
    sameHeaders(a.headers, b.headers)
  );
}

/** Parameters that must match when either URI has them; any other is ignored unless both have it (RFC 3261 §19.1.4). */
const NEVER_IGNORED = ['transport', 'user', 'ttl', 'method', 'maddr'];

function sameUriParameters(left: ParameterList, right: ParameterList): boolean {
  if (left.length === 0 && right.length === 0) return true;
  const a = canonicalNames(left);
  const b = canonicalNames(right);
  for (const name of NEVER_IGNORED) {
    if ((parameter(a, name) === undefined) !== (parameter(b, name) === undefined)) return false;
  }
  for (const [name, value] of a) {
    const other = parameter(b, name);
    if (other !== undefined && !sameParameterValue(value ?? '', other)) return false;
  }
  return true;
}

function canonicalNames(list: ParameterList): ParameterList {
  if (!list.some(([name]) => name.includes('%'))) return list;
  return list.map(([name, value]) => [canonicalEscapes(name), value]);
}

function sameParameterValue(a: string, b: string): boolean {
  return a === b || canonicalEscapes(a).toLowerCase() === canonicalEscapes(b).toLowerCase();
}

/** Headers are never ignored; their order does not matter (RFC 3261 §19.1.4). */
function sameHeaders(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return canonicalHeaders(a) === canonicalHeaders(b);
}

function canonicalHeaders(text: string): string {
  return text
    .split('&')
    .map((entry) => {
      const equals = entry.indexOf('=');
      if (equals < 0) return canonicalEscapes(entry).toLowerCase();
      const name = canonicalEscapes(entry.slice(0, equals)).toLowerCase();
      return `${name}=${canonicalEscapes(entry.slice(equals + 1))}`;
    })
    .sort()
    .join('&');
}

/** RFC 3966 §4: visual separators do not count, case does not count, and parameters must be the same in both. */
function sameTel(a: ComparableUri, b: ComparableUri): boolean {
  if (a.params.length !== b.params.length || phoneDigits(a.user ?? '') !== phoneDigits(b.user ?? '')) return false;
  return a.params.every(([name, value]) => {
    const other = parameter(b.params, name);
    return other !== undefined && sameTelParameter(name.toLowerCase(), value ?? '', other);
  });
}

function sameTelParameter(name: string, a: string, b: string): boolean {
  if (name === 'ext' || (name === 'phone-context' && a.startsWith('+'))) return phoneDigits(a) === phoneDigits(b);
  return sameParameterValue(a, b);
}

function phoneDigits(text: string): string {
  let out = '';
  for (const character of text) {
    if (character !== '-' && character !== '.' && character !== '(' && character !== ')') out += character;
  }
  return out.toLowerCase();
}

function sameEscaped(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return canonicalEscapes(a) === canonicalEscapes(b);
}

const RESERVED = ';/?:@&=+$,';

/**
 * `text` in the one spelling that all its equivalents share: escapes of unreserved characters undone, other escapes in
 * upper-case hex, and raw characters that are neither reserved nor unreserved escaped. An escaped reserved character stays
 * different from the raw one.
 */
export function canonicalEscapes(text: string): string {
  let out = '';
  let kept = 0; // up to here `out` holds the text in its canonical spelling
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isUnreservedCode(code) || (code < 128 && RESERVED.includes(text[i]!))) continue;
    out += text.slice(kept, i);
    if (code === 0x25 && isHexCode(text.charCodeAt(i + 1)) && isHexCode(text.charCodeAt(i + 2))) {
      const escaped = Number.parseInt(text.slice(i + 1, i + 3), 16);
      out += isUnreservedCode(escaped) ? String.fromCharCode(escaped) : text.slice(i, i + 3).toUpperCase();
      i += 2;
    } else {
      const character = String.fromCodePoint(text.codePointAt(i)!);
      out += escapeOctets(character);
      i += character.length - 1;
    }
    kept = i + 1;
  }
  return kept === 0 ? text : out + text.slice(kept);
}

function escapeOctets(character: string): string {
  let out = '';
  for (const octet of Buffer.from(character, 'utf8')) out += `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  return out;
}
