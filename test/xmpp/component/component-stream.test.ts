import assert from 'node:assert/strict';
import {
  type ComponentEffect,
  ComponentStream,
  handshakeOf,
  NS_COMPONENT_ACCEPT,
} from '../../../src/xmpp/component/component-stream.js';
import { XmlStreamParser } from '../../../src/xmpp/xml/xml-stream-parser.js';

const SECRET = 'test';
const HEADER =
  "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='example.net' id='3BF96D32'>";
const ERROR_NS = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";

/** A stream that has sent its opening, and a server that says something on it. */
function opened() {
  const stream = new ComponentStream('example.net', SECRET);
  const parser = new XmlStreamParser();
  const opening = stream.open();
  const hears = (text: string): readonly ComponentEffect[] =>
    parser.push(Buffer.from(text)).flatMap((event) => stream.take(event));
  return { stream, opening, hears };
}

function ready() {
  const peer = opened();
  peer.hears(HEADER);
  peer.hears('<handshake/>');
  assert.equal(peer.stream.ready, true);
  return peer;
}

/** The one effect that ends the stream. */
function endOf(effects: readonly ComponentEffect[]) {
  assert.equal(effects.length, 1);
  const [effect] = effects;
  assert.ok(effect?.kind === 'over');
  return effect.reason;
}

describe('XEP-0114 §3: the handshake', () => {
  it('hashes the stream id and the secret as the example does', () => {
    assert.equal(handshakeOf('3BF96D32', 'test'), 'aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e');
  });

  it('hashes the UTF-8 form of a secret', () => {
    assert.notEqual(handshakeOf('1', 'schlüssel'), handshakeOf('1', 'schlussel'));
    assert.match(handshakeOf('1', 'schlüssel'), /^[0-9a-f]{40}$/);
  });

  it('is written when the server has opened the stream', () => {
    const { hears, stream } = opened();
    assert.deepEqual(hears(HEADER), [
      { kind: 'write', text: '<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>' },
    ]);
    assert.equal(stream.ready, false);
  });

  it('makes the stream ready when it is accepted', () => {
    const { hears, stream } = opened();
    hears(HEADER);
    assert.deepEqual(hears('<handshake/>'), [{ kind: 'ready' }]);
    assert.equal(stream.ready, true);
  });
});

describe('a component stream', () => {
  it('opens to its own name, in the namespace of components', () => {
    const [start] = new XmlStreamParser().push(Buffer.from(opened().opening));
    assert.ok(start?.kind === 'stream-start');
    assert.equal(start.root.attrs.to, 'example.net');
    assert.equal(start.root.attrs.xmlns, NS_COMPONENT_ACCEPT);
    assert.equal(start.namespace, 'http://etherx.jabber.org/streams');
  });

  it('gives stanzas in the namespace of clients', () => {
    const [effect] = ready().hears(
      "<message from='juliet@example.com' to='romeo@example.net'><body>Hi</body></message>",
    );
    assert.ok(effect?.kind === 'stanza');
    assert.equal(effect.stanza.attrs.xmlns, 'jabber:client');
    assert.equal(effect.stanza.getChildText('body'), 'Hi');
  });

  it('ends when the server ends it', () => {
    const { hears, stream } = ready();
    assert.equal(endOf(hears('</stream:stream>')).kind, 'closed');
    assert.equal(stream.ready, false);
  });

  it('says nothing more once it is over', () => {
    const stream = ready().stream;
    const end = { kind: 'stream-end' } as const;
    assert.equal(stream.take(end).length, 1);
    assert.deepEqual(stream.take(end), []);
  });

  it('ends at XML that is none', () => {
    assert.equal(endOf(ready().hears('<message></iq>')).kind, 'error');
  });

  it('ends when the peer opens it with something else than a stream', () => {
    assert.equal(endOf(opened().hears("<html xmlns='http://www.w3.org/1999/xhtml'>")).kind, 'error');
  });

  for (const id of ['', " id=''"]) {
    it(`ends when the server gives it ${id === '' ? 'no id' : 'an empty id'}`, () => {
      assert.equal(endOf(opened().hears(HEADER.replace(" id='3BF96D32'", id))).kind, 'error');
    });
  }

  it('takes no stanza for the handshake (early stanzas)', () => {
    const { hears, stream } = opened();
    hears(HEADER);
    assert.match(endOf(hears('<message/>')).text, /<message\/> instead of the handshake/);
    assert.equal(stream.ready, false);
  });

  it('takes nothing before the stream is open', () => {
    const { stream } = opened();
    const parser = new XmlStreamParser();
    const element = parser.push(Buffer.from(`${HEADER}<message/>`))[1]!;
    assert.equal(endOf(stream.take(element)).kind, 'error');
  });

  it('takes no second opening', () => {
    const { stream } = ready();
    const start = new XmlStreamParser().push(Buffer.from(HEADER))[0]!;
    assert.match(endOf(stream.take(start)).text, /twice/);
  });

  for (const state of ['before the handshake', 'after the handshake'] as const) {
    it(`ignores features that a server announces ${state}`, () => {
      const { hears, stream } = opened();
      hears(HEADER);
      if (state === 'after the handshake') hears('<handshake/>');
      assert.deepEqual(hears("<stream:features><x xmlns='urn:example'/></stream:features>"), []);
      if (state === 'before the handshake') hears('<handshake/>');
      assert.equal(stream.ready, true);
    });
  }
});

describe('XEP-0114 §3: how a server refuses a component', () => {
  for (const [condition, kind] of [
    ['not-authorized', 'refused'],
    ['host-unknown', 'refused'],
    ['invalid-namespace', 'refused'],
    ['conflict', 'conflict'],
    ['system-shutdown', 'error'],
    ['internal-server-error', 'error'],
  ] as const) {
    it(`${condition} is ${kind}`, () => {
      const { hears } = opened();
      hears(HEADER);
      const reason = endOf(hears(`<stream:error><${condition} ${ERROR_NS}/></stream:error>`));
      assert.deepEqual(reason, { kind, text: condition });
    });
  }

  it('tells the words that the server adds', () => {
    const { hears } = opened();
    hears(HEADER);
    const error = `<stream:error><text ${ERROR_NS}>no such component</text><host-unknown ${ERROR_NS}/></stream:error>`;
    assert.deepEqual(endOf(hears(error)), { kind: 'refused', text: 'host-unknown (no such component)' });
  });

  it('an error without a condition is one all the same (RFC 6120 §4.9.2)', () => {
    assert.deepEqual(endOf(ready().hears('<stream:error/>')), { kind: 'error', text: 'undefined-condition' });
  });
});
