import assert from 'node:assert/strict';
import { Grammar } from 'sip.js';
import { Parser } from 'sip.js/lib/core/messages/parser.js';
import { HeaderFields, responseTo, SipRequest, serialize } from '../../../src/sip/message/message.js';
import { Uri } from '../../../src/sip/message/uri.js';

const silent = { debug() {}, log() {}, warn() {}, error() {} };

function uri(text: string): Uri {
  const parsed = Uri.parse(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

function request(): SipRequest {
  const headers = new HeaderFields([
    ['Via', 'SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK74bf9;rport'],
    ['Max-Forwards', '70'],
    ['From', '"Juliet, Capulet" <sip:juliet@example.com;gr=balcony>;tag=1928301774'],
    ['To', "<sip:o'malley@example.net>"],
    ['Call-ID', 'a84b4c76e66710@example.com'],
    ['CSeq', '314159 MESSAGE'],
    ['Subject', 'Přijď'],
    ['Content-Type', 'text/plain;charset=UTF-8'],
  ]);
  return new SipRequest('MESSAGE', uri("sip:o'malley@example.net"), headers, Buffer.from('spanilá'));
}

describe('what we write, read by an independent parser (sip.js)', () => {
  it('a MESSAGE', () => {
    const message = Parser.parseMessage(serialize(request()).toString('utf8'), silent as never);
    assert.ok(message !== undefined && 'method' in message);
    assert.equal(message.method, 'MESSAGE');
    assert.equal(message.from.uri.user, 'juliet');
    assert.equal(message.from.displayName, 'Juliet, Capulet');
    assert.equal(message.fromTag, '1928301774');
    assert.equal(message.to.uri.toString(), "sip:o'malley@example.net");
    assert.equal(message.callId, 'a84b4c76e66710@example.com');
    assert.equal(message.cseq, 314159);
    assert.equal(message.getHeader('subject'), 'Přijď');
    assert.equal(message.body, 'spanilá');
  });

  it('a response', () => {
    const answer = responseTo(request(), 405, { toTag: 'gw1', headers: [['Allow', 'MESSAGE, OPTIONS']] });
    const message = Parser.parseMessage(serialize(answer).toString('utf8'), silent as never);
    assert.ok(message !== undefined && 'statusCode' in message);
    assert.equal(message.statusCode, 405);
    assert.equal(message.toTag, 'gw1');
    assert.equal(message.viaBranch, 'z9hG4bK74bf9');
    assert.equal(message.getHeader('allow'), 'MESSAGE, OPTIONS');
  });

  for (const text of [
    'sip:alice@atlanta.example.com',
    'sips:alice@[2001:db8::9:1]:5061;transport=tls;lr',
    'sip:+15551234@example.net;user=phone',
    'sip:f%C3%BC@sip.example;gr=bar',
    'sip:192.0.2.4:5070',
  ]) {
    it(`${text} has the same parts for both`, () => {
      const ours = uri(text);
      const theirs = Grammar.URIParse(text);
      assert.ok(theirs !== undefined);
      assert.equal(theirs.scheme, ours.scheme);
      assert.equal(theirs.user ?? undefined, ours.user === undefined ? undefined : decodeURIComponent(ours.user));
      assert.equal(theirs.host, ours.host);
      assert.equal(theirs.port ?? undefined, ours.port);
      for (const [name, value] of ours.params) assert.equal(theirs.getParam(name) ?? undefined, value);
    });
  }
});
