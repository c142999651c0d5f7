import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { errorReply, readStanzaError } from '../../../src/xmpp/stanza/error-reply.js';
import { errorType, stanzaError } from '../../../src/xmpp/stanza/error-type.js';
import { CONDITIONS, type StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import { parseXml } from '../../../src/xmpp/xml/parse-xml.js';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';

const NS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

function stanza(xml: string): Element {
  const parsed = parseXml(xml);
  assert.ok(parsed.ok, xml);
  return parsed.value;
}

const error = (inside: string, attributes = '') =>
  readStanzaError(
    stanza(`<message xmlns='jabber:client' type='error'><error ${attributes}>${inside}</error></message>`),
  );

describe('RFC 6120 §8.3.1: an error stanza in answer', () => {
  const message = stanza(
    "<message xmlns='jabber:client' from='a@b/c' to='d@e' id='1' type='chat'><body>hi</body></message>",
  );

  it('swaps the addresses, keeps the id, leaves the body out', () => {
    assert.equal(
      serializeXml(errorReply(message, stanzaError('item-not-found', 'no such user'))),
      `<message xmlns="jabber:client" type="error" from="d@e" to="a@b/c" id="1"><error type="cancel"><item-not-found xmlns="${NS}"/><text xmlns="${NS}" xml:lang="en">no such user</text></error></message>`,
    );
  });

  it('may come from somebody else', () => {
    assert.equal(errorReply(message, stanzaError('gone'), 'e').attrs.from, 'e');
  });

  it('has no addresses or id that the stanza lacks', () => {
    const reply = errorReply(new Element('iq', { xmlns: 'jabber:client' }), stanzaError('bad-request'));
    assert.deepEqual(reply.attrs, { xmlns: 'jabber:client', type: 'error' });
  });

  for (const original of [
    { condition: 'gone', type: 'cancel', address: 'xmpp:romeo@example.org' },
    { condition: 'redirect', type: 'modify', text: 'moved', lang: 'it', address: 'sip:a&b@example.net' },
    { condition: 'policy-violation', type: 'wait', text: 'slower & slower', lang: 'en' },
    ...CONDITIONS.map((condition) => stanzaError(condition)),
  ] satisfies StanzaError[]) {
    it(`reads back ${original.condition}`, () =>
      assert.deepEqual(readStanzaError(errorReply(message, original)), original));
  }
});

describe('RFC 6120 §8.3.2: error stanzas of others', () => {
  for (const [what, read, expected] of [
    [
      'an unknown condition',
      error(`<payment-required xmlns='${NS}'/>`, "type='auth'"),
      { condition: 'undefined-condition', type: 'auth' },
    ],
    [
      'an application condition first',
      error(`<x xmlns='u'/><conflict xmlns='${NS}'/>`),
      { condition: 'conflict', type: 'cancel' },
    ],
    [
      'a condition of another namespace',
      error("<conflict xmlns='u'/>", "type='wait'"),
      { condition: 'undefined-condition', type: 'wait' },
    ],
    ['an unknown type', error(`<forbidden xmlns='${NS}'/>`, "type='fatal'"), { condition: 'forbidden', type: 'auth' }],
    ['leg-7: a code alone', error('', "code='404'"), { condition: 'item-not-found', type: 'cancel' }],
    ['leg-7: code 504', error('', "code='504' type='wait'"), { condition: 'remote-server-timeout', type: 'wait' }],
    ['leg-7: an unknown code', error('', "code='499'"), { condition: 'undefined-condition', type: 'cancel' }],
    [
      'a code that is a name of JavaScript',
      error('', "code='constructor'"),
      { condition: 'undefined-condition', type: 'cancel' },
    ],
    [
      'a condition beside a code',
      error(`<conflict xmlns='${NS}'/>`, "code='404'"),
      { condition: 'conflict', type: 'cancel' },
    ],
    ['gone without address', error(`<gone xmlns='${NS}'/>`), { condition: 'gone', type: 'cancel' }],
    [
      'text that is no address',
      error(`<conflict xmlns='${NS}'>x</conflict>`),
      { condition: 'conflict', type: 'cancel' },
    ],
    [
      'an empty text',
      error(`<conflict xmlns='${NS}'/><text xmlns='${NS}'/>`),
      { condition: 'conflict', type: 'cancel' },
    ],
  ] as const) {
    it(what, () => assert.deepEqual(read, expected));
  }

  it('A15: without an error child it is the fault of its sender', () => {
    assert.deepEqual(readStanzaError(stanza("<message xmlns='jabber:client' type='error'/>")), {
      condition: 'internal-server-error',
      type: 'cancel',
    });
  });

  it('a stanza of another type has no error', () => {
    assert.equal(readStanzaError(stanza("<message xmlns='jabber:client'><error/></message>")), undefined);
  });

  it('every condition has its type', () => {
    for (const condition of CONDITIONS) assert.match(errorType(condition), /^(auth|cancel|modify|wait)$/);
  });
});
