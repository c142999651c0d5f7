import assert from 'node:assert/strict';
import type { Element } from 'ltx';
import { type ToXmppOptions, toMessageStanza } from '../../../src/interwork/message/sip-to-xmpp.js';
import { pairOf, ThreadTable } from '../../../src/interwork/message/thread-table.js';
import type { SipRequest } from '../../../src/sip/message/message.js';
import { stanzaText } from '../../../src/xmpp/stream/stanza-text.js';
import { addressMap, ERROR_TABLES } from '../../support/message-scenario.js';
import { type RequestParts, request } from '../../support/sip-messages.js';

const NOW = Date.UTC(2015, 5, 1, 13);
const PLAIN: readonly [string, string] = ['Content-Type', 'text/plain'];

function message(parts: RequestParts = {}): SipRequest {
  return request({ body: 'hello', ...parts, headers: [PLAIN, ...(parts.headers ?? [])] });
}

function map(of: SipRequest, options: Partial<ToXmppOptions> = {}, threads = new ThreadTable()) {
  const addresses = addressMap();
  return toMessageStanza(of, 'id-1', NOW, {
    addresses,
    errors: ERROR_TABLES,
    threads,
    answers: { map: addresses, method: 'MESSAGE', allow: ['MESSAGE'] },
    options: { expired: 'drop', delayAfterMs: 60_000, maxStanzaOctets: 262_144, ...options },
  });
}

function outcome(of: SipRequest, options: Partial<ToXmppOptions> = {}, threads?: ThreadTable) {
  const mapped = map(of, options, threads);
  assert.ok(mapped.ok, mapped.ok ? '' : JSON.stringify(mapped.error));
  return mapped.value;
}

function stanza(of: SipRequest, options: Partial<ToXmppOptions> = {}, threads?: ThreadTable): Element {
  const mapped = outcome(of, options, threads);
  assert.equal(mapped.kind, 'message');
  return (mapped as { stanza: Element }).stanza;
}

function status(of: SipRequest, options: Partial<ToXmppOptions> = {}): number {
  const mapped = map(of, options);
  assert.equal(mapped.ok, false);
  return mapped.ok ? 0 : mapped.error.status;
}

describe('7572-5-4: SIP MESSAGE to message stanza', () => {
  it('is a stanza of jabber:client without type', () => {
    assert.equal(
      stanza(message()).toString(),
      '<message xmlns="jabber:client" from="romeo@example.net" to="juliet@example.com" id="id-1"><thread>call-1</thread><body>hello</body></message>',
    );
  });

  it('a line folded in the Subject is one line, and its language that of the message', () => {
    const made = stanza(
      message({
        headers: [
          ['Subject', 'I  implore you!'],
          ['Content-Language', 'en'],
        ],
      }),
    );
    assert.equal(made.getChildText('subject'), 'I  implore you!');
    assert.equal(made.getChild('subject')?.attrs['xml:lang'], undefined);
    assert.equal(made.attrs['xml:lang'], 'en');
  });

  it('7572-d25: a Subject without body is a stanza with a subject alone', () => {
    const made = stanza(
      request({
        headers: [
          ['Subject', 'Only a subject'],
          ['Content-Language', 'en'],
        ],
      }),
    );
    assert.equal(made.getChildText('subject'), 'Only a subject');
    assert.equal(made.getChild('body'), undefined);
    assert.equal(made.attrs['xml:lang'], 'en');
  });

  it('the subject of a CPIM envelope goes before that of SIP, in its own language', () => {
    const body =
      'From: <im:x@y.example>\r\nSubject:;lang=cs Noc\r\n\r\nContent-Type: text/plain\r\nContent-Language: en\r\n\r\nhello';
    const made = stanza(
      request({
        headers: [
          ['Content-Type', 'message/cpim'],
          ['Subject', 'Night'],
        ],
        body,
      }),
    );
    assert.equal(made.getChildText('subject'), 'Noc');
    assert.equal(made.getChild('subject')?.attrs['xml:lang'], 'cs');
    assert.equal(made.attrs['xml:lang'], 'en');
    assert.equal(made.attrs.from, 'romeo@example.net'); // cpim: From is a claim
  });

  it('a body that is only empty text is nothing', () => {
    for (const parts of [{ body: '' }, { body: '\uFEFF' }, { body: '\u0000' }]) {
      assert.deepEqual(outcome(message(parts)), { kind: 'nothing', why: 'empty' });
    }
  });

  it('a notice is told apart', () => {
    const made = outcome(message({ headers: [['Content-Type', 'application/im-iscomposing+xml']], body: '<x/>' }));
    assert.equal(made.kind, 'notice');
  });
});

describe('7572-R-2: Call-ID to thread', () => {
  const PAIR = pairOf('juliet@example.com', 'romeo@example.net');

  it('a Call-ID that stands for a thread becomes it again', () => {
    const threads = new ThreadTable();
    threads.remember(PAIR, 'Thread 1', 'call-1', NOW);
    assert.equal(stanza(message(), {}, threads).getChildText('thread'), 'Thread 1');
    threads.remember(pairOf('juliet@example.com', 'mercutio@example.net'), 'Thread 2', 'call-2', NOW);
    assert.equal(stanza(message({ callId: 'call-2' }), {}, threads).getChildText('thread'), 'call-2');
  });

  it('In-Reply-To leads to the thread of what it replies to', () => {
    const threads = new ThreadTable();
    threads.remember(PAIR, 'Thread 1', 'sent-1', NOW);
    const reply = (id: string) => message({ headers: [['In-Reply-To', id]] });
    assert.equal(stanza(reply('sent-1'), {}, threads).getChildText('thread'), 'Thread 1');
    assert.equal(stanza(reply('sent-2, sent-1'), {}, threads).getChildText('thread'), 'sent-2');
    assert.equal(stanza(reply('no call id'), {}, threads).getChildText('thread'), 'call-1');
  });
});

describe('3428-7-6: Date and Expires', () => {
  const at = (date: string, ...more: [string, string][]) => message({ headers: [['Date', date], ...more] });
  const delay = (of: SipRequest, options: Partial<ToXmppOptions> = {}) =>
    stanza(of, options).getChild('delay', 'urn:xmpp:delay')?.attrs.stamp;

  it('a Date a minute old or more is stamped', () => {
    assert.equal(delay(at('Mon, 01 Jun 2015 12:59:00 GMT')), '2015-06-01T12:59:00Z');
    assert.equal(delay(at('Mon, 01 Jun 2015 12:59:01 GMT')), undefined);
    assert.equal(delay(at('Mon, 01 Jun 2015 13:30:00 GMT')), undefined);
    assert.equal(delay(at('yesterday')), undefined);
  });

  it('the DateTime of an envelope goes before Date', () => {
    const body = 'DateTime: 2015-06-01T14:00:00+02:00\r\n\r\nContent-Type: text/plain\r\n\r\nhello';
    const made = request({
      headers: [
        ['Content-Type', 'message/cpim'],
        ['Date', 'Mon, 01 Jun 2015 13:00:00 GMT'],
      ],
      body,
    });
    assert.equal(delay(made), '2015-06-01T12:00:00Z');
  });

  const EXPIRED = at('Mon, 01 Jun 2015 12:59:50 GMT', ['Expires', '5']);

  it('an expired message is dropped, or delivered with its stamp however young', () => {
    assert.deepEqual(outcome(EXPIRED), { kind: 'nothing', why: 'expired' });
    assert.equal(delay(EXPIRED, { expired: 'deliver' }), '2015-06-01T12:59:50Z');
  });

  it('Expires counts from receipt when there is no Date, and means nothing when malformed', () => {
    assert.equal(outcome(message({ headers: [['Expires', '0']] })).kind, 'message');
    assert.equal(outcome(at('Mon, 01 Jun 2015 12:00:00 GMT', ['Expires', 'soon'])).kind, 'message');
  });
});

describe('refusals of a MESSAGE', () => {
  for (const [what, parts, wanted] of [
    ['7247-8-2: a sips Request-URI', { requestUri: 'sips:juliet@example.com' }, 480],
    ['7247-8-2: a sips To', { to: '<sips:juliet@example.com>' }, 480],
    ['7572-d54: a scheme without mapping', { requestUri: 'tel:+15551234' }, 416],
    ['7572-d45: a recipient that nobody here serves', { requestUri: 'sip:juliet@other.example' }, 404],
    ['a sender that nobody here serves', { from: '<sip:romeo@other.example>' }, 403],
    ['a sender of the other side', { from: '<sip:nurse@example.com>' }, 403],
    ['a recipient of the same side', { requestUri: 'sip:mercutio@example.net' }, 482],
    ['a recipient that no JID can name', { requestUri: 'sip:%FFx@example.com' }, 400],
    ['7572-d57: an encoded body', { headers: [['Content-Encoding', 'gzip']] }, 415],
  ] as const) {
    it(`${what}: ${wanted}`, () => assert.equal(status(message(parts as RequestParts)), wanted));
  }

  it('Content-Encoding identity is none', () =>
    assert.equal(outcome(message({ headers: [['Content-Encoding', 'Identity']] })).kind, 'message'));

  it('RFC 3261 §20.15: a body without Content-Type is 400', () => {
    assert.equal(status(request({ body: 'hello' })), 400);
  });

  it('7572-d31: the limit counts octets of the stanza as it is written, escapes included', () => {
    const size = Buffer.byteLength(stanzaText(stanza(message({ body: '&é'.repeat(1000) }))));
    assert.ok(size > 7000);
    assert.equal(outcome(message({ body: '&é'.repeat(1000) }), { maxStanzaOctets: size }).kind, 'message');
    assert.equal(status(message({ body: '&é'.repeat(1000) }), { maxStanzaOctets: size - 1 }), 413);
  });
});
