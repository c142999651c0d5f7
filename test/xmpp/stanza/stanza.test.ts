import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { delayStamp, readDelay } from '../../../src/xmpp/stanza/delay.js';
import { discoInfo, discoItems } from '../../../src/xmpp/stanza/disco.js';
import { iqResult, stanzaKind } from '../../../src/xmpp/stanza/stanza.js';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';

describe('RFC 6120 §8: stanzas', () => {
  for (const [name, xmlns, kind] of [
    ['message', 'jabber:client', 'message'],
    ['presence', 'jabber:client', 'presence'],
    ['iq', 'jabber:client', 'iq'],
    ['message', 'jabber:server', undefined],
    ['pubsub', 'jabber:client', undefined],
  ] as const) {
    it(`<${name} xmlns='${xmlns}'/> is ${kind ?? 'none'}`, () => {
      assert.equal(stanzaKind(new Element(name, { xmlns })), kind);
    });
  }

  it('the result of an IQ goes back', () => {
    const iq = new Element('iq', { xmlns: 'jabber:client', type: 'get', from: 'a', to: 'b', id: 'c' });
    assert.equal(
      serializeXml(iqResult(iq, new Element('query', { xmlns: 'u' }))),
      '<iq xmlns="jabber:client" type="result" from="b" to="a" id="c"><query xmlns="u"/></iq>',
    );
    assert.deepEqual(iqResult(new Element('iq')).attrs, { xmlns: 'jabber:client', type: 'result' });
  });
});

describe('XEP-0203, XEP-0082: delay', () => {
  const stamp = Date.UTC(2002, 8, 10, 23, 8, 25, 120);

  it('is read as it was stamped', () => {
    const message = new Element('message');
    message.cnode(delayStamp(stamp, 'example.net'));
    assert.deepEqual(readDelay(message), { stampMs: stamp, from: 'example.net' });
    assert.equal(message.getChild('delay')?.attrs.stamp, '2002-09-10T23:08:25.120Z');
  });

  it('leg-6: the older format is read where the newer is absent', () => {
    const message = new Element('message');
    message.c('x', { xmlns: 'jabber:x:delay', stamp: '20020910T23:08:25', from: 'a' });
    assert.deepEqual(readDelay(message), { stampMs: stamp - 120, from: 'a' });
    message.c('delay', { xmlns: 'urn:xmpp:delay', stamp: '2003-01-01T00:00:00Z' });
    assert.deepEqual(readDelay(message), { stampMs: Date.UTC(2003, 0), from: undefined });
  });

  it('an illegible stamp is none', () => {
    const message = new Element('message');
    message.c('delay', { xmlns: 'urn:xmpp:delay', stamp: 'soon' });
    assert.equal(readDelay(message), undefined);
    assert.equal(readDelay(new Element('message')), undefined);
  });
});

describe('XEP-0030: service discovery', () => {
  it('tells identities, features and items', () => {
    assert.equal(
      serializeXml(discoInfo([{ category: 'gateway', type: 'sip', name: 'x' }], ['urn:xmpp:ping'], 'n')),
      '<query xmlns="http://jabber.org/protocol/disco#info" node="n"><identity category="gateway" type="sip" name="x"/><feature var="urn:xmpp:ping"/></query>',
    );
    assert.equal(
      serializeXml(discoItems([{ jid: 'a' }, { jid: 'b', node: 'c', name: 'd' }])),
      '<query xmlns="http://jabber.org/protocol/disco#items"><item jid="a"/><item jid="b" node="c" name="d"/></query>',
    );
  });
});
