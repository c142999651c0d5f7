/** The Bidi Rule: texts of right-to-left characters that would be misread are refused (RFC 5893 §2). */
import { ARABIC_NUMBER, EUROPEAN_NUMBER, NEUTRAL, RIGHT_TO_LEFT } from './unicode-data.js';

/** Bidi_Class as far as the rule tells classes apart: `RTL` is R or AL, `neutral` is ES, CS, ET, ON or BN. */
type BidiClass = 'L' | 'RTL' | 'AN' | 'EN' | 'NSM' | 'neutral';

const MARK = /^[\p{Mn}\p{Me}]$/u;
/** Nonspacing marks that are written like letters, Bidi_Class L. */
const STRONG_MARKS: ReadonlySet<number> = new Set([0x0cbf, 0x0cc6, 0x11a07, 0x11a08, 0x11c3f]);

function bidiClass(character: string): BidiClass {
  const codePoint = character.codePointAt(0)!;
  if (RIGHT_TO_LEFT.has(codePoint)) return 'RTL';
  if (ARABIC_NUMBER.has(codePoint)) return 'AN';
  if (EUROPEAN_NUMBER.has(codePoint)) return 'EN';
  if (NEUTRAL.has(codePoint)) return 'neutral';
  return MARK.test(character) && !STRONG_MARKS.has(codePoint) ? 'NSM' : 'L';
}

/**
 * Whether `text`, all of the IdentifierClass, satisfies the rule. A text without right-to-left character (R, AL, AN)
 * does (RFC 8264 §5.2.4).
 */
export function obeysBidiRule(text: string): boolean {
  const classes = Array.from(text, bidiClass);
  if (!classes.some((one) => one === 'RTL' || one === 'AN')) return true;
  const first = classes[0];
  const last = classes.findLast((one) => one !== 'NSM');
  if (first === 'RTL') {
    return (
      !classes.includes('L') && // condition 2
      (last === 'RTL' || last === 'EN' || last === 'AN') && // condition 3
      !(classes.includes('EN') && classes.includes('AN')) // condition 4
    );
  }
  // Conditions 1 and 5: such a text begins with L, and then holds no R, AL or AN; but it has one.
  return false;
}
