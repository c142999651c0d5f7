/** Character classes of SIP's grammar (RFC 3261 §25.1), as one table look-up for a character code. */

const TOKEN = 1;
const UNRESERVED = 2;
const HOST = 4;
const SCHEME = 8;
const DIGIT = 16;
const HEX = 32;
const URI_FORBIDDEN = 64;

const CLASSES = new Uint8Array(128);

function mark(characters: string, flag: number): void {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i);
    CLASSES[code] = (CLASSES[code] ?? 0) | flag;
  }
}

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
mark(LETTERS + DIGITS, TOKEN | UNRESERVED | HOST | SCHEME);
mark("-.!%*_+`'~", TOKEN);
mark("-_.!~*'()", UNRESERVED);
mark('-.', HOST);
// COMPAT: host names with an underscore, which phones on Windows networks send.
mark('_', HOST);
mark('+-.', SCHEME);
mark(DIGITS, DIGIT);
mark(`${DIGITS}abcdefABCDEF`, HEX);
for (let code = 0; code <= 0x20; code++) mark(String.fromCharCode(code), URI_FORBIDDEN);
mark('"<>\x7f', URI_FORBIDDEN);

/** token (RFC 3261 §25.1). */
export function isTokenCode(code: number): boolean {
  return code < 128 && (CLASSES[code]! & TOKEN) !== 0;
}

/** unreserved: alphanum and mark. */
export function isUnreservedCode(code: number): boolean {
  return code < 128 && (CLASSES[code]! & UNRESERVED) !== 0;
}

/** A character of a host name or IPv4 address. */
export function isHostCode(code: number): boolean {
  return code < 128 && (CLASSES[code]! & HOST) !== 0;
}

/** A character of a URI scheme after its first letter. */
export function isSchemeCode(code: number): boolean {
  return code < 128 && (CLASSES[code]! & SCHEME) !== 0;
}

/** DIGIT (RFC 3261 §25.1). */
export function isDigitCode(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** ALPHA (RFC 3261 §25.1). */
export function isLetterCode(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** HEXDIG, in either case (RFC 3261 §25.1). */
export function isHexCode(code: number): boolean {
  return code < 128 && (CLASSES[code]! & HEX) !== 0;
}

/** Controls, space, quotes and angle brackets: never raw in a URI, whatever its scheme. */
export function isForbiddenInUri(code: number): boolean {
  return code < 128 ? (CLASSES[code]! & URI_FORBIDDEN) !== 0 : code < 0xa0;
}

/** SP or HTAB. Line folds are undone before any value is read. */
export function isBlankCode(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Whether the whole of `text` is one token. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isTokenCode(text.charCodeAt(i))) return false;
  }
  return text.length > 0;
}

/** The first position at or after `pos` that is no blank. */
export function skipBlanks(text: string, pos: number, end = text.length): number {
  while (pos < end && isBlankCode(text.charCodeAt(pos))) pos++;
  return pos;
}

/** The position after the last character before `end` that is no blank. */
export function trimBlanksBefore(text: string, start: number, end: number): number {
  while (end > start && isBlankCode(text.charCodeAt(end - 1))) end--;
  return end;
}

/** The position behind the closing quote of the quoted string that opens at `pos`, or -1 when it never closes. */
export function skipQuotedString(text: string, pos: number, end = text.length): number {
  for (let i = pos + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x22) return i + 1;
  }
  return -1;
}

/** The text inside a quoted string, quoted pairs undone; text without quotes comes back as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 0x22 || text.charCodeAt(text.length - 1) !== 0x22) return text;
  const inner = text.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  let out = '';
  for (let i = 0; i < inner.length; i++) {
    if (inner.charCodeAt(i) === 0x5c && i + 1 < inner.length) i++;
    out += inner[i];
  }
  return out;
}

/** `text` as a quoted string (RFC 3261 §25.1). */
export function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // CR and LF cannot stand even in a quoted pair.
    if (code === 0x0d || code === 0x0a) {
      out += ' ';
      continue;
    }
    const pair = code === 0x22 || code === 0x5c || code === 0x7f || (code < 0x20 && code !== 0x09);
    out += pair ? `\\${text[i]}` : text[i];
  }
  return `${out}"`;
}

/** The number that `text` between `start` and `end` spells in digits alone, or -1; -1 also above `max`. */
export function readNumber(text: string, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (!isDigitCode(code)) return -1;
    value = value * 10 + (code - 0x30);
    if (value > max) return -1;
  }
  return value;
}

/** Whether ASCII letters of any case make `text` the same as `lower`, which is in lower case. */
export function equalsIgnoringCase(text: string, lower: string): boolean {
  return text === lower || (text.length === lower.length && text.toLowerCase() === lower);
}

/** A character as failures show it: never a control, which has no place in a reason phrase. */
export function show(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0x20 && code < 0x7f ? `"${character}"` : `the character ${code.toString(16).padStart(2, '0')} (hex)`;
}

/** A name as failures show it: not longer than a line should be. */
export function excerpt(name: string): string {
  return name.length <= 40 ? name : `${name.slice(0, 40)}...`;
}
