import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { gatewayAnswers } from '../../../src/xmpp/gateway/gateway-answers.js';
import { iqAnswer } from '../../../src/xmpp/gateway/iq-answers.js';
import { readStanzaError } from '../../../src/xmpp/stanza/error-reply.js';
import { parseXml } from '../../../src/xmpp/xml/parse-xml.js';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';

const OPTIONS = { software: { name: 'Verona', version: '1.2' } };
const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';

function stanza(xml: string): Element {
  const parsed = parseXml(xml);
  assert.ok(parsed.ok, xml);
  return parsed.value;
}

function iq(type: string, payload: string, to = 'example.net', id = " id='1'"): Element {
  return stanza(
    `<iq xmlns='jabber:client' type='${type}' from='juliet@example.com/balcony' to='${to}'${id}>${payload}</iq>`,
  );
}

function answer(request: Element): Element {
  const answers = iqAnswer(request, OPTIONS);
  assert.equal(answers.length, 1, 'RFC 6120 §8.2.3: exactly one answer');
  const [only] = answers as [Element];
  assert.equal(only.name, 'iq');
  assert.equal(only.attrs.xmlns, 'jabber:client');
  assert.equal(only.attrs.from, request.attrs.to);
  assert.equal(only.attrs.to, request.attrs.from);
  assert.equal(only.attrs.id, request.attrs.id);
  return only;
}

const condition = (request: Element) => readStanzaError(answer(request))?.condition;

describe("XEP-0030: what the gateway's addresses are", () => {
  for (const [to, category, type, name, features] of [
    [
      'example.net',
      'gateway',
      'sip',
      'Verona SIP gateway',
      [INFO, ITEMS, 'urn:xmpp:ping', 'jabber:iq:version', 'jid\\20escaping'],
    ],
    ['romeo@example.net', 'account', 'registered', undefined, [INFO, ITEMS, 'urn:xmpp:ping']],
    ['romeo@example.net/a@b', 'client', 'phone', undefined, [INFO, ITEMS, 'urn:xmpp:ping']],
  ] as const) {
    it(`0030-1: ${to} is ${category}/${type}`, () => {
      const query = answer(iq('get', `<query xmlns='${INFO}'/>`, to)).getChild('query', INFO);
      const identities = query?.getChildren('identity').map(({ attrs }) => attrs);
      assert.deepEqual(identities, [{ category, type, ...(name !== undefined && { name }) }]);
      assert.deepEqual(
        query?.getChildren('feature').map(({ attrs }) => attrs.var),
        features,
      );
    });

    it(`0030-2: ${to} has no items`, () => {
      const query = answer(iq('get', `<query xmlns='${ITEMS}'/>`, to)).getChild('query', ITEMS);
      assert.deepEqual(query?.children, []);
    });
  }

  it('0030-4: there are no nodes', () => {
    assert.equal(condition(iq('get', `<query xmlns='${INFO}' node='x'/>`)), 'item-not-found');
    assert.equal(condition(iq('get', `<query xmlns='${ITEMS}' node='x'/>`)), 'item-not-found');
    assert.equal(answer(iq('get', `<query xmlns='${INFO}' node=''/>`)).attrs.type, 'result');
  });
});

describe('XEP-0199, XEP-0092: ping and version', () => {
  for (const to of ['example.net', 'romeo@example.net', 'romeo@example.net/orchard']) {
    it(`0199-1: ${to} answers a ping`, () => {
      const pong = answer(iq('get', "<ping xmlns='urn:xmpp:ping'/>", to));
      assert.equal(pong.attrs.type, 'result');
      assert.deepEqual(pong.children, []);
    });
  }

  it('the domain tells its version', () => {
    const query = answer(iq('get', "<query xmlns='jabber:iq:version'/>")).getChild('query', 'jabber:iq:version');
    assert.equal(
      serializeXml(query!),
      '<query xmlns="jabber:iq:version"><name>Verona</name><version>1.2</version></query>',
    );
  });
});

describe('RFC 6120 §8.2.3, §8.4: every other request', () => {
  for (const [what, request, expected] of [
    ['an unknown payload', iq('get', "<query xmlns='jabber:iq:private'/>"), 'service-unavailable'],
    [
      'an unknown payload for a user',
      iq('set', "<jingle xmlns='urn:xmpp:jingle:1'/>", 'romeo@example.net/x'),
      'service-unavailable',
    ],
    ['another element of a known namespace', iq('get', "<pong xmlns='urn:xmpp:ping'/>"), 'service-unavailable'],
    ['a set of what is only got', iq('set', `<query xmlns='${INFO}'/>`), 'service-unavailable'],
    ['a resource of the domain', iq('get', "<ping xmlns='urn:xmpp:ping'/>", 'example.net/x@y'), 'service-unavailable'],
    [
      'the version of a user',
      iq('get', "<query xmlns='jabber:iq:version'/>", 'romeo@example.net'),
      'service-unavailable',
    ],
    ['no id', iq('get', "<ping xmlns='urn:xmpp:ping'/>", 'example.net', ''), 'bad-request'],
    ['an empty id', iq('get', "<ping xmlns='urn:xmpp:ping'/>", 'example.net', " id=''"), 'bad-request'],
    ['no payload', iq('get', ''), 'bad-request'],
    ['two payloads', iq('get', "<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/>"), 'bad-request'],
    ['an unknown type', iq('ask', "<ping xmlns='urn:xmpp:ping'/>"), 'bad-request'],
    ['no type', stanza("<iq xmlns='jabber:client' id='1' from='a@b' to='c'><x/></iq>"), 'bad-request'],
  ] as const) {
    it(`${what}: ${expected}`, () => assert.equal(condition(request), expected));
  }

  it('S11: results and errors are never answered', () => {
    assert.deepEqual(iqAnswer(iq('result', ''), OPTIONS), []);
    assert.deepEqual(iqAnswer(iq('error', "<error type='cancel'/>"), OPTIONS), []);
  });
});

describe('gatewayAnswers', () => {
  const answers = gatewayAnswers(OPTIONS);
  it('leaves messages to behaviours', () => {
    assert.equal(answers(new Element('message', { xmlns: 'jabber:client' })), undefined);
  });
  it('answers IQs and presence', () => {
    assert.equal(answers(iq('get', "<ping xmlns='urn:xmpp:ping'/>"))?.length, 1);
    assert.equal(answers(stanza("<presence xmlns='jabber:client' type='subscribe' from='a@b' to='c@d'/>"))?.length, 1);
    assert.deepEqual(answers(stanza("<presence xmlns='jabber:client' from='a@b' to='c@d'/>")), []);
  });
});
