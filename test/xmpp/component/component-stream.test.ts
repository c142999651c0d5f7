import assert from 'node:assert/strict';
import {
  type ComponentEffect,
  ComponentStream,
  handshakeOf,
  NS_COMPONENT_ACCEPT,
} from '../../../src/xmpp/component/component-stream.js';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';
import { XmlStreamParser } from '../../../src/xmpp/xml/xml-stream-parser.js';

const NS_STREAMS = 'http://etherx.jabber.org/streams';
const HEADER = `<stream:stream xmlns='${NS_COMPONENT_ACCEPT}' xmlns:stream='${NS_STREAMS}' from='example.net' id='3BF96D32'>`;

/** What a stream makes of a server's words. */
function hear(xml: string, secret = 'test'): { stream: ComponentStream; effects: ComponentEffect[] } {
  const stream = new ComponentStream('example.net', secret);
  stream.open();
  const parser = new XmlStreamParser({ maxDepth: 4 }, { skipsOversized: true });
  const effects = parser.push(Buffer.from(xml)).flatMap((event) => stream.take(event));
  return { stream, effects };
}

function end(xml: string) {
  const last = hear(xml).effects.at(-1);
  assert.equal(last?.kind, 'over');
  return last?.kind === 'over' ? last.reason : undefined;
}

describe('XEP-0114 §3: a component stream', () => {
  it('0114-1: opens with the name of the component', () => {
    const text = new ComponentStream('example.net', 'test').open();
    const [event] = new XmlStreamParser().push(Buffer.from(text));
    assert.ok(event?.kind === 'stream-start');
    assert.equal(event.attrs.to, 'example.net');
    assert.equal(event.declaredNamespaces.get(''), NS_COMPONENT_ACCEPT);
    assert.equal(event.attrs.version, undefined, 'no features are negotiated');
  });

  it('0114-3: answers with SHA-1 of stream id and secret', () => {
    assert.equal(handshakeOf('3BF96D32', 'test'), 'aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e');
    assert.deepEqual(hear(HEADER).effects, [
      { kind: 'write', text: '<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>' },
    ]);
  });

  it('is ready when the handshake is accepted', () => {
    const { stream, effects } = hear(`${HEADER}<handshake/>`);
    assert.deepEqual(effects.at(-1), { kind: 'ready' });
    assert.equal(stream.ready, true);
    assert.equal(hear(HEADER).stream.ready, false);
  });

  it('gives stanzas in jabber:client, what is theirs inside too, and nothing else', () => {
    const { effects } = hear(
      `${HEADER}<handshake/><message><body/><f xmlns='urn:f'><message xmlns='${NS_COMPONENT_ACCEPT}'/></f></message><other/><iq xmlns='urn:x'/><presence xmlns='jabber:client'/>`,
    );
    assert.deepEqual(
      effects.slice(2).map((effect) => (effect.kind === 'stanza' ? serializeXml(effect.stanza) : effect.kind)),
      [
        `<message xmlns="jabber:client"><body/><f xmlns="urn:f"><message xmlns="${NS_COMPONENT_ACCEPT}"/></f></message>`,
        '<presence xmlns="jabber:client"/>',
      ],
    );
  });

  it('tells a stanza that is too large from others', () => {
    const { effects } = hear(`${HEADER}<handshake/><message id='a'><b><c><d><e/></d></c></b></message>`);
    const last = effects.at(-1);
    assert.ok(last?.kind === 'oversized');
    assert.equal(last.stanza.attrs.id, 'a');
    assert.equal(last.fault.appCondition, 'stanza-too-big');
  });

  const error = (condition: string, text = '') =>
    `${HEADER}<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>${text && `<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${text}</text>`}</stream:error>`;
  for (const [what, xml, kind, words] of [
    [
      '0114-3: a wrong secret',
      error('not-authorized', 'Given token does not match'),
      'refused',
      /^not-authorized: Given/,
    ],
    ['0114-2: an unknown component', error('host-unknown'), 'refused', /^host-unknown$/],
    ['0114-2: a component that is connected', error('conflict'), 'conflict', /^conflict$/],
    ['another error', error('system-shutdown'), 'error', /^system-shutdown$/],
    ['an error without condition', `${HEADER}<stream:error/>`, 'error', /^undefined-condition$/],
    ['a long text', error('reset', 'a'.repeat(5000)), 'error', /^reset: a{200}$/],
    ['the end', `${HEADER}<handshake/></stream:stream>`, 'closed', /closed/],
    ['a stream without id', `${HEADER.replace(/ id='.*'/, '')}<handshake/>`, 'refused', /no id/],
    ['a stream without id, and why', error('host-unknown').replace(/ id='[^']*'/, ''), 'refused', /^host-unknown$/],
    ['something else instead of the handshake', `${HEADER}<message/>`, 'error', /<message\/> instead/],
    ['no XMPP', '<html>', 'error', /no XMPP server/],
    ['no XML', 'HTTP/1.1 400 Bad Request', 'error', /no XML stream/],
    [
      'a port for clients',
      `${HEADER.replace(NS_COMPONENT_ACCEPT, 'jabber:client')}<stream:features/>`,
      'refused',
      /something else/,
    ],
    [
      'a port for clients that says why',
      error('invalid-namespace').replace(NS_COMPONENT_ACCEPT, 'jabber:client'),
      'refused',
      /^invalid-namespace$/,
    ],
  ] as const) {
    it(`${what}: ${kind}`, () => {
      const reason = end(xml);
      assert.equal(reason?.kind, kind);
      assert.match(reason?.text ?? '', words);
    });
  }

  it('ends once', () => {
    const { effects, stream } = hear(`${error('conflict')}</stream:stream>`);
    assert.equal(effects.filter(({ kind }) => kind === 'over').length, 1);
    assert.equal(stream.ready, false);
  });

  it('COMPAT: waits through features', () => {
    assert.deepEqual(hear(`${HEADER}<stream:features/><handshake/>`).effects.at(-1), { kind: 'ready' });
  });
});
