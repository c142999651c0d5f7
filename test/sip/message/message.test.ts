import assert from 'node:assert/strict';
import { HeaderFields, responseTo, SipRequest, SipResponse, serialize } from '../../../src/sip/message/message.js';
import { parseSip } from '../../../src/sip/message/parse.js';
import { reasonPhrase } from '../../../src/sip/message/status.js';
import { Uri } from '../../../src/sip/message/uri.js';
import { MESSAGE, wire } from './messages.js';

function request(bytes: Uint8Array = MESSAGE): SipRequest {
  const result = parseSip(bytes);
  assert.ok(result.ok && result.value instanceof SipRequest, result.ok ? '' : result.error.text);
  return result.value;
}

const TORTUOUS = wire([
  'INVITE sip:a@h SIP/2.0',
  'v: SIP/2.0/UDP one.example;branch=z9hG4bK1;;x , SIP / 2.0 / UDP two.example;branch=z9hG4bK2',
  'Max-Forwards: 0068',
  't : "J \\"x" <sip:b@h> ; y',
  'f:sip:a@h;tag= 1',
  'Timestamp: 54.21',
  'CSeq: 0009  INVITE',
  'i: c',
  'VIA: SIP/2.0/TCP three.example;branch=z9hG4bK3',
  'Subject: not copied',
]);

describe('RFC 3261 §8.2.6: the response to a request', () => {
  it('copies Via, From, To, Call-ID and CSeq as they came', () => {
    assert.equal(
      serialize(responseTo(request(TORTUOUS), 404)).toString(),
      wire([
        'SIP/2.0 404 Not Found',
        'v: SIP/2.0/UDP one.example;branch=z9hG4bK1;;x , SIP / 2.0 / UDP two.example;branch=z9hG4bK2',
        'VIA: SIP/2.0/TCP three.example;branch=z9hG4bK3',
        'f: sip:a@h;tag= 1',
        't: "J \\"x" <sip:b@h> ; y',
        'i: c',
        'CSeq: 0009  INVITE',
        'Content-Length: 0',
      ]).toString(),
    );
  });

  it('adds a tag to To, unless it has one (§8.2.6.2)', () => {
    assert.equal(responseTo(request(TORTUOUS), 404, { toTag: 'xyz' }).to.tag, 'xyz');
    const inDialog = request(
      Buffer.from(MESSAGE.toString().replace('To: <sip:juliet@example.com>', 'To: sip:juliet@example.com;tag=abc')),
    );
    const response = responseTo(inDialog, 200, { toTag: 'xyz' });
    assert.equal(response.headers.get('To'), 'sip:juliet@example.com;tag=abc');
  });

  it('adds a tag to a To without angle brackets as a header parameter', () => {
    const bare = request(
      Buffer.from(MESSAGE.toString().replace('To: <sip:juliet@example.com>', 'To: sip:juliet@example.com')),
    );
    const response = responseTo(bare, 200, { toTag: 'xyz' });
    assert.equal(response.headers.get('To'), 'sip:juliet@example.com;tag=xyz');
    assert.equal(response.to.uri.toString(), 'sip:juliet@example.com');
  });

  it('copies Timestamp into a 100 alone (§8.2.6.1)', () => {
    assert.equal(responseTo(request(TORTUOUS), 100).headers.get('Timestamp'), '54.21');
    assert.equal(responseTo(request(TORTUOUS), 200).headers.has('Timestamp'), false);
  });

  it('takes a reason and further headers', () => {
    const response = responseTo(request(), 415, {
      reason: 'No Poems',
      headers: [
        ['Accept', 'text/plain'],
        ['Accept', 'message/cpim'],
      ],
    });
    assert.equal(response.reason, 'No Poems');
    assert.deepEqual(response.headers.getAll('Accept'), ['text/plain', 'message/cpim']);
  });

  it('can be built for a request that could only be read in part', () => {
    const result = parseSip(
      Buffer.from(MESSAGE.toString().replace('To: <sip:juliet@example.com>', 'To: "x <sip:juliet@example.com>')),
    );
    assert.ok(!result.ok && result.error.answerable !== undefined);
    const response = responseTo(result.error.answerable, 400, { toTag: 'xyz' });
    assert.equal(response.headers.get('To'), '"x <sip:juliet@example.com>;tag=xyz');
  });

  it('does not change the request', () => {
    const original = request();
    responseTo(original, 200, { toTag: 'xyz' });
    assert.equal(serialize(original).toString(), MESSAGE.toString());
  });
});

describe('RFC 3261 §21: reason phrases', () => {
  for (const [status, reason] of [
    [100, 'Trying'],
    [200, 'OK'],
    [202, 'Accepted'],
    [423, 'Interval Too Brief'],
    [489, 'Bad Event'],
    [513, 'Message Too Large'],
    [604, 'Does Not Exist Anywhere'],
    [299, 'Success'],
    [499, 'Client Error'],
  ] as const) {
    it(`${status} ${reason}`, () => assert.equal(reasonPhrase(status), reason));
  }
});

describe('RFC 3261 §7: writing a message', () => {
  const uri = Uri.build({ scheme: 'sip', user: 'a', host: 'h' });

  it('sets Content-Length to the octets of the body, in its old place or at the end', () => {
    const body = Buffer.from('žluťoučký');
    const headers = new HeaderFields([
      ['l', '3'],
      ['Subject', 'kůň'],
      ['Content-Length', '4'],
    ]);
    const text = serialize(new SipRequest('MESSAGE', uri, headers, body)).toString();
    assert.equal(text, 'MESSAGE sip:a@h SIP/2.0\r\nl: 13\r\nSubject: kůň\r\n\r\nžluťoučký');
    assert.equal(
      serialize(new SipResponse(200, 'OK', new HeaderFields())).toString(),
      'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    );
  });

  it('throws on a start line that would be more than one line', () => {
    assert.throws(() => serialize(new SipResponse(200, 'OK\r\nX: y', new HeaderFields())), RangeError);
    assert.throws(() => serialize(new SipRequest('A B', uri, new HeaderFields())), RangeError);
  });
});
