import assert from 'node:assert/strict';
import fc from 'fast-check';
import { percentDecode, percentEncode } from '../../../src/interwork/address/percent-encoding.js';

const LETTERS = Uint8Array.from({ length: 256 }, (_, octet) =>
  /[A-Za-z]/.test(String.fromCharCode(octet)) && octet < 0x80 ? 1 : 0,
);

describe('RFC 3986 §2.1: percent-encoding', () => {
  for (const [text, expected] of [
    ['', ''],
    ['plain', 'plain'],
    ['a b', 'a%20b'],
    ['ü', '%C3%BC'],
    ['aü王🎭', 'a%C3%BC%E7%8E%8B%F0%9F%8E%AD'],
    ['%41', '%25%34%31'],
  ] as const) {
    it(`encodes ${JSON.stringify(text)}`, () => assert.equal(percentEncode(text, LETTERS), expected));
  }

  for (const [text, expected] of [
    ['', ''],
    ['plain', 'plain'],
    ['%c3%BC', 'ü'],
    ['%2527', '%27'],
    ['%EF%BB%BFa', '\uFEFFa'],
  ] as const) {
    it(`decodes ${JSON.stringify(text)} once`, () =>
      assert.deepEqual(percentDecode(text), { ok: true, value: expected }));
  }

  for (const text of [
    '%',
    '%4',
    '%zz',
    'a%2',
    '%FF',
    '%C3',
    '%C3%28',
    '%ED%A0%80',
    '%C0%80',
    '%F5%80%80%80',
    '%00',
    'a%0d%0Ab',
    '%7F',
    'a\u0001b',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(percentDecode(text).ok, false));
  }

  it('decoding undoes encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        fc.pre(!/[\0-\x1f\x7f]/.test(text));
        assert.deepEqual(percentDecode(percentEncode(text, LETTERS)), { ok: true, value: text });
      }),
    );
  });
});
