/** Text that crosses from one side to the other beside an error (RFC 7247 §7): for people, plain, short, and harmless. */

/** Controls, line and paragraph separators, direction overrides, and what XML 1.0 forbids. */
const HARMFUL = /[\p{Cc}\p{Cs}\u2028-\u202E\u2066-\u2069\uFEFF\uFFFE\uFFFF]+/gu;

/** Longest text that crosses, in characters. */
const MAX_CHARACTERS = 200;

/** What a Reason-Phrase cannot hold raw (RFC 3261 §25.1), and what reads like it. The rest is percent-encoded. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  '"': "'",
  '`': "'",
  '<': '(',
  '>': ')',
  '[': '(',
  ']': ')',
  '{': '(',
  '}': ')',
};
const NOT_IN_REASON = /["`<>[\]{}#%\\^|]/g;

/**
 * `text` on one line, without control characters, cut at 200 characters. Undefined when nothing is left.
 */
export function plainText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bounded = text.length > 4 * MAX_CHARACTERS ? text.slice(0, 4 * MAX_CHARACTERS) : text;
  const line = bounded.replace(HARMFUL, ' ').replace(/ {2,}/g, ' ').trim();
  if (line === '') return undefined;
  const characters = Array.from(line);
  if (characters.length <= MAX_CHARACTERS) return line;
  return `${characters.slice(0, MAX_CHARACTERS - 1).join('')}…`;
}

/** The text of a stanza error as a Reason-Phrase (RFC 3261 §25.1). Undefined when nothing is left of it. */
export function asReasonPhrase(text: string | undefined): string | undefined {
  return plainText(text)?.replace(
    NOT_IN_REASON,
    (character) => SUBSTITUTES[character] ?? `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Whether someone who sent `acceptLanguage` (RFC 3261 §20.3) reads `tag`. True when either is not known: a phrase in an
 * unknown language is better than none.
 */
export function readsLanguage(acceptLanguage: string | undefined, tag: string | undefined): boolean {
  if (acceptLanguage === undefined || acceptLanguage.trim() === '' || tag === undefined || tag === '') return true;
  const wanted = tag.toLowerCase();
  return acceptLanguage.split(',').some((item) => {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter))) return false;
    return range === '*' || wanted === range || (range !== '' && wanted.startsWith(`${range}-`));
  });
}
