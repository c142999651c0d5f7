import assert from 'node:assert/strict';
import { formatDateTime, parseDateTime } from '../../src/documents/date-time.js';

describe('date-times (RFC 3339 §5.6)', () => {
  for (const [text, wanted] of [
    ['2015-06-01T12:00:00Z', '2015-06-01T12:00:00Z'],
    ['2015-06-01t12:00:00z', '2015-06-01T12:00:00Z'],
    ['2000-12-13T13:40:00-08:00', '2000-12-13T21:40:00Z'],
    ['2015-06-01T12:00:00.25+02:00', '2015-06-01T10:00:00.250Z'],
    ['2015-06-01T12:00:00.123456789Z', '2015-06-01T12:00:00.123Z'],
    ['2002-09-10T23:08:25.1209999999Z', '2002-09-10T23:08:25.120Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59Z'],
  ] as const) {
    it(`${text} is ${wanted}`, () => assert.equal(formatDateTime(parseDateTime(text) as number), wanted));
  }

  for (const text of [
    '2015-06-01',
    '2015-06-01T12:00Z',
    '2015-06-01T12:00:00',
    '2015-02-30T12:00:00Z',
    '2015-13-01T12:00:00Z',
    '2015-06-01T24:00:00Z',
    '2015-06-01T12:00:00+25:00',
    'yesterday',
    '',
  ]) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseDateTime(text), undefined));
  }
});
