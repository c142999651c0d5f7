/** JID Escaping: characters that a localpart may not hold, written as `\hh` (XEP-0106). */
import { err, ok, type Result } from '../../base/result.js';

/** XEP-0106 §3.2: these, and no others. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  [' ', '\\20'],
  ['"', '\\22'],
  ['&', '\\26'],
  ["'", '\\27'],
  ['/', '\\2f'],
  [':', '\\3a'],
  ['<', '\\3c'],
  ['>', '\\3e'],
  ['@', '\\40'],
  ['\\', '\\5c'],
]);
const CHARACTERS: ReadonlyMap<string, string> = new Map(
  [...ESCAPES].map(([character, sequence]) => [sequence, character]),
);

const TO_ESCAPE = /[ "&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g; // a backslash only before a look-alike: XEP-0106 §4.1
const TO_UNESCAPE = /\\(?:20|22|26|27|2f|3a|3c|3e|40|5c)/g;

/**
 * The localpart that stands for a foreign text; not yet enforced.
 * @returns an error, in words, for a text that begins or ends with a space (XEP-0106 §3.2)
 */
export function escapeLocalpart(text: string): Result<string, string> {
  if (text.startsWith(' ') || text.endsWith(' ')) return err('a space at the beginning or end cannot be escaped');
  return ok(text.replace(TO_ESCAPE, (character) => ESCAPES.get(character)!));
}

/** The foreign text that a localpart stands for; one pass, left to right (XEP-0106 §4.1). */
export function unescapeLocalpart(localpart: string): string {
  if (!localpart.includes('\\')) return localpart;
  return localpart.replace(TO_UNESCAPE, (sequence) => CHARACTERS.get(sequence)!);
}
