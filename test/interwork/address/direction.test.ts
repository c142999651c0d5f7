import assert from 'node:assert/strict';
import { checkDirection, refusesSips } from '../../../src/interwork/address/direction.js';
import { mapOf, uriOf } from './maps.js';

describe('RFC 7247 §8: loops and forged senders', () => {
  const map = mapOf();
  for (const [direction, from, to, party] of [
    ['sip-to-xmpp', 'example.net', 'example.com', undefined],
    ['xmpp-to-sip', 'example.com', 'example.net', undefined],
    ['sip-to-xmpp', 'elsewhere.example', 'example.com', undefined],
    ['xmpp-to-sip', 'elsewhere.example', 'example.net', undefined],
    ['sip-to-xmpp', 'example.net', 'elsewhere.example', undefined],
    ['sip-to-xmpp', 'example.net', 'example.net', 'recipient'],
    ['xmpp-to-sip', 'example.com', 'example.com', 'recipient'],
    ['sip-to-xmpp', 'example.com', 'example.com', 'sender'],
    ['xmpp-to-sip', 'EXAMPLE.net', 'example.net', 'sender'],
    ['xmpp-to-sip', 'example.net', 'example.com', 'sender'],
  ] as const) {
    it(`${direction} from ${from} to ${to}: ${party === undefined ? 'passes' : `wrong ${party}`}`, () => {
      const checked = checkDirection(direction, from, to, map);
      assert.equal(checked.ok ? undefined : checked.error.party, party);
      if (!checked.ok) assert.equal(checked.error.kind, 'wrong-side');
    });
  }
});

describe('7247-8-2: a sips request is not translated', () => {
  for (const [requestUri, to, refused] of [
    ['sips:juliet@example.com', 'sip:juliet@example.com', true],
    ['sip:juliet@example.com', 'SIPS:juliet@example.com', true],
    ['sips:juliet@example.com', 'sips:juliet@example.com', true],
    ['sip:juliet@example.com', 'sip:juliet@example.com', false],
    ['sip:juliet@example.com', 'tel:+15551234', false],
  ] as const) {
    it(`Request-URI ${requestUri}, To ${to}`, () => {
      assert.equal(refusesSips(uriOf(requestUri), uriOf(to))?.kind, refused ? 'sips' : undefined);
    });
  }
});
