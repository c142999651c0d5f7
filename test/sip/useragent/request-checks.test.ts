import assert from 'node:assert/strict';
import { loopMark, markedBranch, marksIn } from '../../../src/sip/useragent/loop-mark.js';
import { capabilities, checkRequest } from '../../../src/sip/useragent/request-checks.js';
import { type RequestParts, request, uri } from '../../support/sip-messages.js';

const isOwn = (sentBy: string) => sentBy === '198.51.100.1:5060';

describe('RFC 3261 §8.2: what a user agent server checks', () => {
  const rows: readonly (readonly [
    string,
    RequestParts,
    number | undefined,
    (readonly (readonly [string, string])[])?,
  ])[] = [
    ['a MESSAGE', {}, undefined],
    ['an OPTIONS', { method: 'OPTIONS' }, undefined],
    ['a REGISTER', { method: 'REGISTER' }, undefined],
    ['an INVITE', { method: 'INVITE' }, 405, [['Allow', 'MESSAGE, OPTIONS, REGISTER']]],
    ['an unknown method', { method: 'KISS' }, 405, [['Allow', 'MESSAGE, OPTIONS, REGISTER']]],
    ['a lower-case method', { method: 'message' }, 405, [['Allow', 'MESSAGE, OPTIONS, REGISTER']]],
    ['a tel Request-URI', { requestUri: 'tel:+15551234' }, 416],
    ['an http Request-URI', { requestUri: 'http://example.com' }, 416],
    ['an im Request-URI', { requestUri: 'im:juliet@example.com' }, undefined],
    ['a sips Request-URI', { requestUri: 'sips:juliet@example.com' }, undefined],
    ['a To tag', { to: '<sip:juliet@example.com>;tag=x' }, 481],
    ['a To tag in OPTIONS', { method: 'OPTIONS', to: '<sip:juliet@example.com>;tag=x' }, 481],
    ['a To tag in REGISTER', { method: 'REGISTER', to: '<sip:juliet@example.com>;tag=x' }, undefined],
    ['Require', { headers: [['Require', '100rel, path']] }, 420, [['Unsupported', '100rel, path']]],
    ['Supported', { headers: [['Supported', '100rel']] }, undefined],
    ['Proxy-Require', { headers: [['Proxy-Require', 'sec-agree']] }, undefined],
    ['no hops left', { headers: [['Max-Forwards', '0']] }, 483],
    ['one hop left', { headers: [['Max-Forwards', '1']] }, undefined],
    ['OPTIONS with no hops left', { method: 'OPTIONS', headers: [['Max-Forwards', '0']] }, undefined],
  ];
  for (const [what, parts, status, headers] of rows) {
    it(`${what}: ${status ?? 'served'}`, () => {
      const refusal = checkRequest(request(parts), isOwn);
      assert.equal(refusal?.status, status);
      if (headers !== undefined) assert.deepEqual(refusal?.headers, headers);
    });
  }
});

describe('RFC 5393 §4.2: loops and spirals', () => {
  const back = (sentTo: string, sentBy = '198.51.100.1:5060') =>
    request({
      requestUri: 'sip:juliet@example.com',
      headers: [
        [
          'Via',
          `SIP/2.0/UDP proxy.example.org;branch=z9hG4bK-p, SIP/2.0/UDP ${sentBy};branch=${markedBranch(loopMark(uri(sentTo)), 'tok')}`,
        ],
      ],
    });

  it('a request that returns for the same target is a loop: 482', () => {
    assert.equal(checkRequest(back('sip:juliet@example.com'), isOwn)?.status, 482);
  });

  it('port and parameters of the target do not hide it', () => {
    assert.equal(checkRequest(back('sip:juliet@example.com:5060;transport=udp'), isOwn)?.status, 482);
  });

  it('one for another target is a spiral, and served', () => {
    assert.equal(checkRequest(back('sip:nurse@example.com'), isOwn), undefined);
  });

  it('a Via of somebody else proves nothing', () => {
    assert.equal(checkRequest(back('sip:juliet@example.com', '203.0.113.9:5060'), isOwn), undefined);
  });

  it('a B2BUA carries the marks on, so that a loop over another target is found', () => {
    const first = back('sip:juliet@example.com');
    assert.equal(marksIn(first, isOwn), loopMark(uri('sip:juliet@example.com')));
    const marks = `${loopMark(uri('sip:juliet@example.com'))}${loopMark(uri('sip:nurse@example.com'))}`;
    const returned = request({
      requestUri: 'sip:juliet@example.com',
      via: `SIP/2.0/UDP 198.51.100.1:5060;branch=${markedBranch(marks, 'tok')}`,
    });
    assert.equal(checkRequest(returned, isOwn)?.status, 482);
  });

  it('a request that passed three times goes nowhere any more', () => {
    const passes = (count: number) =>
      request({
        requestUri: 'sip:other@example.com',
        via: `SIP/2.0/UDP 198.51.100.1:5060;branch=${markedBranch('0000001'.repeat(count), 'tok')}`,
      });
    assert.equal(checkRequest(passes(2), isOwn), undefined);
    assert.equal(checkRequest(passes(3), isOwn)?.status, 482);
  });

  it('branches of one target differ and are all of one length', () => {
    const mark = loopMark(uri('sip:juliet@example.com'));
    assert.notEqual(markedBranch(mark, 'a'), markedBranch(mark, 'b'));
    for (const target of ['sip:a@b', 'sip:juliet@example.com', 'sip:x'.padEnd(200, 'y')]) {
      assert.equal(loopMark(uri(`${target}`)).length, 7);
    }
  });
});

describe('RFC 3261 §11.2: the answer to OPTIONS', () => {
  it('tells methods, body types, encodings, languages and extensions', () => {
    const { status, headers } = capabilities(['text/plain', 'message/cpim']);
    assert.equal(status, 200);
    assert.deepEqual(headers, [
      ['Allow', 'MESSAGE, OPTIONS, REGISTER'],
      ['Accept', 'text/plain, message/cpim'],
      ['Accept-Encoding', 'identity'],
      ['Accept-Language', '*'],
      ['Supported', ''],
    ]);
  });
});
