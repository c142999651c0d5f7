import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { obeysBidiRule } from '../../../src/xmpp/address/bidi-rule.js';
import { opaqueString, usernameCaseMapped } from '../../../src/xmpp/address/precis.js';
import { type DerivedProperty, derivedProperty } from '../../../src/xmpp/address/precis-class.js';
import { packagePath } from '../../support/package-path.js';

describe('RFC 8264 §8: derived property', () => {
  for (const [codePoint, property, what] of [
    [0x21, 'PVALID', 'ASCII7'],
    [0x20, 'FREE_PVAL', 'space'],
    [0x7f, 'DISALLOWED', 'control'],
    [0x00a0, 'FREE_PVAL', 'no-break space'],
    [0x00ad, 'DISALLOWED', 'soft hyphen'],
    [0x00b7, 'CONTEXTO', 'middle dot'],
    [0x00df, 'PVALID', 'sharp s'],
    [0x01c5, 'FREE_PVAL', 'titlecase letter with a compatibility equivalent'],
    [0x03c2, 'PVALID', 'final sigma'],
    [0x0640, 'DISALLOWED', 'tatweel'],
    [0x0661, 'CONTEXTO', 'Arabic-Indic digit'],
    [0x1100, 'DISALLOWED', 'old Hangul jamo'],
    [0x200d, 'CONTEXTJ', 'joiner'],
    [0x2028, 'DISALLOWED', 'line separator'],
    [0x212a, 'FREE_PVAL', 'Kelvin sign'],
    [0x265a, 'FREE_PVAL', 'symbol'],
    [0x3007, 'PVALID', 'ideographic zero'],
    [0x3164, 'DISALLOWED', 'Hangul filler'],
    [0x4e2d, 'PVALID', 'ideograph'],
    [0xd800, 'DISALLOWED', 'surrogate'],
    [0xe000, 'DISALLOWED', 'private use'],
    [0xfdd0, 'DISALLOWED', 'noncharacter'],
    [0xe0100, 'DISALLOWED', 'variation selector'],
    [0x0378, 'UNASSIGNED', 'unassigned'],
    [0x1f600, 'FREE_PVAL', 'emoji'],
  ] as const satisfies readonly (readonly [number, DerivedProperty, string])[]) {
    it(`U+${codePoint.toString(16)} (${what}) is ${property}`, () =>
      assert.equal(derivedProperty(codePoint), property));
  }
});

describe('RFC 5892 App. A: contextual rules', () => {
  for (const [rule, text, allowed] of [
    ['A.1', '\u0915\u094d\u200c\u0937', true], // after a virama
    ['A.1', '\u0646\u200c\u0627', true], // between joining letters
    ['A.1', '\u0646\u064b\u200c\u064b\u0627', true], // with marks between
    ['A.1', '\u0627\u200c\u0646', false], // alef does not join the next
    ['A.1', 'a\u200cb', false],
    ['A.1', '\u200c', false],
    ['A.1', '\u0646\u200c', false],
    ['A.2', '\u0915\u094d\u200d\u0937', true],
    ['A.2', '\u0646\u200d\u0627', false],
    ['A.2', '\u200da', false],
    ['A.3', 'l\u00b7l', true],
    ['A.3', 'l\u00b7a', false],
    ['A.3', '\u00b7l', false],
    ['A.4', '\u0375\u03b1', true],
    ['A.4', '\u0375a', false],
    ['A.4', '\u0375', false],
    ['A.5', '\u05d0\u05f3', true],
    ['A.5', '\u05f3', false],
    ['A.6', '\u05d0\u05f4\u05d0', true],
    ['A.6', '\u05f4\u05d0', false],
    ['A.7', '\u30ab\u30fb\u30ab', true],
    ['A.7', '\u30fb\u4e2d', true],
    ['A.7', 'a\u30fb', false],
    ['A.8', '\u0627\u0660', true],
    ['A.8', '\u0627\u0660\u06f0', false],
    ['A.9', '\u0627\u06f0', true],
    ['A.9', '\u0627\u06f0\u0660', false],
  ] as const) {
    it(`${rule}: ${JSON.stringify(text)} is ${allowed ? 'allowed' : 'refused'}`, () => {
      assert.equal(usernameCaseMapped(text).ok, allowed);
      assert.equal(opaqueString(text).ok, allowed);
    });
  }
});

describe('RFC 5893 §2: the Bidi Rule', () => {
  for (const [condition, text, allowed] of [
    ['no right-to-left text', '1a-', true],
    ['1', '\u05d0', true],
    ['1: begins with a digit', '1\u05d0', false],
    ['1: begins with a mark', '\u05b0\u05d0', false],
    ['1: begins with an Arabic digit', '\u0660\u0627', false],
    ['2: left-to-right inside', '\u05d0a\u05d0', false],
    ['3: ends with a mark', '\u05d0\u05b0', true],
    ['3: ends with a digit', '\u05d01', true],
    ['3: ends with a neutral', '\u05d0-', false],
    ['4: one kind of digits', '\u0627\u0661\u0662', true],
    ['4: both kinds of digits', '\u06271\u0661', false],
    ['5: right-to-left inside', 'a\u05d0', false],
  ] as const) {
    it(`${condition}: ${JSON.stringify(text)} is ${allowed ? 'allowed' : 'refused'}`, () => {
      assert.equal(obeysBidiRule(text), allowed);
    });
  }
});

describe('RFC 8265: profiles', () => {
  for (const [text, enforced] of [
    ['\uff2a\uff55liet', 'juliet'],
    ['\uff76\uff9e', '\u30ac'],
    ['\u00c5ngstr\u00f6m', '\u00e5ngstr\u00f6m'],
    ['I\u0307', 'i\u0307'],
    ['\u13a0', '\uab70'],
  ] as const) {
    it(`UsernameCaseMapped: ${text} is ${enforced}`, () => {
      assert.deepEqual(usernameCaseMapped(text), { ok: true, value: enforced });
      assert.deepEqual(usernameCaseMapped(enforced), { ok: true, value: enforced });
    });
  }
  for (const text of ['', 'a b', '\ud800', 'x\udc00', '\uffe3', '\uffa1']) {
    it(`UsernameCaseMapped refuses ${JSON.stringify(text)}`, () => assert.equal(usernameCaseMapped(text).ok, false));
  }
  for (const [text, enforced] of [
    [' a\u2003b ', ' a b '],
    ['Stra\u00dfe \u2163 \uff21', 'Stra\u00dfe \u2163 \uff21'],
    ['e\u0301', '\u00e9'],
  ] as const) {
    it(`OpaqueString: ${JSON.stringify(text)} is ${JSON.stringify(enforced)}`, () => {
      assert.deepEqual(opaqueString(text), { ok: true, value: enforced });
    });
  }
  for (const text of ['', '\t', '\ud83d', '\u1100', '\u{1f469}\u200d\u{1f4bb}']) {
    it(`OpaqueString refuses ${JSON.stringify(text)}`, () => assert.equal(opaqueString(text).ok, false));
  }
});

describe('tables of Unicode', () => {
  it('name what they hold and hold sorted ranges', () => {
    const source = readFileSync(packagePath('src/xmpp/address/unicode-data.ts'), 'utf8');
    const tables = [...source.matchAll(/CodePointSet\(`([^`]*)`\)/g)].map(([, text]) => text!.trim().split(/\s+/));
    assert.equal(tables.length, 7);
    for (const ranges of tables) {
      const ends = ranges.flatMap((range) => range.split('-').map((digits) => Number.parseInt(digits, 16)));
      assert.deepEqual(
        ends,
        [...new Set(ends)].sort((a, b) => a - b),
      );
    }
  });
});
