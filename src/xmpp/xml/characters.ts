/** The characters of XML 1.0 (XML 1.0 §2.2, §2.3), and how octets of UTF-8 become text. */
import { isUtf8 } from 'node:buffer';

/** Bits of `OCTET_CLASS`: in which runs an octet may not simply be passed over. */
export const ENDS_TEXT = 1;
export const ENDS_DOUBLE_QUOTED = 2;
export const ENDS_SINGLE_QUOTED = 4;
export const ENDS_NAME = 8;
export const ENDS_CDATA = 16;
/** Not the end of anything: white space of XML 1.0 §2.3. */
export const IS_SPACE = 32;
export const STARTS_NAME = 64;

/** For each octet, the bits above. Octets of 0x80 and more pass everywhere: they are looked at when their run is decoded. */
export const OCTET_CLASS = octetClasses();

function octetClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  const add = (characters: string, bits: number): void => {
    for (const character of characters) classes[character.charCodeAt(0)]! |= bits;
  };
  const everyRun = ENDS_TEXT | ENDS_DOUBLE_QUOTED | ENDS_SINGLE_QUOTED | ENDS_CDATA;
  for (let octet = 0; octet < 0x20; octet++) classes[octet] = everyRun;
  classes[0x09] = classes[0x0a] = IS_SPACE | ENDS_DOUBLE_QUOTED | ENDS_SINGLE_QUOTED;
  classes[0x0d] = IS_SPACE | everyRun;
  classes[0x20] = IS_SPACE;
  add('<&', ENDS_TEXT | ENDS_DOUBLE_QUOTED | ENDS_SINGLE_QUOTED);
  add(']>', ENDS_TEXT);
  add(']', ENDS_CDATA);
  add('"', ENDS_DOUBLE_QUOTED);
  add("'", ENDS_SINGLE_QUOTED);
  for (let octet = 0; octet < 0x80; octet++) {
    const character = String.fromCharCode(octet);
    if (/[A-Za-z_:]/.test(character)) classes[octet]! |= STARTS_NAME;
    else if (!/[-.0-9]/.test(character)) classes[octet]! |= ENDS_NAME;
  }
  for (let octet = 0x80; octet < 0x100; octet++) classes[octet] = STARTS_NAME;
  return classes;
}

/** A name without colon (Namespaces in XML 1.0 §3, XML 1.0 §2.3). */
const NC_NAME = (() => {
  const start =
    'A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c-\\u200d\\u2070-\\u218f' +
    '\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}';
  return new RegExp(`^[${start}][${start}\\-.0-9\\u00b7\\u0300-\\u036f\\u203f-\\u2040]*$`, 'u');
})();

/**
 * Whether a run of name octets, decoded, is a name with a prefix or without (Namespaces in XML 1.0 §4).
 * @param text begins with a `STARTS_NAME` octet and holds no `ENDS_NAME` octet
 */
export function isQName(text: string, isAscii: boolean): boolean {
  const colon = text.indexOf(':');
  if (!isAscii) return (colon < 0 || isNcName(text.slice(0, colon))) && isNcName(text.slice(colon + 1));
  if (colon < 0) return true;
  const startsLocal = (OCTET_CLASS[text.charCodeAt(colon + 1)]! & STARTS_NAME) !== 0;
  return colon > 0 && startsLocal && text.indexOf(':', colon + 1) < 0;
}

function isNcName(text: string): boolean {
  return NC_NAME.test(text);
}

/** XML 1.0 §2.2. */
export function isXmlCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0d;
  return (
    codePoint < 0xd800 || (codePoint > 0xdfff && codePoint < 0xfffe) || (codePoint > 0xffff && codePoint < 0x110000)
  );
}

/**
 * The text of a run of octets.
 * @param octets one character for each octet
 * @returns undefined when they are not UTF-8
 */
export function decodeUtf8(octets: string): string | undefined {
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** The octets of a character in UTF-8, one character for each. */
export function encodeUtf8(codePoint: number): string {
  return codePoint < 0x80
    ? String.fromCharCode(codePoint)
    : Buffer.from(String.fromCodePoint(codePoint), 'utf8').toString('latin1');
}

/** The only characters that valid UTF-8 can hold and XML cannot, beside the controls, which end every run. */
const NONCHARACTER = /[\ufffe\uffff]/;

export function holdsNoncharacter(text: string): boolean {
  return NONCHARACTER.test(text);
}
