/** The PRECIS profiles of user names and of opaque strings (RFC 8265 §3.3, §4.2), as RFC 7622 §3.3 and §3.4 use them. */
import { err, ok, type Result } from '../../base/result.js';
import { obeysBidiRule } from './bidi-rule.js';
import { outsideFreeformClass, outsideIdentifierClass } from './precis-class.js';

/** Code points with a wide or narrow decomposition: the fullwidth and halfwidth forms, and IDEOGRAPHIC SPACE. */
const WIDE_OR_NARROW = /[\u3000\uff01-\uffee]/gu;
const NON_ASCII_SPACE = /[^\P{Zs} ]/gu;

/**
 * Enforces UsernameCaseMapped (RFC 8265 §3.3.3).
 * @returns the enforced text; in words what is wrong with it otherwise
 */
export function usernameCaseMapped(text: string): Result<string, string> {
  const mapped = mapWidth(text);
  const fault = outsideIdentifierClass(mapped);
  if (fault !== undefined) return err(fault);
  const enforced = lowerCase(mapped).normalize('NFC');
  if (enforced === '') return err('an empty text');
  if (!obeysBidiRule(enforced)) return err('right-to-left text that breaks the Bidi Rule');
  return ok(enforced);
}

/**
 * Enforces OpaqueString (RFC 8265 §4.2.2): no mapping of case or width.
 * @returns the enforced text; in words what is wrong with it otherwise
 */
export function opaqueString(text: string): Result<string, string> {
  const fault = outsideFreeformClass(text);
  if (fault !== undefined) return err(fault);
  const enforced = text.replace(NON_ASCII_SPACE, ' ').normalize('NFC');
  return enforced === '' ? err('an empty text') : ok(enforced);
}

/**
 * Width mapping (RFC 8264 §5.2.1). For the few of these code points whose decomposition goes on beyond the width (such
 * as the halfwidth Hangul letters), what NFKC gives is outside the IdentifierClass, like the single step would be.
 */
export function mapWidth(text: string): string {
  return text.replace(WIDE_OR_NARROW, (character) => character.normalize('NFKC'));
}

/**
 * Lowercase of each code point for itself. A whole text would get the rule of the final sigma, which makes the outcome
 * depend on neighbours, and is not what RFC 7622 §3.5 counts as equal.
 */
export function lowerCase(text: string): string {
  let lower = '';
  for (const character of text) lower += character.toLowerCase();
  return lower;
}
