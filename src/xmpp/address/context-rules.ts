/** The contextual rules of code points that are allowed in some surroundings alone (RFC 5892 App. A, RFC 8264 §4). */
import { JOINS_NEXT, JOINS_PREVIOUS, VIRAMA } from './unicode-data.js';

const GREEK = /^\p{Script=Greek}$/u;
const HEBREW = /^\p{Script=Hebrew}$/u;
const KANA_OR_HAN = /^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]$/u;
/** Joining_Type T, of the characters that an identifier may hold. */
const TRANSPARENT = /^[\p{Mn}\p{Me}]$/u;

/** A text whose characters are surroundings of one another. */
export class Surroundings {
  readonly codePoints: readonly number[];
  #facts: { kanaOrHan: boolean; arabicIndic: boolean; extendedArabicIndic: boolean } | undefined;

  constructor(text: string) {
    this.codePoints = Array.from(text, (character) => character.codePointAt(0)!);
  }

  /** Which characters there are anywhere, found out once. */
  get holds() {
    this.#facts ??= {
      kanaOrHan: this.codePoints.some((codePoint) => matches(KANA_OR_HAN, codePoint)),
      arabicIndic: this.codePoints.some(isArabicIndicDigit),
      extendedArabicIndic: this.codePoints.some(isExtendedArabicIndicDigit),
    };
    return this.#facts;
  }
}

/** Whether the CONTEXTJ or CONTEXTO code point at `index` stands where it may. */
export function obeysContextRule(surroundings: Surroundings, index: number): boolean {
  const text = surroundings.codePoints;
  const codePoint = text[index]!;
  switch (codePoint) {
    case 0x200c: // RFC 5892 App. A.1
      return followsVirama(text, index) || joinsBothSides(text, index);
    case 0x200d: // RFC 5892 App. A.2
      return followsVirama(text, index);
    case 0x00b7: // RFC 5892 App. A.3
      return text[index - 1] === 0x6c && text[index + 1] === 0x6c;
    case 0x0375: // RFC 5892 App. A.4
      return matches(GREEK, text[index + 1]);
    case 0x05f3: // RFC 5892 App. A.5
    case 0x05f4: // RFC 5892 App. A.6
      return matches(HEBREW, text[index - 1]);
    case 0x30fb: // RFC 5892 App. A.7
      return surroundings.holds.kanaOrHan;
  }
  if (isArabicIndicDigit(codePoint)) return !surroundings.holds.extendedArabicIndic; // RFC 5892 App. A.8
  if (isExtendedArabicIndicDigit(codePoint)) return !surroundings.holds.arabicIndic; // RFC 5892 App. A.9
  return false;
}

function isArabicIndicDigit(codePoint: number): boolean {
  return codePoint >= 0x0660 && codePoint <= 0x0669;
}

function isExtendedArabicIndicDigit(codePoint: number): boolean {
  return codePoint >= 0x06f0 && codePoint <= 0x06f9;
}

function matches(pattern: RegExp, codePoint: number | undefined): boolean {
  return codePoint !== undefined && pattern.test(String.fromCodePoint(codePoint));
}

function followsVirama(text: readonly number[], index: number): boolean {
  const before = text[index - 1];
  return before !== undefined && VIRAMA.has(before);
}

function joinsBothSides(text: readonly number[], index: number): boolean {
  let before = index - 1;
  while (matches(TRANSPARENT, text[before])) before--;
  let after = index + 1;
  while (matches(TRANSPARENT, text[after])) after++;
  return before >= 0 && JOINS_NEXT.has(text[before]!) && after < text.length && JOINS_PREVIOUS.has(text[after]!);
}
