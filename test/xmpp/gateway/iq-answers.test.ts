import assert from 'node:assert/strict';
import { type Element, parse } from 'ltx';
import { iqAnswer } from '../../../src/xmpp/gateway/iq-answers.js';
import { readStanzaError } from '../../../src/xmpp/stanza/error-reply.js';

const SOFTWARE = { name: 'Verona', version: '1.2.3' };
const INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
const ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
const PING = "<ping xmlns='urn:xmpp:ping'/>";
const VERSION = "<query xmlns='jabber:iq:version'/>";
const UNKNOWN = "<query xmlns='urn:example:unknown'/>";

function answersTo(text: string): readonly Element[] {
  const iq = parse(text) as Element;
  iq.attrs.xmlns = 'jabber:client';
  return iqAnswer(iq, { software: SOFTWARE });
}

/** The one answer to a get of juliet. */
function answerTo(payload: string, to: string, type = 'get'): Element {
  const answers = answersTo(`<iq type='${type}' id='q1' from='juliet@example.com/balcony' to='${to}'>${payload}</iq>`);
  assert.equal(answers.length, 1);
  const [answer] = answers;
  assert.ok(answer);
  assert.equal(answer.name, 'iq');
  assert.equal(answer.attrs.id, 'q1');
  assert.equal(answer.attrs.from, to);
  assert.equal(answer.attrs.to, 'juliet@example.com/balcony');
  return answer;
}

function conditionOf(answer: Element): string | undefined {
  return readStanzaError(answer)?.condition;
}

const withNode = (query: string) => query.replace('/>', " node='urn:example:node'/>");
const DOMAIN = 'example.net';
const USER = 'romeo@example.net';
const DEVICE = 'romeo@example.net/orchard';

describe('XEP-0030 §3: who a SIP entity is', () => {
  for (const [to, category, type] of [
    [DOMAIN, 'gateway', 'sip'],
    [USER, 'account', 'registered'],
    [DEVICE, 'client', 'phone'],
  ] as const) {
    it(`${to} is ${category}/${type}`, () => {
      const query = answerTo(INFO, to).getChild('query', 'http://jabber.org/protocol/disco#info');
      const identities = query?.getChildren('identity').map(({ attrs }) => [attrs.category, attrs.type]);
      assert.deepEqual(identities, [[category, type]]);
      const features = query?.getChildren('feature').map(({ attrs }) => attrs.var) ?? [];
      assert.ok(features.includes('urn:xmpp:ping'));
      assert.equal(features.includes('jid\\20escaping'), to === DOMAIN, 'XEP-0106 §5: domains say so');
      assert.equal(features.includes('jabber:iq:version'), to === DOMAIN);
    });
  }

  for (const [what, query] of [
    ['disco#info', INFO],
    ['disco#items', ITEMS],
  ] as const) {
    it(`a node of ${what} does not exist`, () => {
      assert.equal(conditionOf(answerTo(withNode(query), DOMAIN)), 'item-not-found');
    });
  }

  it('an empty node is none', () => {
    assert.equal(answerTo(INFO.replace('/>', " node=''/>"), DOMAIN).attrs.type, 'result');
  });

  for (const to of [DOMAIN, USER]) {
    it(`${to} has no items`, () => {
      const answer = answerTo(ITEMS, to);
      assert.equal(answer.attrs.type, 'result');
      assert.deepEqual(answer.getChild('query')?.children, []);
    });
  }

  it('tells nothing about which users exist (XEP-0030 §8)', () => {
    const about = (user: string) => answerTo(INFO, `${user}@example.net`).getChild('query')?.toString();
    assert.equal(about('romeo'), about('nobody'));
  });
});

describe('XEP-0199 §4: a ping', () => {
  for (const to of [DOMAIN, USER, DEVICE]) {
    it(`of ${to} is answered`, () => {
      const answer = answerTo(PING, to);
      assert.equal(answer.attrs.type, 'result');
      assert.deepEqual(answer.children, []);
    });
  }
});

describe('XEP-0092 §3: the version', () => {
  it('of the domain is told', () => {
    const query = answerTo(VERSION, DOMAIN).getChild('query', 'jabber:iq:version');
    assert.equal(query?.getChildText('name'), 'Verona');
    assert.equal(query?.getChildText('version'), '1.2.3');
  });

  it('of a SIP user is not', () => {
    assert.equal(conditionOf(answerTo(VERSION, USER)), 'service-unavailable');
  });
});

describe('RFC 6120 §8.2.3: every other request', () => {
  for (const to of [DOMAIN, USER, DEVICE]) {
    it(`to ${to} is answered service-unavailable`, () => {
      assert.equal(conditionOf(answerTo(UNKNOWN, to)), 'service-unavailable');
    });
    for (const [what, payload] of [
      ['disco#info', INFO],
      ['ping', PING],
    ] as const) {
      it(`a set of ${what} to ${to} too`, () => {
        assert.equal(conditionOf(answerTo(payload, to, 'set')), 'service-unavailable');
      });
    }
  }

  for (const [what, payload, type] of [
    ['without a payload', '', 'get'],
    ['with two payloads', PING + VERSION, 'get'],
    ['of an unknown type', PING, 'fetch'],
  ] as const) {
    it(`${what} is a bad-request`, () => {
      const answer = answerTo(payload, DOMAIN, type);
      assert.equal(conditionOf(answer), 'bad-request');
      assert.equal(answer.getChild('error')?.attrs.type, 'modify');
    });
  }

  it('without an id is a bad-request', () => {
    const [answer, ...more] = answersTo(`<iq type='get' from='juliet@example.com' to='example.net'>${PING}</iq>`);
    assert.ok(answer);
    assert.equal(conditionOf(answer), 'bad-request');
    assert.deepEqual(more, []);
  });

  for (const type of ['result', 'error']) {
    it(`a ${type} is never answered (RFC 6120 §8.3.1)`, () => {
      assert.deepEqual(answersTo(`<iq type='${type}' id='1' from='a@example.com' to='example.net'>${PING}</iq>`), []);
    });
  }
});
