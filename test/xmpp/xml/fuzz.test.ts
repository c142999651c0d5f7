/** Random and mutated octets, in random chunks: no throw, no hang, no growth, and the chunks make no difference. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';
import { type XmlEvent, XmlStreamParser } from '../../../src/xmpp/xml/xml-stream-parser.js';

const RUNS = Number(process.env.VERONA_FUZZ_RUNS ?? 1500);
const LIMITS = {
  maxStanzaBytes: 400,
  maxDepth: 5,
  maxAttributes: 4,
  maxNameBytes: 30,
  maxAttributeBytes: 60,
  maxElements: 12,
};

const HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>";
const SEEDS = [
  "<?xml version='1.0' encoding='UTF-8'?>",
  HEADER,
  "<message to='romeo@example.net' type='chat' xml:lang='en'><body>Art thou not Romeo? \u20ac\u{1f600}</body></message>",
  "<presence><show>xa</show><x xmlns='urn:x' a:b='1' xmlns:a='urn:a'/></presence>",
  '<a><![CDATA[<&]]]]>]]&gt;&#x20AC;&amp;\r\n</a>',
  '<stream:error><c xmlns="u"/></stream:error>',
  '</stream:stream>',
];
const PIECES = [
  ...'<>&;\'"/!?=-[]:# \r\n\tax1',
  '\0',
  '\u00e9',
  '\u20ac',
  '\uffff',
  '<a>',
  '</a>',
  '<a/>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<!DOCTYPE',
  '&#x',
  '&lt;',
  " xmlns='u'",
  " xmlns:p='u'",
  '<p:a',
  " p:b='c'",
  'xml:',
  '__proto__',
];

const bytesOf = (text: string) => Buffer.from(text, 'utf8');
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...SEEDS).map(bytesOf) },
  { weight: 4, arbitrary: fc.constantFrom(...PIECES).map(bytesOf) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)) },
);
const mutation = fc.record({ at: fc.nat(600), kind: fc.constantFrom('set', 'remove', 'insert'), octet: fc.nat(255) });
const stream = fc
  .record({
    header: fc.boolean(),
    pieces: fc.array(piece, { maxLength: 12 }),
    mutations: fc.array(mutation, { maxLength: 3 }),
  })
  .map(({ header, pieces, mutations }) => {
    const octets = [...Buffer.concat(header ? [bytesOf(HEADER), ...pieces] : pieces)];
    for (const { at, kind, octet } of mutations) {
      if (kind === 'set' && at < octets.length) octets[at] = octet;
      else if (kind === 'remove') octets.splice(at, 1);
      else if (kind === 'insert') octets.splice(Math.min(at, octets.length), 0, octet);
    }
    return Uint8Array.from(octets);
  });

/** Events without what identifies them: elements as text. */
function plain(events: readonly XmlEvent[]): unknown[] {
  return events.map((event) => {
    if (event.kind === 'element') return { element: serializeXml(event.element), oversized: event.oversized };
    if (event.kind === 'stream-start')
      return { ...event, root: event.root.toString(), declaredNamespaces: [...event.declaredNamespaces] };
    return event;
  });
}

function readInChunks(
  bytes: Uint8Array,
  sizes: readonly number[],
  skipsOversized = false,
): { events: unknown[]; buffered: number } {
  const parser = new XmlStreamParser(LIMITS, { skipsOversized });
  const events: unknown[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes.length === 0 ? bytes.length : sizes[turn % sizes.length]!;
    events.push(...plain(parser.push(bytes.subarray(at, at + size))));
    at += size;
    assert.ok(parser.buffered <= LIMITS.maxStanzaBytes * (skipsOversized ? 8 : 1));
  }
  return { events, buffered: parser.buffered };
}

describe('XML parser (fuzz)', function () {
  this.timeout(60_000);

  it('reads the same whatever the chunks', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (bytes, sizes) => {
        const whole = readInChunks(bytes, []);
        assert.deepEqual(readInChunks(bytes, sizes), whole);
        assert.deepEqual(readInChunks(bytes, [1]), whole);
      }),
      { numRuns: RUNS },
    );
  });

  it('skips the same whatever the chunks', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 40 }), (bytes, size) => {
        const whole = readInChunks(bytes, [], true);
        assert.deepEqual(readInChunks(bytes, [size], true), whole);
        assert.deepEqual(readInChunks(bytes, [1], true), whole);
      }),
      { numRuns: RUNS },
    );
  });

  it('reads any octets without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readInChunks(bytes, [7]);
      }),
      { numRuns: RUNS },
    );
  });

  it('reads a large stanza in single octets without a cost that grows with its square', () => {
    const cost = (size: number): number => {
      const parser = new XmlStreamParser({ maxStanzaBytes: 10 * size, maxAttributeBytes: size });
      const bytes = bytesOf(
        `${HEADER}<a b='${'c'.repeat(size)}'>${'d'.repeat(size)}<![CDATA[${'e]'.repeat(size)}]]></a>`,
      );
      const chunks = Array.from(bytes, (octet) => Uint8Array.of(octet));
      const before = process.cpuUsage();
      const events = chunks.flatMap((chunk) => parser.push(chunk));
      assert.equal(events.length, 2);
      return process.cpuUsage(before).user;
    };
    cost(2_000);
    const small = Math.max(cost(4_000), 2_000);
    assert.ok(cost(40_000) < 60 * small, 'ten times the octets should cost about ten times the time');
  });
});
