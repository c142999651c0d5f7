import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { stanzaText } from '../../../src/xmpp/stream/stanza-text.js';
import { XmlStreamParser } from '../../../src/xmpp/xml/xml-stream-parser.js';

function roundTrip(text: string): Element {
  const parser = new XmlStreamParser();
  parser.push(Buffer.from('<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">'));
  const [event, ...more] = parser.push(Buffer.from(text));
  assert.deepEqual(more, []);
  assert.ok(event?.kind === 'element', text);
  return event.element;
}

describe('RFC 6120 §4.8: a stanza as text', () => {
  it('leaves the namespace of the stream to the stream, and says every other', () => {
    const message = new Element('message', { xmlns: 'jabber:client', to: 'a@example.com', id: undefined });
    message.c('body').t('Hi');
    message.c('x', { xmlns: 'urn:example:x' }).c('y');
    assert.equal(
      stanzaText(message),
      '<message to="a@example.com"><body>Hi</body><x xmlns="urn:example:x"><y/></x></message>',
    );
    assert.equal(stanzaText(new Element('x', { xmlns: 'urn:example:x' })), '<x xmlns="urn:example:x"/>');
  });

  for (const text of [`<>&"'`, 'a\r\nb\rc', 'tab\tline\n', ']]>', 'Ünïcode 🌹 \u0085\u2028', '  ']) {
    it(`brings ${JSON.stringify(text)} across unchanged, as text and as attribute`, () => {
      const message = new Element('message', { xmlns: 'jabber:client', id: text });
      message.c('body').t(text);
      const read = roundTrip(stanzaText(message));
      assert.equal(read.getChildText('body'), text);
      assert.equal(read.attrs.id, text);
    });
  }

  it('S17: never writes what XML cannot carry', () => {
    const message = new Element('message', { xmlns: 'jabber:client', id: 'a\u0000b' });
    message.c('body').t('bell \u0007, noncharacter \ufffe\uffff');
    const read = roundTrip(stanzaText(message));
    assert.equal(read.getChildText('body'), 'bell \ufffd, noncharacter \ufffd\ufffd');
    assert.equal(read.attrs.id, 'a\ufffdb');
  });
});
