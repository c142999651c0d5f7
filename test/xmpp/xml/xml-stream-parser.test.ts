import assert from 'node:assert/strict';
import type { Element } from 'ltx';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';
import type { XmlLimits } from '../../../src/xmpp/xml/xml-limits.js';
import { type XmlEvent, XmlStreamParser } from '../../../src/xmpp/xml/xml-stream-parser.js';

const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' to='example.com' version='1.0'>";

function octets(xml: string | Uint8Array): Uint8Array {
  return typeof xml === 'string' ? Buffer.from(xml, 'utf8') : xml;
}

/** Events of a stream, read in one chunk; read octet by octet it must be the same. */
function read(xml: string | Uint8Array, limits: Partial<XmlLimits> = {}, header = HEADER): XmlEvent[] {
  const bytes = Buffer.concat([octets(header), octets(xml)]);
  const events = new XmlStreamParser(limits).push(bytes);
  const slow = new XmlStreamParser(limits);
  assert.deepEqual(
    Array.from(bytes).flatMap((octet) => slow.push(Uint8Array.of(octet))),
    events,
  );
  return header === '' ? events : events.slice(1);
}

function element(xml: string | Uint8Array, limits: Partial<XmlLimits> = {}): Element {
  const events = read(xml, limits);
  assert.equal(events[0]?.kind, 'element');
  assert.equal(events.length, 1);
  return (events[0] as { element: Element }).element;
}

function condition(xml: string | Uint8Array, limits: Partial<XmlLimits> = {}, header = HEADER): string | undefined {
  const last = read(xml, limits, header).at(-1);
  return last?.kind === 'error' ? last.condition : undefined;
}

describe('RFC 6120 §4.2: the stream header', () => {
  it('comes with its namespace and declarations', () => {
    const [event] = new XmlStreamParser().push(
      octets(`<?xml version="1.0" encoding='utf-8' standalone="yes" ?>\n${HEADER}`),
    );
    assert.ok(event?.kind === 'stream-start');
    assert.equal(event.name, 'stream');
    assert.equal(event.namespace, 'http://etherx.jabber.org/streams');
    assert.equal(event.attrs.to, 'example.com');
    assert.deepEqual(
      [...event.declaredNamespaces],
      [
        ['', 'jabber:client'],
        ['stream', 'http://etherx.jabber.org/streams'],
        ['db', 'jabber:server:dialback'],
      ],
    );
    assert.equal(event.root.getNS(), 'http://etherx.jabber.org/streams');
    assert.equal(event.root.findNS(), 'jabber:client');
  });

  it('may come without declaration, after white space', () => {
    assert.equal(read(` \r\n${HEADER}`, {}, '')[0]?.kind, 'stream-start');
  });

  it('may be all there is', () => {
    assert.deepEqual(
      read("<s xmlns='a'/>", {}, '').map(({ kind }) => kind),
      ['stream-start', 'stream-end'],
    );
  });

  for (const [what, xml, expected] of [
    ['white space before the declaration (6120-11.5-1)', ` <?xml version='1.0'?>${HEADER}`, 'restricted-xml'],
    ['a second declaration', `<?xml version='1.0'?><?xml version='1.0'?>${HEADER}`, 'restricted-xml'],
    ['an instruction', `<?xml-stylesheet href='a'?>${HEADER}`, 'restricted-xml'],
    ['a declaration without version', `<?xml encoding='utf-8'?>${HEADER}`, 'not-well-formed'],
    ['version 2.0', `<?xml version='2.0'?>${HEADER}`, 'not-well-formed'],
    ['a declaration without end', `<?xml version='1.0'${' '.repeat(200)}`, 'not-well-formed'],
    ['another encoding (6120-11.6-1)', `<?xml version='1.0' encoding='ISO-8859-1'?>${HEADER}`, 'unsupported-encoding'],
    ['a byte order mark', `\ufeff${HEADER}`, 'unsupported-encoding'],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), 'unsupported-encoding'],
    ['a comment', `<!-- a -->${HEADER}`, 'restricted-xml'],
    ['a document type', `<!DOCTYPE a [<!ENTITY b 'c'>]>${HEADER}`, 'restricted-xml'],
    ['text', `hello${HEADER}`, 'not-well-formed'],
    ['HTTP', 'GET / HTTP/1.1\r\n', 'not-well-formed'],
    ['an undeclared prefix', "<stream:stream xmlns='jabber:client'>", 'not-well-formed'],
    ['an end tag', '</a>', 'not-well-formed'],
    ['a CDATA section', '<![CDATA[a]]>', 'bad-format'],
  ] as const) {
    it(`${what}: ${expected}`, () => assert.equal(condition(xml, {}, ''), expected));
  }
});

describe('RFC 6120 §8: first-level elements', () => {
  it('carry the content namespace', () => {
    const message = element("<message to='a'><body>hi</body></message>");
    assert.equal(message.attrs.xmlns, 'jabber:client');
    assert.equal(message.getChild('body', 'jabber:client')?.getText(), 'hi');
  });

  it('keep another namespace', () => {
    const auth = element("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>=</auth>");
    assert.equal(auth.getNS(), 'urn:ietf:params:xml:ns:xmpp-sasl');
  });

  it('have names without prefix, in the namespaces that the prefixes stood for', () => {
    const error = element("<stream:error><reset xmlns='urn:x'/><text>a</text></stream:error>");
    assert.equal(error.name, 'error');
    assert.equal(error.attrs.xmlns, 'http://etherx.jabber.org/streams');
    assert.equal(error.getChild('reset')?.getNS(), 'urn:x');
    assert.equal(error.getChild('text')?.getNS(), 'jabber:client');

    const message = element(
      "<c:message xmlns:c='jabber:client' xmlns='urn:y'><c:body/><x/><c:y><z/></c:y></c:message>",
    );
    assert.deepEqual([message.name, message.getNS()], ['message', 'jabber:client']);
    assert.deepEqual(
      message.getChildElements().map((child) => [child.name, child.getNS()]),
      [
        ['body', 'jabber:client'],
        ['x', 'urn:y'],
        ['y', 'jabber:client'],
      ],
    );
    assert.equal(message.getChild('y')?.getChild('z')?.getNS(), 'urn:y');
  });

  it('S10: a prefix does not make a stanza of what is none', () => {
    const fake = element("<x:message xmlns:x='urn:evil'><body/></x:message>");
    assert.equal(fake.attrs.xmlns, 'urn:evil');
    assert.equal(fake.getChild('body')?.getNS(), 'jabber:client');
  });

  it('declare the prefixes of their attributes', () => {
    const message = element("<message><x db:a='1' b='2'/></message>");
    assert.equal(message.attrs['xmlns:db'], 'jabber:server:dialback');
    assert.equal(message.getChild('x')?.attrs['db:a'], '1');
    assert.equal(element("<message xml:lang='de'/>").attrs['xml:lang'], 'de');
  });

  it('come one by one, white space between them giving nothing (6120-11.7-1)', () => {
    const kinds = read(' \n<a/>\r\n\t<b></b > </stream:stream >').map(({ kind }) => kind);
    assert.deepEqual(kinds, ['element', 'element', 'stream-end']);
  });

  it('hold text as it was written', () => {
    const text = element(
      '<a>\r\n1\r2 &amp;&lt;&gt;&quot;&apos;&#65;&#x42;&#xd;&#x1F600;\u20ac]]<![CDATA[<&]]]]><![CDATA[>\r\n]]></a>',
    );
    assert.deepEqual(text.children, ['\n1\n2 &<>"\'AB\r\u{1f600}\u20ac]]<&]]>\n']);
  });

  it('hold attributes as they were written', () => {
    const { attrs } = element(
      "<a b='1\t2\r\n3\n4' c=\"&#9;&#10;&#13;'&quot;\" d = '\u20ac>' __proto__='e' constructor='f'\n/>",
    );
    assert.equal(attrs.b, '1 2 3 4');
    assert.equal(attrs.c, '\t\n\r\'"');
    assert.equal(attrs.d, '\u20ac>');
    assert.deepEqual(Object.getOwnPropertyDescriptor(attrs, '__proto__')?.value, 'e');
    assert.equal(attrs.constructor, 'f');
  });

  it('may have names beyond ASCII', () => {
    const named = element("<\u00e9l\u00e9ment \u{10400}='1'></\u00e9l\u00e9ment>");
    assert.equal(named.name, '\u00e9l\u00e9ment');
    assert.equal(named.attrs['\u{10400}'], '1');
  });

  it('end with the stream: nothing that follows is read', () => {
    assert.deepEqual(
      read('</stream:stream><a/>&&&').map(({ kind }) => kind),
      ['stream-end'],
    );
  });
});

describe('RFC 6120 §11.1: what XMPP forbids', () => {
  for (const xml of [
    '<!-- a -->',
    '<a><!-- a --></a>',
    '<a><?php a ?></a>',
    "<?xml version='1.0'?>",
    '<!DOCTYPE a>',
    '<!ENTITY b "c">',
    '<a>&nbsp;</a>',
    "<a b='&nbsp;'/>",
  ]) {
    it(`${xml}: restricted-xml`, () => assert.equal(condition(xml), 'restricted-xml'));
  }
});

describe('RFC 6120 §11.2: what is not well-formed', () => {
  for (const xml of [
    '<a></b>',
    '<a><b></a></b>',
    '<a></a b>',
    '<a></>',
    '</stream:streams>',
    '</a>',
    '<a><<',
    '< a/>',
    '<1a/>',
    '<-a/>',
    '<:a/>',
    '<a:/>',
    '<stream:a:b/>',
    '<stream:1/>',
    '<a\u00d7/>',
    '<a \u0300b=""/>',
    '<a b/>',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    "<a b='1'c='2'/>",
    "<a b='<'/>",
    "<a b='&'/>",
    '<a/ >',
    '<a / />',
    '<a "b"/>',
    '<x:a/>',
    "<a x:b='1'/>",
    "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>",
    "<a xmlns:stream='http://etherx.jabber.org/streams' stream:b='1' stream:b='2'/>",
    "<a xmlns:x=''/>",
    "<a xmlns:xmlns='u'/>",
    "<a xmlns:xml='u'/>",
    "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns:='u'/>",
    '<a>]]></a>',
    '<a>&</a>',
    '<a>& </a>',
    '<a>&;</a>',
    '<a>&1;</a>',
    '<a>&#;</a>',
    '<a>&#x;</a>',
    '<a>&#12a;</a>',
    '<a>&#X41;</a>',
    '<a>&#0;</a>',
    '<a>&#8;</a>',
    '<a>&#xD800;</a>',
    '<a>&#xFFFE;</a>',
    '<a>&#x110000;</a>',
    '<a>&#x10000000000000000000041;</a>',
    `<a>&${'a'.repeat(100)};</a>`,
    '<a>\u0000</a>',
    '<a>\u0008</a>',
    "<a b='\u001f'/>",
    '<a>\uffff</a>',
    "<a b='\ufffe'/>",
    '<a><![CDATA[\u0001]]></a>',
    '<a><![cdata[a]]></a>',
    '<a><!1></a>',
    '<a\u0000/>',
  ]) {
    it(`${JSON.stringify(xml)}: not-well-formed`, () => assert.equal(condition(xml), 'not-well-formed'));
  }

  for (const xml of [
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<a b='>'/>",
    '<a>]]&gt;</a>',
    '<a>&#93;&#93;></a>',
    "<a xmlns=''/>",
  ]) {
    it(`${xml} is well-formed`, () => assert.ok(element(xml)));
  }

  it('text between first-level elements: bad-format', () => {
    assert.equal(condition('<a/>b<c/>'), 'bad-format');
    assert.equal(condition('&amp;'), 'bad-format');
    assert.equal(condition('<![CDATA[a]]>'), 'bad-format');
    assert.equal(condition('\u00a0'), 'bad-format');
  });
});

describe('RFC 6120 §11.6: encoding', () => {
  for (const [what, bytes] of [
    ['a lone continuation', [0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['Latin-1', [0xe9]],
    ['a sequence cut short', [0xe2, 0x82]],
    ['FF', [0xff]],
  ] as const) {
    for (const [where, before, after] of [
      ['text', '<a>', '</a>'],
      ['a value', "<a b='", "'/>"],
      ['a name', '<a', '/>'],
      ['the name of an attribute', '<a b', "='1'/>"],
      ['a CDATA section', '<a><![CDATA[', ']]></a>'],
    ] as const) {
      it(`${what} in ${where}: unsupported-encoding`, () => {
        const xml = Buffer.concat([octets(before), Uint8Array.from(bytes), octets(after)]);
        assert.equal(condition(xml), 'unsupported-encoding');
      });
    }
  }

  it('character references do not complete a sequence', () => {
    const xml = Buffer.concat([octets('<a>'), Uint8Array.of(0xe2, 0x82), octets('&#xAC;</a>')]);
    assert.equal(condition(xml), 'unsupported-encoding');
  });
});

describe('RFC 6120 §13.12: limits', () => {
  const stanza = (size: number) => `<a>${'b'.repeat(size - 7)}</a>`;
  for (const [limit, accepted, refused] of [
    [{ maxStanzaBytes: 200 }, stanza(200), stanza(201)],
    [{ maxStanzaBytes: 200 }, `${stanza(200)}  \n${stanza(200)}`, `${stanza(200)}\n${stanza(201)}`],
    [{ maxStanzaBytes: 200 }, `<a>${'\u20ac'.repeat(64)}</a>`, `<a>${'\u20ac'.repeat(65)}</a>`],
    [{ maxStanzaBytes: 200 }, `<a>${' '.repeat(100)}</a>`, `<a>${' '.repeat(1000)}`],
    [{ maxDepth: 3 }, '<a><b><c/><c/></b></a>', '<a><b><c><d/></c></b></a>'],
    [{ maxAttributes: 2 }, "<a b='' c=''/>", "<a b='' c='' d=''/>"],
    [{ maxNameBytes: 9 }, "<abcdefghi abcdefghi=''/>", '<abcdefghij/>'],
    [{ maxNameBytes: 9 }, "<a abcdefghi=''/>", "<a abcdefghij=''/>"],
    [{ maxAttributeBytes: 20 }, `<a b='${'c'.repeat(20)}'/>`, `<a b='${'c'.repeat(21)}'/>`],
    [{ maxElements: 3 }, '<a><b/><c/></a><a><b/><c/></a>', '<a><b/><c/><d/></a>'],
  ] as const) {
    it(`${JSON.stringify(limit)}: policy-violation with stanza-too-big`, () => {
      const header = "<s to='a'>";
      assert.ok(read(accepted, limit, header).every(({ kind }) => kind !== 'error'));
      const last = read(refused, limit, header).at(-1);
      assert.ok(last?.kind === 'error');
      assert.equal(last.condition, 'policy-violation');
      assert.equal(last.appCondition, 'stanza-too-big');
    });
  }

  it('hold for the header too', () => {
    assert.equal(condition(`<a b='${'c'.repeat(100)}`, { maxStanzaBytes: 50 }, ''), 'policy-violation');
    assert.equal(condition(`<a ${' '.repeat(100)}>`, { maxStanzaBytes: 50 }, ''), 'policy-violation');
  });

  it('count while a stanza arrives', () => {
    const parser = new XmlStreamParser({ maxStanzaBytes: 1000 });
    parser.push(octets(`${HEADER}<a>`));
    let pushed = 3;
    while (parser.push(Buffer.alloc(100, 'b')).length === 0) pushed += 100;
    assert.equal(pushed, 903);
    assert.equal(parser.push(octets('<a/>')).length, 0);
  });

  it('do not hold for white space between stanzas', () => {
    const parser = new XmlStreamParser({ maxStanzaBytes: 200 });
    parser.push(octets(HEADER));
    for (let count = 0; count < 10; count++) assert.deepEqual(parser.push(Buffer.alloc(100, ' ')), []);
    assert.equal(parser.push(octets('<a/>')).length, 1);
  });
});

describe('first-level elements that exceed a limit, when they are skipped', () => {
  const limits = { maxStanzaBytes: 200, maxDepth: 3, maxAttributes: 4, maxAttributeBytes: 50, maxElements: 5 };
  const skipping = (xml: string) => {
    const parser = new XmlStreamParser(limits, { skipsOversized: true });
    return parser
      .push(octets(`${HEADER.replace(/ xmlns:db='[^']*' to='[^']*' version='[^']*'/, '')}${xml}<after/>`))
      .slice(1);
  };
  for (const [what, inside] of [
    ['octets', 'b'.repeat(300)],
    ['octets of CDATA', `<![CDATA[${'b'.repeat(300)}]]>`],
    ['depth', '<b><c><d/></c></b>'],
    ['elements', '<b/>'.repeat(5)],
    ['attributes', "<b c='' d='' e='' f='' g=''/>"],
    ['an attribute', `<b c='${'d'.repeat(51)}'/>`],
  ] as const) {
    it(`${what}: comes without content, and the stream goes on`, () => {
      const [big, after, ...more] = skipping(`<message from='a' to='b' id='c'>x<body>y</body>${inside}</message>`);
      assert.ok(big?.kind === 'element' && after?.kind === 'element' && more.length === 0);
      assert.equal(big.oversized?.appCondition, 'stanza-too-big');
      assert.deepEqual(big.element.attrs, { from: 'a', to: 'b', id: 'c', xmlns: 'jabber:client' });
      assert.deepEqual(big.element.children, []);
      assert.equal(after.element.name, 'after');
      assert.equal(after.oversized, undefined);
    });
  }

  it('an exceeding attribute of the element itself is missing, and what follows it', () => {
    const [big] = skipping(`<message from='a' id='${'b'.repeat(51)}' to='c'/>`);
    assert.ok(big?.kind === 'element' && big.oversized !== undefined);
    assert.deepEqual(big.element.attrs, { from: 'a', xmlns: 'jabber:client' });
  });

  it('may still not be of any size, nor ill-formed', () => {
    assert.equal(skipping(`<a>${'b'.repeat(2000)}</a>`).at(-1)?.kind, 'error');
    assert.equal(skipping(`<a>${'b'.repeat(1590)}</a>`).at(-1)?.kind, 'element');
    assert.equal(skipping(`<a>${'b'.repeat(300)}</b>`).at(-1)?.kind, 'error');
  });
});

describe('RFC 6120 §4.3.3: a stream that begins anew', () => {
  it('S3: tells of octets after the last element', () => {
    const parser = new XmlStreamParser();
    parser.push(octets(`${HEADER}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`));
    assert.equal(parser.buffered, 0);
    parser.push(octets(' \n'));
    assert.equal(parser.buffered, 0);
    parser.push(octets('<iq'));
    assert.equal(parser.buffered, 3);
    parser.push(octets(' type'));
    assert.equal(parser.buffered, 8);
  });

  it('reset forgets the old stream, and may change limits', () => {
    const parser = new XmlStreamParser({ maxStanzaBytes: 10_000 });
    parser.push(octets(`${HEADER}<a><b`));
    parser.reset({ maxStanzaBytes: 20_000 });
    assert.equal(parser.buffered, 0);
    const events = parser.push(octets(`<?xml version='1.0'?>${HEADER}<a>${'b'.repeat(15_000)}</a>`));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['stream-start', 'element'],
    );
  });

  it('an error is told once, and nothing is read after it', () => {
    const parser = new XmlStreamParser();
    const events = parser.push(octets(`${HEADER}<a/><b></c><d/>`));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['stream-start', 'element', 'error'],
    );
    assert.deepEqual(parser.push(octets('<e/>')), []);
  });
});

describe('what was read', () => {
  it('is written as XML that reads the same', () => {
    const xml = "<stream:a db:b='&#13;&apos;' xml:lang='en'>x&#13;<c xmlns='u'><d/>&lt;</c><e/></stream:a>";
    const once = element(xml);
    const again = element(serializeXml(once));
    assert.equal(serializeXml(again), serializeXml(once));
  });
});
