import assert from 'node:assert/strict';
import { type Element, parse } from 'ltx';
import { gatewayAnswers } from '../../../src/xmpp/gateway/gateway-answers.js';
import { presenceAnswer } from '../../../src/xmpp/gateway/presence-answers.js';

function stanza(text: string): Element {
  return parse(text) as Element;
}

function presence(type: string | undefined, addresses = "from='juliet@example.com/balcony' to='romeo@example.net/x'") {
  return stanza(`<presence id='p1' ${type === undefined ? '' : `type='${type}'`} ${addresses}/>`);
}

describe('RFC 6121 §3.2, §4.3.2: presence for SIP users', () => {
  for (const type of ['subscribe', 'probe']) {
    it(`${type} is refused, from one bare JID to the other, with the same id`, () => {
      const [answer, ...more] = presenceAnswer(presence(type));
      assert.deepEqual(more, []);
      assert.deepEqual(answer?.attrs, {
        xmlns: 'jabber:client',
        type: 'unsubscribed',
        from: 'romeo@example.net',
        to: 'juliet@example.com',
        id: 'p1',
      });
    });
  }

  for (const type of [undefined, 'unavailable', 'subscribed', 'unsubscribe', 'unsubscribed', 'error', 'nonsense']) {
    it(`${type ?? 'available presence'} changes nothing and is not answered`, () => {
      assert.deepEqual(presenceAnswer(presence(type)), []);
    });
  }

  it('a request without addresses or id gets an answer without them', () => {
    const [answer] = presenceAnswer(stanza("<presence type='subscribe'/>"));
    assert.deepEqual(answer?.attrs, { xmlns: 'jabber:client', type: 'unsubscribed' });
  });
});

describe('what the gateway answers by itself', () => {
  const answers = gatewayAnswers({ software: { name: 'Verona', version: '1.2.3' } });

  it('presence and IQs, even when the answer is silence', () => {
    assert.equal(answers(presence('subscribe'))?.length, 1);
    assert.deepEqual(answers(presence(undefined)), []);
    assert.deepEqual(answers(stanza("<iq type='result' id='1' from='example.com' to='example.net'/>")), []);
  });

  it('no message: that is for a behaviour', () => {
    assert.equal(answers(stanza("<message from='juliet@example.com' to='romeo@example.net'/>")), undefined);
  });
});
