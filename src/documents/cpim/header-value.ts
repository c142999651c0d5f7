/** Values of CPIM headers: escapes, addresses, parameters (RFC 3862 §2.3, §3.6). */
import { err, ok, type Result } from '../../base/result.js';

/** Whom a From, To or cc header names. */
export interface CpimAddress {
  /** Unescaped. For people: it proves nothing. */
  readonly formalName?: string;
  readonly uri: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};
const MEANINGS: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', r: '\r' };

/** `text` as a header value: only the backslash and controls are escaped (RFC 3862 §2.3.1). */
export function escapeValue(text: string): string {
  return text.replace(
    /[\\\u0000-\u001F\u007F]/g,
    (character) => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * What an escaped value says. An unknown escape stands for the character behind the backslash; a lone backslash at the
 * end for nothing (RFC 3862 §2.3.1). The result may hold controls.
 */
export function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value;
  return value.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))?/gsu, (_, hex?: string, character?: string) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (MEANINGS[character ?? ''] ?? character ?? ''),
  );
}

/** `"…"`: inside, the delimiting quote is escaped too (RFC 3862 §2.3.1). */
export function quoteString(text: string): string {
  return `"${escapeValue(text).replaceAll('"', '\\"')}"`;
}

/** Where the string that starts with a quote at `start` ends, behind its closing quote; -1 when it never does. */
export function skipString(text: string, start: number): number {
  for (let pos = start + 1; pos < text.length; pos++) {
    if (text[pos] === '\\') pos++;
    else if (text[pos] === '"') return pos + 1;
  }
  return -1;
}

/**
 * `Formal-name <URI>` (RFC 3862 §4.1). COMPAT: between name and `<` any number of spaces is read: the grammar has none, and
 * every printed example one.
 */
export function parseAddress(value: string): Result<CpimAddress, string> {
  const nameEnd = value.startsWith('"') ? skipString(value, 0) : value.indexOf('<');
  if (nameEnd < 0) return err('an address holds no URI in angle brackets');
  const open = value.indexOf('<', nameEnd);
  if (open < 0 || !value.endsWith('>') || value.slice(nameEnd, open).trim() !== '') {
    return err('an address is no name with a URI in angle brackets behind it');
  }
  const uri = value.slice(open + 1, -1);
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"]+$/.test(uri)) return err('the angle brackets hold no URI');
  const name = value.startsWith('"') ? value.slice(1, nameEnd - 1) : value.slice(0, nameEnd).trim();
  return ok(name === '' ? { uri } : { formalName: unescapeValue(name), uri });
}

/** The way back: one space between name and URI, and a name of plain tokens without quotes. */
export function formatAddress(address: CpimAddress): string {
  const name = address.formalName;
  if (name === undefined || name === '') return `<${address.uri}>`;
  return `${isTokens(name) ? name : quoteString(name)} <${address.uri}>`;
}

/** Tokens with one space between them (RFC 3862 §3.6): letters, digits, some marks, and all that is not ASCII. */
function isTokens(text: string): boolean {
  return /^[^\u0000-\u0020\u007F"(),/:;<=>?@[\\\]{}]+(?: [^\u0000-\u0020\u007F"(),/:;<=>?@[\\\]{}]+)*$/.test(text);
}
