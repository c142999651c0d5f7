/**
 * The XML parser against the two that could have been taken: ltx's own, and saxes. Safety first (how many of the inputs
 * that RFC 6120 §11 and XML forbid are refused), then speed.
 */
import { Element, Parser as LtxParser } from 'ltx';
import { SaxesParser } from 'saxes';
import { serializeXml } from '../../src/xmpp/xml/serialize-xml.js';
import { XmlStreamParser } from '../../src/xmpp/xml/xml-stream-parser.js';
import type { BenchResult } from './bench-result.js';

const HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com'>";
const MESSAGE =
  "<message to='romeo@example.net' from='juliet@example.com/balcony' type='chat' id='ktx72v49' xml:lang='en'>" +
  '<body>Art thou not Romeo, and a Montague? Neither, fair saint, if either thee dislike.</body>' +
  '<thread>e0ffe42b28561960c6b12b944a092794b9683a38</thread>' +
  "<active xmlns='http://jabber.org/protocol/chatstates'/></message>";
const CYRILLIC = MESSAGE.replace(
  /<body>.*<\/body>/,
  `<body>${'\u041f\u0440\u0438\u0432\u0435\u0442, '.repeat(9)}</body>`,
);
const LARGE = `<message><body>${'All the world\u2019s a stage &amp; '.repeat(2000)}</body></message>`;
const ROSTER = `<iq type='result' id='1'><query xmlns='jabber:iq:roster'>${"<item jid='juliet@example.com' name='Juliet' subscription='both'><group>Capulet</group></item>".repeat(500)}</query></iq>`;

/** What a strict parser of XMPP refuses. */
const FORBIDDEN: Readonly<Record<string, string | Uint8Array>> = {
  comment: '<a><!-- b --></a>',
  'processing instruction': '<a><?b c?></a>',
  'document type': '<!DOCTYPE a><a/>',
  'entity declaration': '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  'undefined entity': '<a>&nbsp;</a>',
  'mismatched tags': '<a><b></a></b>',
  'undeclared prefix': '<x:a/>',
  'undeclared prefix of an attribute': "<a x:b='1'/>",
  'attribute twice': "<a b='1' b='2'/>",
  'attribute twice by namespace': "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>",
  'bad name': '<1a/>',
  'two colons': '<a:b:c/>',
  'attribute without value': '<a b/>',
  'attribute without quotes': '<a b=c/>',
  'less-than in an attribute': "<a b='<'/>",
  'control character': '<a>\u0001</a>',
  'reference to a control character': '<a>&#1;</a>',
  'end of CDATA in text': '<a>]]></a>',
  'lone ampersand': '<a>b & c</a>',
  'overlong UTF-8': Uint8Array.of(0x3c, 0x61, 0x3e, 0xc0, 0xaf, 0x3c, 0x2f, 0x61, 0x3e),
  'Latin-1': Uint8Array.of(0x3c, 0x61, 0x3e, 0xe9, 0x3c, 0x2f, 0x61, 0x3e),
  'text between stanzas': 'b<a/>',
  'a stanza without end': `<a>${'b'.repeat(1_000_000)}`,
  'a stanza of great depth': '<a>'.repeat(10_000),
};

/** Reads chunks; tells how many first-level elements came, throws or returns undefined when the input is refused. */
type Reader = () => (chunk: Buffer) => number | undefined;

const readers: Readonly<Record<string, Reader>> = {
  verona: () => {
    const parser = new XmlStreamParser();
    return (chunk) => {
      const events = parser.push(chunk);
      if (events.at(-1)?.kind === 'error') return undefined;
      return events.filter(({ kind }) => kind === 'element').length;
    };
  },
  ltx: () => {
    // The tokenizer of ltx with the few lines that every user of it writes: a tree for each first-level element.
    const tokenizer = new (
      LtxParser as unknown as { prototype: { DefaultParser: new () => LtxTokenizer } }
    ).prototype.DefaultParser();
    let current: Element | undefined;
    let depth = 0;
    let elements = 0;
    tokenizer.on('startElement', (name, attrs) => {
      if (depth++ === 0) return;
      const child = new Element(name, attrs);
      current = current === undefined ? child : current.cnode(child);
    });
    tokenizer.on('text', (text) => current?.t(text));
    tokenizer.on('endElement', () => {
      depth--;
      if (depth === 1) {
        current = undefined;
        elements++;
      } else current = current?.parent ?? undefined;
    });
    return (chunk) => {
      elements = 0;
      tokenizer.write(chunk);
      return elements;
    };
  },
  saxes: () => {
    const parser = new SaxesParser({ xmlns: true, position: false });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let current: Element | undefined;
    let depth = 0;
    let elements = 0;
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('opentag', (tag) => {
      if (depth++ === 0) return;
      const attrs: Record<string, string> = {};
      for (const name in tag.attributes) attrs[name] = tag.attributes[name]!.value;
      const child = new Element(tag.name, attrs);
      current = current === undefined ? child : current.cnode(child);
    });
    parser.on('text', (text) => current?.t(text));
    parser.on('closetag', () => {
      depth--;
      if (depth === 1) {
        current = undefined;
        elements++;
      } else current = current?.parent ?? undefined;
    });
    return (chunk) => {
      elements = 0;
      parser.write(decoder.decode(chunk, { stream: true }));
      return elements;
    };
  },
};

interface LtxTokenizer {
  on(event: 'startElement', take: (name: string, attrs: Record<string, string>) => void): void;
  on(event: 'text', take: (text: string) => void): void;
  on(event: 'endElement', take: () => void): void;
  write(chunk: Buffer): void;
}

export async function run(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [name, reader] of Object.entries(readers)) {
    const passed = Object.entries(FORBIDDEN).filter(([, input]) => !refuses(reader, input));
    results.push({
      name: `${name}: forbidden inputs refused`,
      unit: `of ${Object.keys(FORBIDDEN).length}`,
      value: Object.keys(FORBIDDEN).length - passed.length,
      higherIsBetter: true,
      detail: Object.fromEntries(passed.map(([what]) => [`passes: ${what}`, 1])),
    });
  }
  for (const [name, reader] of Object.entries(readers)) {
    for (const [what, xml, chunkOctets] of [
      [`message of ${Buffer.byteLength(MESSAGE)} octets`, MESSAGE, Infinity],
      [`message of ${Buffer.byteLength(CYRILLIC)} octets, Cyrillic`, CYRILLIC, Infinity],
      ['50 messages in one chunk', MESSAGE.repeat(50), Infinity],
      ['roster of 500 in chunks of 1400 octets', ROSTER, 1400],
      ['body of 60 kB in chunks of 1400 octets', LARGE, 1400],
    ] as const) {
      results.push({ ...(await measure(reader, Buffer.from(xml), chunkOctets)), name: `${name}: ${what}` });
    }
  }
  results.push(measureRoundTrip());
  return results;
}

function refuses(reader: Reader, input: string | Uint8Array): boolean {
  try {
    const read = reader();
    // A doctype can only come before the root; everything else is put inside a stream.
    const isProlog = typeof input === 'string' && input.startsWith('<!DOCTYPE');
    if (!isProlog && read(Buffer.from(HEADER)) === undefined) throw new Error('the header was refused');
    return read(Buffer.from(input as string)) === undefined;
  } catch {
    return true;
  }
}

async function measure(reader: Reader, xml: Buffer, chunkOctets: number): Promise<Omit<BenchResult, 'name'>> {
  const read = reader();
  read(Buffer.from(HEADER));
  const chunks: Buffer[] = [];
  for (let at = 0; at < xml.length; at += chunkOctets) chunks.push(xml.subarray(at, at + chunkOctets));
  const seconds = bestOf(5, 0.2, () => {
    for (const chunk of chunks) read(chunk);
  });
  return {
    unit: 'µs',
    value: seconds * 1e6,
    higherIsBetter: false,
    detail: { 'MB/s': xml.length / seconds / 1e6 },
  };
}

/** The hot path: a message parsed and written again. */
function measureRoundTrip(): BenchResult {
  const parser = new XmlStreamParser();
  parser.push(Buffer.from(HEADER));
  const message = Buffer.from(MESSAGE);
  const seconds = bestOf(5, 0.2, () => {
    const [event] = parser.push(message);
    if (event?.kind === 'element') serializeXml(event.element);
  });
  return { name: 'verona: message parsed and written', unit: 'µs', value: seconds * 1e6, higherIsBetter: false };
}

/** Seconds for one call: the best of `rounds`, each of about `roundSeconds`. */
function bestOf(rounds: number, roundSeconds: number, work: () => void): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    let calls = 0;
    const begin = performance.now();
    let elapsed = 0;
    do {
      for (let call = 0; call < 20; call++) work();
      calls += 20;
      elapsed = (performance.now() - begin) / 1000;
    } while (elapsed < roundSeconds);
    best = Math.min(best, elapsed / calls);
  }
  return best;
}
