import assert from 'node:assert/strict';
import { DuplicateGuard } from '../../../src/interwork/message/duplicate-guard.js';
import { request } from '../../support/sip-messages.js';

const keyOf = (parts: Parameters<typeof request>[0], recipient = 'juliet@example.com') =>
  DuplicateGuard.key(request({ body: 'hello', ...parts }), recipient);

describe('RFC 3261 §8.2.2.2: copies of one request', () => {
  it('a copy has the same Call-ID, From tag, CSeq, recipient and body, and another branch', () => {
    assert.equal(keyOf({ branch: 'z9hG4bK-1' }), keyOf({ branch: 'z9hG4bK-2', via: 'SIP/2.0/TCP p.example' }));
  });

  for (const [what, parts, recipient] of [
    ['Call-ID', { callId: 'other' }, undefined],
    ['From tag', { fromTag: 'other' }, undefined],
    ['CSeq', { cseq: 2 }, undefined],
    ['body', { body: 'other' }, undefined],
    ['recipient', {}, 'nurse@example.com'],
  ] as const) {
    it(`another ${what} is another message`, () => assert.notEqual(keyOf({}), keyOf(parts, recipient)));
  }

  it('a key of many kilobytes is kept as a short one', () => {
    const callId = 'x'.repeat(10_000);
    assert.ok(keyOf({ callId }).length < 100);
    assert.equal(keyOf({ callId }), keyOf({ callId, branch: 'z9hG4bK-2' }));
    assert.notEqual(keyOf({ callId }), keyOf({ callId: `${callId}y` }));
  });

  it('a copy is open, then delivered', () => {
    const guard = new DuplicateGuard();
    assert.equal(guard.see('k', 0), 'new');
    assert.equal(guard.see('k', 1), 'open');
    guard.delivered('k');
    assert.equal(guard.see('k', 2), 'delivered');
  });

  it('what failed may be tried again', () => {
    const guard = new DuplicateGuard();
    guard.see('k', 0);
    guard.failed('k');
    assert.equal(guard.see('k', 1), 'new');
  });

  it('forgets after its window', () => {
    const guard = new DuplicateGuard({ windowMs: 100 });
    guard.see('k', 0);
    guard.delivered('k');
    assert.equal(guard.see('k', 99), 'delivered');
    assert.equal(guard.see('k', 100), 'new');
  });

  it('is bounded', () => {
    const guard = new DuplicateGuard({ maxEntries: 2 });
    for (const key of ['1', '2', '3']) guard.see(key, 0);
    assert.equal(guard.size, 2);
    assert.equal(guard.see('1', 0), 'new');
  });
});
