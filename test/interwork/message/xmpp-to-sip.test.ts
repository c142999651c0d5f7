import assert from 'node:assert/strict';
import { parseCpim } from '../../../src/documents/cpim/cpim.js';
import { pairOf, ThreadTable } from '../../../src/interwork/message/thread-table.js';
import { type FromXmpp, toSipMessage } from '../../../src/interwork/message/xmpp-to-sip.js';
import { addressMap, ERROR_TABLES, stanza } from '../../support/message-scenario.js';

const NOW = Date.UTC(2015, 5, 1, 12);

function map(text: string, cpimOut: 'never' | 'always' = 'never', threads = new ThreadTable()) {
  const context = { addresses: addressMap(), errors: ERROR_TABLES, threads, options: { cpimOut } };
  return toSipMessage(stanza(text), () => 'fresh', NOW, context);
}

function outcome(children: string, attributes = '', cpimOut?: 'always', threads?: ThreadTable): FromXmpp {
  const text = `<message from='juliet@example.com/balcony' to='romeo@example.net' ${attributes}>${children}</message>`;
  const mapped = map(text, cpimOut, threads);
  assert.ok(mapped.ok, mapped.ok ? '' : JSON.stringify(mapped.error));
  return mapped.value;
}

function sent(children: string, attributes = '', cpimOut?: 'always', threads?: ThreadTable) {
  const made = outcome(children, attributes, cpimOut, threads);
  assert.equal(made.kind, 'message');
  return made as Extract<FromXmpp, { kind: 'message' }>;
}

const body = (children: string, attributes = '') => Buffer.from(sent(children, attributes).message.body).toString();
const header = (name: string, children: string, attributes = '') =>
  sent(children, attributes).message.headers.find(([key]) => key === name)?.[1];

describe('7572-4-3: message stanza to SIP MESSAGE', () => {
  it('names both users, the resource in From and not in To', () => {
    const { message } = sent('<body>hello</body>');
    assert.equal(message.requestUri.toString(), 'sip:romeo@example.net');
    assert.equal(message.to.toString(), 'sip:romeo@example.net');
    assert.equal(message.from.toString(), 'sip:juliet@example.com;gr=balcony');
    assert.equal(message.contentType, 'text/plain');
    assert.deepEqual(message.headers, []);
  });

  it('7572-R-8: lines end with CRLF', () => assert.equal(body('<body>a\nb</body>'), 'a\r\nb'));

  it('the charset is named when it matters', () => {
    assert.equal(sent('<body>é</body>').message.contentType, 'text/plain;charset=UTF-8');
  });

  for (const [what, delay, date] of [
    [
      'a message that comes late says when it was written',
      "stamp='2015-06-01T11:00:00.5Z'",
      'Mon, 01 Jun 2015 11:00:00 GMT',
    ],
    ['a time to come is none', "stamp='2015-06-01T12:00:01Z'", undefined],
    ['a time before the year 0 is none', "stamp='-001-06-01T12:00:01Z'", undefined],
    ['an illegible time is none', "stamp='soon'", undefined],
  ] as const) {
    it(`XEP-0203: ${what}`, () =>
      assert.equal(header('Date', `<body>a</body><delay xmlns='urn:xmpp:delay' ${delay}/>`), date));
  }

  it('7572-d05: without body there is no Content-Type', () => {
    const { message } = sent('<subject>only</subject>');
    assert.equal(message.contentType, undefined);
    assert.equal(message.body.length, 0);
  });

  it('another namespace does not speak', () => {
    assert.deepEqual(outcome("<body xmlns='urn:x'>no</body><subject xmlns='urn:x'>no</subject>"), {
      kind: 'signs',
      signs: [],
    });
  });
});

describe('7572-R-4: the language that goes', () => {
  const TWO = "<body xml:lang='cs'>ahoj</body><body xml:lang='EN'>hello</body>";

  it('the body without a language of its own', () => {
    assert.equal(body(`<body xml:lang='cs'>ahoj</body><body>hello</body>`, "xml:lang='en'"), 'hello');
    assert.equal(
      header('Content-Language', `<body xml:lang='cs'>ahoj</body><body>hello</body>`, "xml:lang='en'"),
      'en',
    );
  });

  it("else the one of the stanza's language", () => assert.equal(body(TWO, "xml:lang='en'"), 'hello'));
  it('else the first', () => assert.equal(body(TWO, "xml:lang='de'"), 'ahoj'));
  it('an empty one does not count', () => assert.equal(body(`<body/>${TWO}`), 'ahoj'));

  it('the subject of that language goes with it', () => {
    const subjects = "<subject xml:lang='de'>Nacht</subject><subject xml:lang='cs'>Noc</subject>";
    assert.equal(header('Subject', `${subjects}${TWO}`), 'Noc');
    assert.equal(header('Subject', `${subjects}<body xml:lang='fr'>nuit</body>`), 'Nacht');
  });

  it('a tag that is none says nothing', () => {
    assert.equal(header('Content-Language', '<body>x</body>', "xml:lang='en, cs'"), undefined);
    assert.equal(header('Content-Language', '<body>x</body>', "xml:lang=''"), undefined);
  });

  it('none is invented', () => assert.equal(header('Content-Language', '<body>x</body>'), undefined));
});

describe('7572-R-2: thread to Call-ID', () => {
  it('literally where it can be one', () => {
    assert.equal(sent('<thread>a@b</thread><body>x</body>').message.callId, 'a@b');
    assert.equal(sent('<thread/><body>x</body>').message.callId, 'fresh');
    assert.equal(sent('<body>x</body>').callId, 'fresh');
  });

  it('else one that stands for it, the same for the whole thread', () => {
    const threads = new ThreadTable();
    const pair = pairOf('juliet@example.com', 'romeo@example.net');
    assert.equal(sent('<thread>two words</thread><body>x</body>', '', undefined, threads).callId, 'fresh');
    assert.equal(threads.threadOf(pair, 'fresh', NOW), 'two words');
    threads.remember(pair, 'three more words', 'known', NOW);
    assert.equal(sent('<thread>three more words</thread><body>x</body>', '', undefined, threads).callId, 'known');
  });

  it('white space is part of a thread', () => {
    assert.equal(sent('<thread> a </thread><body>x</body>').callId, 'fresh');
  });
});

describe('what is no message', () => {
  for (const [children, wanted] of [
    ["<composing xmlns='http://jabber.org/protocol/chatstates'/>", { kind: 'signs', signs: ['chat-state'] }],
    ["<received xmlns='urn:xmpp:receipts' id='a'/>", { kind: 'signs', signs: ['receipt'] }],
    ["<displayed xmlns='urn:xmpp:chat-markers:0' id='a'/>", { kind: 'signs', signs: ['marker'] }],
    ["<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>", { kind: 'signs', signs: [] }],
    ["<store xmlns='urn:xmpp:hints'/>", { kind: 'signs', signs: [] }],
    ['<body/><subject/>', { kind: 'signs', signs: [] }],
    [
      "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></sent>",
      { kind: 'nothing', why: 'copy' },
    ],
    ["<received xmlns='urn:xmpp:carbons:2'/><body>x</body>", { kind: 'nothing', why: 'copy' }],
    ["<result xmlns='urn:xmpp:mam:2'/>", { kind: 'nothing', why: 'copy' }],
    [
      "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>x</body></message></forwarded>",
      { kind: 'signs', signs: [] },
    ],
    ["<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>", { kind: 'signs', signs: [] }],
  ] as const) {
    it(`7572-R-12: ${children}`, () => assert.deepEqual(outcome(children), wanted));
  }

  it('7572-d33: an error is never sent on', () =>
    assert.deepEqual(outcome('<body>x</body>', "type='error'"), { kind: 'nothing', why: 'error' }));

  it('a chat state, receipt request or hint beside text changes nothing', () => {
    const beside = "<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>";
    assert.equal(body(`${beside}<body>x</body><private xmlns='urn:xmpp:carbons:2'/>`), 'x');
  });
});

describe('7572-R-11: encryption', () => {
  const OMEMO = "<encrypted xmlns='eu.siacs.conversations.axolotl'><header/><payload>c2VjcmV0</payload></encrypted>";

  it('the fallback text goes, the ciphertext never', () => {
    assert.equal(body(`${OMEMO}<body>I sent you an encrypted message</body>`), 'I sent you an encrypted message');
  });

  for (const ciphertext of [
    OMEMO,
    "<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>",
    "<x xmlns='jabber:x:encrypted'>x</x>",
  ]) {
    it(`without a fallback its sender is told: ${ciphertext.slice(0, 20)}`, () => {
      const mapped = map(`<message from='a@example.com' to='b@example.net'>${ciphertext}</message>`);
      assert.equal(mapped.ok ? undefined : mapped.error.condition, 'service-unavailable');
    });
  }

  it('OTR is text, and passes as text', () => assert.equal(body('<body>?OTR:AAI=.</body>'), '?OTR:AAI=.'));
});

describe('addresses that do not map', () => {
  for (const [what, from, to, condition] of [
    ['no sender', '', 'romeo@example.net', 'jid-malformed'],
    ['a malformed recipient', 'juliet@example.com', '@example.net', 'jid-malformed'],
    ['a recipient that is no SIP user', 'juliet@example.com', '\\20x@example.net', 'jid-malformed'],
    ['a recipient of the same side', 'juliet@example.com', 'nurse@example.com', 'remote-server-not-found'],
    ['a sender of the other side', 'mercutio@example.net', 'romeo@example.net', 'not-allowed'],
  ] as const) {
    it(`${what}: ${condition}`, () => {
      const mapped = map(`<message from='${from}' to='${to}'><body>x</body></message>`);
      assert.equal(mapped.ok ? undefined : mapped.error.condition, condition);
    });
  }
});

describe('3922-4.1-1: text in a Message/CPIM envelope', () => {
  it('says who, when, about what and in which language', () => {
    const children = '<subject>Noc</subject><body>dobrou\nnoc, Romeo ž</body>';
    const { message, plain } = sent(children, "xml:lang='cs'", 'always');
    assert.equal(message.contentType, 'message/cpim');
    assert.deepEqual(message.headers, [['Subject', 'Noc']]);
    const parsed = parseCpim(message.body, { reading: 'strict' });
    assert.ok(parsed.ok);
    const { value } = parsed;
    assert.deepEqual(value.from, { uri: 'im:juliet@example.com' });
    assert.deepEqual(value.to, [{ uri: 'im:romeo@example.net' }]);
    assert.equal(value.dateTime, '2015-06-01T12:00:00Z');
    assert.deepEqual(value.subjects, [{ text: 'Noc', lang: 'cs' }]);
    assert.equal(value.content.field('content-type'), 'text/plain;charset=UTF-8');
    assert.equal(value.content.field('content-language'), 'cs');
    assert.equal(Buffer.from(value.content.content).toString(), 'dobrou\r\nnoc, Romeo ž');
    assert.equal(plain?.contentType, 'text/plain;charset=UTF-8');
    assert.deepEqual(plain?.headers, [
      ['Subject', 'Noc'],
      ['Content-Language', 'cs'],
    ]);
  });

  it('without being asked there is none', () => assert.equal(sent('<body>x</body>').plain, undefined));
});
