import assert from 'node:assert/strict';
import { formatSipDate, parseSipDate } from '../../../src/sip/message/date.js';

describe('RFC 3261 §20.17: Date', () => {
  for (const [text, at] of [
    ['Sat, 13 Nov 2010 23:29:00 GMT', Date.UTC(2010, 10, 13, 23, 29, 0)],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Thu, 29 Feb 2024 12:34:56 GMT', Date.UTC(2024, 1, 29, 12, 34, 56)],
  ] as const) {
    it(text, () => {
      assert.equal(parseSipDate(text), at);
      assert.equal(formatSipDate(at), text);
    });
  }

  it('names have any case', () => {
    assert.equal(parseSipDate('sat, 13 nov 2010 23:29:00 gmt'), Date.UTC(2010, 10, 13, 23, 29, 0));
  });

  for (const text of [
    '',
    'Fri, 01 Jan 2010 16:00:00 EST',
    'Sat, 31 Feb 2010 23:29:00 GMT',
    'Sat, 00 Nov 2010 23:29:00 GMT',
    'Sat, 13 Nov 2010 24:29:00 GMT',
    'Sat, 13 Nov 2010 23:60:00 GMT',
    'Sat, 13 Nov 10 23:29:00 GMT',
    'Sat, 13 Now 2010 23:29:00 GMT',
    'Xxx, 13 Nov 2010 23:29:00 GMT',
    'Sat  13 Nov 2010 23:29:00 GMT',
    '2010-11-13T23:29:00Z',
  ]) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseSipDate(text), undefined));
  }
});
