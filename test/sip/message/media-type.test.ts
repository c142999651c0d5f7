import assert from 'node:assert/strict';
import { MediaType } from '../../../src/sip/message/media-type.js';

describe('RFC 3261 §20.15: Content-Type', () => {
  for (const [text, essence, charset, written] of [
    ['application/sdp', 'application/sdp', undefined, 'application/sdp'],
    ['text/html; charset=ISO-8859-4', 'text/html', 'ISO-8859-4', 'text/html;charset=ISO-8859-4'],
    ['Text / Plain ; Charset = "UTF-8"', 'text/plain', 'UTF-8', 'text/plain;charset="UTF-8"'],
    ['message/CPIM', 'message/cpim', undefined, 'message/cpim'],
    ['text/plain;', 'text/plain', undefined, 'text/plain'],
  ] as const) {
    it(text, () => {
      const type = MediaType.parse(text);
      assert.ok(type.ok);
      assert.equal(type.value.essence, essence);
      assert.equal(type.value.param('CHARSET'), charset);
      assert.equal(type.value.toString(), written);
    });
  }

  for (const text of [
    '',
    'text',
    'text/',
    '/plain',
    'text/plain x',
    'text/pl ain',
    'text/plain;charset="x',
    'a/b, c/d',
  ]) {
    it(`${JSON.stringify(text)} is malformed`, () => assert.equal(MediaType.parse(text).ok, false));
  }
});
