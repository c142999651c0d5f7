import assert from 'node:assert/strict';
import iconv from 'iconv-lite';
import {
  decodeText,
  firstLanguage,
  languageTag,
  toCanonicalLines,
  toCharacterData,
  toOneLine,
} from '../../../src/interwork/message/text.js';

const bytes = (...octets: number[]) => Uint8Array.from(octets);

describe('7572-8-2: charsets of text/plain', () => {
  for (const [charset, octets, wanted] of [
    [undefined, Buffer.from('obého 🌹'), 'obého 🌹'],
    ['utf-8', Buffer.from('\uFEFFx'), 'x'],
    ['US-ASCII', Buffer.from('é'), 'é'],
    ['UTF-8', bytes(0x41, 0xff, 0x42), 'A\uFFFDB'],
    ['UTF-8', bytes(0x41, 0xe2, 0x82), 'A\uFFFD'],
    ['ISO-8859-1', bytes(0x6f, 0xe9), 'oé'],
    ['iso-8859-2', iconv.encode('žluťoučký', 'iso-8859-2'), 'žluťoučký'],
    ['windows-1251', iconv.encode('привет', 'windows-1251'), 'привет'],
    ['Shift_JIS', iconv.encode('日本', 'shift_jis'), '日本'],
    ['gb18030', iconv.encode('愛', 'gb18030'), '愛'],
    ['utf-16', iconv.encode('aé', 'utf-16'), 'aé'],
    ['x-unknown', bytes(0x41), undefined],
    ['base64', bytes(0x41), undefined],
    ['hex', bytes(0x41), undefined],
    ['_internal', bytes(0x41), undefined],
    ['__proto__', bytes(0x41), undefined],
    ['constructor', bytes(0x41), undefined],
  ] as const) {
    it(`${charset ?? 'no charset'}: ${JSON.stringify(wanted)}`, () =>
      assert.equal(decodeText(octets, charset), wanted));
  }
});

describe('7572-7-2: character data', () => {
  for (const [text, wanted] of [
    ['a\r\nb\rc\nd', 'a\nb\nc\nd'],
    ['\u0000a\u0008b\u000Bc\u000Cd\u001Fe\tf', 'abcde\tf'],
    ['\uFFFEa\uFFFFb\uFFFD', 'ab\uFFFD'],
    ['lone \uD83C and \uDF39, pair 🌹', 'lone  and , pair 🌹'],
    ['\u007F\u0085', '\u007F\u0085'],
    ['<b>&amp;</b>', '<b>&amp;</b>'],
  ] as const) {
    it(JSON.stringify(text), () => assert.equal(toCharacterData(text), wanted));
  }
});

describe('7572-R-8: line breaks towards SIP', () => {
  it('are CRLF, whatever they were', () => assert.equal(toCanonicalLines('a\nb\r\nc\rd'), 'a\r\nb\r\nc\r\nd'));
});

describe('7572-d03: one line for a header', () => {
  for (const [text, wanted] of [
    ['two\r\nlines\n\n\tand\u0000more', 'two lines and more'],
    ['  trimmed \u2028', 'trimmed'],
    ['\r\n', undefined],
    ['', undefined],
    ['Úpěnlivě 🌹', 'Úpěnlivě 🌹'],
    ['half \uD83C', 'half'],
  ] as const) {
    it(JSON.stringify(text), () => assert.equal(toOneLine(text), wanted));
  }
});

describe('7572-8-1: language tags', () => {
  for (const [list, wanted] of [
    ['cs', 'cs'],
    ['zh-Hant-TW, en', 'zh-Hant-TW'],
    [' en , cs', 'en'],
    ['en;q=0.5', undefined],
    ['e n', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    it(`the first of ${JSON.stringify(list)} is ${wanted}`, () => assert.equal(firstLanguage(list), wanted));
  }

  it('nothing else may stand in Content-Language', () => {
    for (const text of ['en\r\nX: y', 'en,cs', '-en', 'a'.repeat(9), `en${'-abcdefgh'.repeat(10)}`]) {
      assert.equal(languageTag(text), undefined, text);
    }
  });
});
