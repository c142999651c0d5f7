import assert from 'node:assert/strict';
import { asReasonPhrase, plainText, readsLanguage } from '../../../src/interwork/error/plain-text.js';

describe('RFC 7247 §7: text beside an error', () => {
  for (const [title, text, expected] of [
    ['a plain sentence stays', 'No such user', 'No such user'],
    [
      'line breaks cannot start a header field',
      'Gone\r\nContact: <sip:mallory@example.org>',
      'Gone Contact: <sip:mallory@example.org>',
    ],
    ['a NUL and other controls become one space', 'a\0\x1b[2J\x85b', 'a [2J b'],
    ['direction overrides go', 'abc\u202Edef\u2066ghi', 'abc def ghi'],
    ['lone surrogates go', 'a\ud800b', 'a b'],
    ['runs of spaces become one', '  a   b  ', 'a b'],
    ['other languages stay', 'Utilisateur ajouté à Besançon 王', 'Utilisateur ajouté à Besançon 王'],
    ['nothing but white space is no text', ' \r\n\t ', undefined],
    ['no text is no text', undefined, undefined],
  ] as const) {
    it(title, () => assert.equal(plainText(text), expected));
  }

  it('is cut at 200 characters, never inside one', () => {
    const cut = plainText('🎭'.repeat(500));
    assert.equal(Array.from(cut ?? '').length, 200);
    assert.ok(cut?.endsWith('🎭…'));
  });

  it('a text of megabytes costs no more than a short one', () => {
    const started = process.hrtime.bigint();
    plainText('a \n'.repeat(3_000_000));
    assert.ok(process.hrtime.bigint() - started < 100_000_000n);
  });
});

describe('RFC 3261 §25.1: a text as Reason-Phrase', () => {
  for (const [text, expected] of [
    ['User "romeo" <romeo@example.net> [gone]', "User 'romeo' (romeo@example.net) (gone)"],
    ['100% of #1 | a\\b ^ `c` {d}', "100%25 of %231 %7C a%5Cb %5E 'c' (d)"],
  ] as const) {
    it(JSON.stringify(text), () => assert.equal(asReasonPhrase(text), expected));
  }

  it('holds nothing that the grammar forbids, whatever the text', () => {
    const everything = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code)).join('');
    assert.match(
      asReasonPhrase(everything.slice(0, 190)) ?? '',
      /^(?:[A-Za-z0-9;/?:@&=+$,\-_.!~*'() ]|%[0-9A-F]{2}|[^\0-\x7f])*$/,
    );
  });
});

describe('RFC 3261 §20.3: who reads which language', () => {
  for (const [accept, tag, expected] of [
    [undefined, 'de', true],
    ['da, en-gb;q=0.8, en;q=0.7', 'en', true],
    ['da, en-gb;q=0.8, en;q=0.7', 'en-US', true],
    ['da, en-gb;q=0.8', 'de', false],
    ['*', 'de', true],
    ['de;q=0, en', 'de', false],
    ['de', undefined, true],
    ['d', 'de', false],
    ['', 'de', true],
  ] as const) {
    it(`${accept ?? 'no header field'} and ${tag ?? 'an unknown language'}: ${expected}`, () => {
      assert.equal(readsLanguage(accept, tag), expected);
    });
  }
});
