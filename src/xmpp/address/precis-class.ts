/** The PRECIS string classes: which code points an identifier or a free-form text may hold (RFC 8264 §4, §8, §9). */
import { obeysContextRule, Surroundings } from './context-rules.js';

/** The derived property of a code point (RFC 8264 §8). */
export type DerivedProperty =
  /** Allowed in both classes. */
  | 'PVALID'
  /** Allowed in both classes where a context rule is obeyed (RFC 5892 App. A). */
  | 'CONTEXTJ'
  | 'CONTEXTO'
  /** Allowed in the FreeformClass alone. */
  | 'FREE_PVAL'
  | 'DISALLOWED'
  | 'UNASSIGNED';

const UNASSIGNED = /^\p{Cn}$/u; // RFC 8264 §9.10
const NONCHARACTER = /^\p{Noncharacter_Code_Point}$/u;
const OLD_HANGUL_JAMO = /^[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7c6\ud7cb-\ud7fb]$/u; // RFC 8264 §9.9
const IGNORABLE = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u; // RFC 8264 §9.13
const CONTROL = /^\p{Cc}$/u; // RFC 8264 §9.12
const LETTER_DIGIT = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u; // RFC 8264 §9.1
/** OtherLetterDigits, Spaces, Symbols, Punctuation (RFC 8264 §9.18, §9.14, §9.15, §9.16). */
const FREE_FORM = /^[\p{Lt}\p{Nl}\p{No}\p{Me}\p{Zs}\p{S}\p{P}]$/u;

/** RFC 8264 §9.6, which takes over RFC 5892 §2.6. */
function exception(codePoint: number): DerivedProperty | undefined {
  switch (codePoint) {
    case 0x00df:
    case 0x03c2:
    case 0x06fd:
    case 0x06fe:
    case 0x0f0b:
    case 0x3007:
      return 'PVALID';
    case 0x00b7:
    case 0x0375:
    case 0x05f3:
    case 0x05f4:
    case 0x30fb:
      return 'CONTEXTO';
    case 0x0640:
    case 0x07fa:
    case 0x302e:
    case 0x302f:
    case 0x303b:
      return 'DISALLOWED';
  }
  if (codePoint >= 0x0660 && codePoint <= 0x0669) return 'CONTEXTO';
  if (codePoint >= 0x06f0 && codePoint <= 0x06f9) return 'CONTEXTO';
  if (codePoint >= 0x3031 && codePoint <= 0x3035) return 'DISALLOWED';
  return undefined;
}

const PROPERTIES: readonly DerivedProperty[] = [
  'PVALID',
  'CONTEXTJ',
  'CONTEXTO',
  'FREE_PVAL',
  'DISALLOWED',
  'UNASSIGNED',
];
/** For each code point, 0 or one more than the index of its property, once it was computed: 1.1 MB. */
const known = new Uint8Array(0x110000);

/** The derived property of a code point (RFC 8264 §8). The Unicode version is the runtime's. */
export function derivedProperty(codePoint: number): DerivedProperty {
  const index = known[codePoint]!;
  if (index > 0) return PROPERTIES[index - 1]!;
  const property = computeProperty(codePoint);
  known[codePoint] = PROPERTIES.indexOf(property) + 1;
  return property;
}

/** In the order of RFC 8264 §8; there is no backward-compatible code point. */
function computeProperty(codePoint: number): DerivedProperty {
  const exceptional = exception(codePoint);
  if (exceptional !== undefined) return exceptional;
  const text = String.fromCodePoint(codePoint);
  if (UNASSIGNED.test(text) && !NONCHARACTER.test(text)) return 'UNASSIGNED';
  if (codePoint >= 0x21 && codePoint <= 0x7e) return 'PVALID'; // RFC 8264 §9.11
  if (codePoint === 0x200c || codePoint === 0x200d) return 'CONTEXTJ'; // RFC 8264 §9.8
  if (OLD_HANGUL_JAMO.test(text) || IGNORABLE.test(text) || CONTROL.test(text)) return 'DISALLOWED';
  if (text.normalize('NFKC') !== text) return 'FREE_PVAL'; // RFC 8264 §9.17
  if (LETTER_DIGIT.test(text)) return 'PVALID';
  return FREE_FORM.test(text) ? 'FREE_PVAL' : 'DISALLOWED';
}

/** What of `text` is outside the IdentifierClass (RFC 8264 §4.2), in words; undefined when nothing is. */
export function outsideIdentifierClass(text: string): string | undefined {
  return outside(text, 'IdentifierClass');
}

/** What of `text` is outside the FreeformClass (RFC 8264 §4.3), in words; undefined when nothing is. */
export function outsideFreeformClass(text: string): string | undefined {
  return outside(text, 'FreeformClass');
}

function outside(text: string, stringClass: 'IdentifierClass' | 'FreeformClass'): string | undefined {
  let surroundings: Surroundings | undefined;
  let index = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    if (codePoint < 0x21 || codePoint > 0x7e) {
      const property = derivedProperty(codePoint);
      if (property === 'CONTEXTJ' || property === 'CONTEXTO') {
        surroundings ??= new Surroundings(text);
        if (!obeysContextRule(surroundings, index)) return `${name(codePoint)}, out of the context that it needs`;
      } else if (property !== 'PVALID' && !(property === 'FREE_PVAL' && stringClass === 'FreeformClass')) {
        return `${name(codePoint)}, which is outside the ${stringClass}`;
      }
    }
    index++;
  }
  return undefined;
}

function name(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}
