import assert from 'node:assert/strict';
import type { LocalCause, SipOutcome } from '../../../src/sip/engine.js';
import { ResponseContext } from '../../../src/sip/useragent/best-response.js';
import { relayAnswer } from '../../../src/sip/useragent/relay.js';
import { request, response } from '../../support/sip-messages.js';

type Branch = number | LocalCause;

function outcome(branch: Branch): SipOutcome {
  return typeof branch === 'number'
    ? { kind: 'final', response: response(request(), branch) }
    : { kind: 'local', cause: branch };
}

function name(given: SipOutcome | undefined): Branch | undefined {
  return given === undefined ? undefined : given.kind === 'final' ? given.response.status : given.cause;
}

describe('RFC 3261 §16.7: the best of several responses', () => {
  for (const [branches, best] of [
    [[404], 404],
    [[404, 200], 200],
    [[486, 603], 603],
    [[603, 486], 603],
    [[603, 200], 200],
    [[503, 404], 404],
    [[500, 302], 302],
    [[503, 500], 500],
    [[486, 401], 401],
    [[486, 407], 407],
    [[404, 415], 415],
    [[486, 480], 486],
    [['timeout', 404], 404],
    [['timeout', 503], 'timeout'],
    [['timeout', 'transport-error'], 'timeout'],
    [['transport-error', 'timeout'], 'timeout'],
    [['transport-error', 500], 500],
    [['timeout', 'timeout'], 'timeout'],
    [['too-large', 486], 486],
    [['no-such-domain'], 'no-such-domain'],
  ] as const) {
    it(`${branches.join(', ')}: ${best}`, () => {
      const context = new ResponseContext(branches.length);
      const decisions = branches.map((branch) => name(context.settle(outcome(branch))));
      assert.deepEqual(
        decisions.filter((decision) => decision !== undefined),
        [best],
      );
    });
  }

  it('a 2xx decides at once, and later branches change nothing', () => {
    const context = new ResponseContext(3);
    assert.equal(name(context.settle(outcome(200))), 200);
    assert.equal(context.settle(outcome(603)), undefined);
    assert.equal(context.settle(outcome(200)), undefined);
  });

  it('anything else waits for the last branch', () => {
    const context = new ResponseContext(3);
    assert.equal(context.settle(outcome(603)), undefined);
    assert.equal(context.settle(outcome('timeout')), undefined);
    assert.equal(name(context.settle(outcome(404))), 603);
  });
});

describe('what the sender hears of a relayed MESSAGE', () => {
  for (const [branch, status] of [
    [200, 200],
    [202, 202],
    [302, 302],
    [401, 403],
    [407, 403],
    [415, 415],
    [486, 486],
    [503, 500],
    [603, 603],
    ['timeout', 408],
    ['transport-error', 480],
    ['no-such-domain', 480],
    ['not-registered', 480],
    ['no-such-user', 404],
    ['too-large', 513],
    ['overload', 503],
    ['draining', 503],
  ] as const) {
    it(`${branch} becomes ${status}`, () => {
      assert.equal(relayAnswer(outcome(branch)).status, status);
    });
  }

  it('Accept of a 415 is told on, a challenge is not', () => {
    const refusal = response(request(), 415);
    refusal.headers.add('Accept', 'text/plain, text/html');
    refusal.headers.add('WWW-Authenticate', 'Digest realm="x", nonce="y"');
    assert.deepEqual(relayAnswer({ kind: 'final', response: refusal }).headers, [
      ['Accept', 'text/plain'],
      ['Accept', 'text/html'],
    ]);
  });
});
