import assert from 'node:assert/strict';
import type { OutgoingMessage } from '../../../src/sip/engine.js';
import { serialize } from '../../../src/sip/message/message.js';
import { parseSip } from '../../../src/sip/message/parse.js';
import { buildMessage, type RequestFrame } from '../../../src/sip/useragent/outgoing-request.js';
import { relayed } from '../../../src/sip/useragent/relay.js';
import { request, uri } from '../../support/sip-messages.js';

const message: OutgoingMessage = {
  requestUri: uri('sip:romeo@example.net'),
  from: uri('sip:juliet@example.com;gr=balcony'),
  to: uri('sip:romeo@example.net'),
  headers: [
    ['Subject', 'Imploring'],
    ['Content-Language', 'en'],
  ],
  contentType: 'text/plain',
  body: Buffer.from('Art thou not Romeo, and a Montague?'),
};
const frame: RequestFrame = {
  transport: 'UDP',
  sentBy: '198.51.100.1:5060',
  branch: 'z9hG4bKabc.def',
  fromTag: 'tag1',
  callId: 'call1',
  cseq: 7,
  requestUri: message.requestUri,
};

describe('RFC 3428 §4: a MESSAGE as it goes out', () => {
  it('has every mandatory header field, and no Contact', () => {
    assert.equal(
      serialize(buildMessage(message, frame)).toString(),
      [
        'MESSAGE sip:romeo@example.net SIP/2.0',
        'Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKabc.def;rport',
        'Max-Forwards: 70',
        'From: <sip:juliet@example.com;gr=balcony>;tag=tag1',
        'To: <sip:romeo@example.net>',
        'Call-ID: call1',
        'CSeq: 7 MESSAGE',
        'User-Agent: Verona',
        'Subject: Imploring',
        'Content-Language: en',
        'Content-Type: text/plain',
        'Content-Length: 35',
        '',
        'Art thou not Romeo, and a Montague?',
      ].join('\r\n'),
    );
  });

  it('over TCP it asks for no rport', () => {
    const via = buildMessage(message, { ...frame, transport: 'TCP' }).headers.get('Via');
    assert.equal(via, 'SIP/2.0/TCP 198.51.100.1:5060;branch=z9hG4bKabc.def');
  });

  it('Max-Forwards, routes and credentials go in', () => {
    const built = buildMessage(
      { ...message, maxForwards: 5 },
      { ...frame, routes: ['<sip:p1;lr>', '<sip:p2;lr>'], credentials: [['Proxy-Authorization', 'Digest x']] },
    );
    assert.equal(built.maxForwards, 5);
    assert.deepEqual(built.headers.getAll('Route'), ['<sip:p1;lr>', '<sip:p2;lr>']);
    assert.equal(built.headers.get('Proxy-Authorization'), 'Digest x');
  });

  it('an empty message has neither Content-Type nor body', () => {
    const { contentType: _, ...rest } = message;
    const octets = serialize(buildMessage({ ...rest, body: Buffer.alloc(0) }, frame)).toString();
    assert.doesNotMatch(octets, /Content-Type/);
    assert.match(octets, /Content-Length: 0\r\n\r\n$/);
  });

  it('what is built can be read again', () => {
    const parsed = parseSip(serialize(buildMessage(message, frame)));
    assert.ok(parsed.ok);
    assert.equal(parsed.value.from.uri.param('gr'), 'balcony');
    assert.equal(parsed.value.contacts.length, 0);
  });

  // RFC 3428 §8 counts octets of the whole request, not characters of the text
  const lengthWith = (body: string) => serialize(buildMessage({ ...message, body: Buffer.from(body) }, frame)).length;
  const overhead = lengthWith('x'.repeat(700)) - 700; // with three digits of Content-Length
  for (const size of [1299, 1300, 1301]) {
    it(`octets are counted exactly (${size})`, () => {
      assert.equal(lengthWith('x'.repeat(size - overhead)), size);
      assert.equal(lengthWith('č'.repeat(Math.floor((size - overhead) / 2)) + 'x'.repeat((size - overhead) % 2)), size);
    });
  }
});

describe('RFC 7332 §5: a MESSAGE carried on as a B2BUA', () => {
  const incoming = request({
    requestUri: 'sip:mercutio@example.net',
    headers: [
      ['Max-Forwards', '12'],
      ['Route', '<sip:198.51.100.1;lr>'],
      ['Subject', 'Queen Mab'],
      ['Authorization', 'Digest username="romeo"'],
      ['P-Asserted-Identity', '<sip:escalus@example.net>'],
      ['Contact', '<sip:romeo@192.0.2.1>'],
      ['Content-Type', 'text/plain;charset=UTF-8'],
    ],
    body: 'O, then, I see',
  });

  it('one hop fewer, same Call-ID, and only what belongs to the message', () => {
    const out = relayed(incoming);
    assert.equal(out.maxForwards, 11);
    assert.equal(out.callId, 'call-1');
    assert.deepEqual(out.headers, [['Subject', 'Queen Mab']]);
    assert.equal(out.contentType, 'text/plain;charset=UTF-8');
    assert.equal(out.requestUri.toString(), 'sip:mercutio@example.net');
    assert.equal(Buffer.from(out.body).toString(), 'O, then, I see');
  });

  it('70 hops where none were counted', () => {
    incoming.headers.remove('Max-Forwards');
    assert.equal(relayed(incoming).maxForwards, 69);
  });
});
