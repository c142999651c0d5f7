import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { presenceAnswer } from '../../../src/xmpp/gateway/presence-answers.js';
import { readStanzaError } from '../../../src/xmpp/stanza/error-reply.js';

function presence(type?: string): Element {
  return new Element('presence', {
    xmlns: 'jabber:client',
    from: 'juliet@example.com/balcony',
    to: 'romeo@example.net/orchard',
    id: 'p1',
    ...(type !== undefined && { type }),
  });
}

describe('RFC 6121 §3, §4.3: presence for users who share none', () => {
  for (const type of ['subscribe', 'probe']) {
    it(`${type}: unsubscribed, from the bare JID`, () => {
      const [answer, ...more] = presenceAnswer(presence(type));
      assert.equal(more.length, 0);
      assert.deepEqual(answer?.attrs, {
        xmlns: 'jabber:client',
        type: 'unsubscribed',
        from: 'romeo@example.net',
        to: 'juliet@example.com',
        id: 'p1',
      });
    });
  }

  for (const type of [undefined, 'unavailable', 'subscribed', 'unsubscribe', 'unsubscribed', 'error']) {
    it(`${type ?? 'available'}: nothing`, () => assert.deepEqual(presenceAnswer(presence(type)), []));
  }

  it('6120-8.1.4-1: an unknown type is an error', () => {
    const [answer] = presenceAnswer(presence('invisible'));
    assert.equal(readStanzaError(answer!)?.condition, 'bad-request');
    assert.equal(answer?.attrs.to, 'juliet@example.com/balcony');
  });
});
