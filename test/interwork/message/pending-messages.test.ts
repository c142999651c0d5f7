import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PendingMessages } from '../../../src/interwork/message/pending-messages.js';

describe('3428-8-3: one MESSAGE at a time to a Request-URI', () => {
  it('the first goes, the next ones wait in order', () => {
    const pending = new PendingMessages<string>();
    assert.equal(pending.add('a', '1', 1), 'go');
    assert.equal(pending.add('a', '2', 1), 'wait');
    assert.equal(pending.add('a', '3', 1), 'wait');
    assert.equal(pending.add('b', '4', 1), 'go');
    assert.equal(pending.waiting, 2);
    assert.equal(pending.ended('a'), '2');
    assert.equal(pending.ended('a'), '3');
    assert.equal(pending.ended('a'), undefined);
    assert.equal(pending.add('a', '5', 1), 'go');
    assert.equal(pending.targets, 2);
  });

  it('20 may wait', () => {
    const pending = new PendingMessages<number>();
    pending.add('a', 0, 1);
    for (let number = 1; number <= 20; number++) assert.equal(pending.add('a', number, 1), 'wait');
    assert.equal(pending.add('a', 21, 1), 'full');
    pending.ended('a');
    assert.equal(pending.add('a', 21, 1), 'wait');
  });

  it('their octets are bounded for all targets together', () => {
    const pending = new PendingMessages<string>({ maxWaitingOctets: 10 });
    for (const target of ['a', 'b', 'c']) assert.equal(pending.add(target, 'first', 100), 'go');
    assert.equal(pending.add('a', 'second', 6), 'wait');
    assert.equal(pending.add('b', 'second', 5), 'full');
    assert.equal(pending.add('c', 'second', 4), 'wait');
    pending.ended('a');
    assert.equal(pending.add('b', 'second', 5), 'wait');
  });

  it('whatever happens: never two at once, in order, and nothing is left over', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (sequence) => {
        const pending = new PendingMessages<number>({ maxWaiting: 3 });
        const onTheWay = new Map<string, number>();
        const last = new Map<string, number>();
        let number = 0;
        const start = (target: string, message: number) => {
          assert.equal(onTheWay.has(target), false);
          assert.ok((last.get(target) ?? -1) < message);
          onTheWay.set(target, message);
          last.set(target, message);
        };
        const end = (target: string) => {
          onTheWay.delete(target);
          const next = pending.ended(target);
          if (next !== undefined) start(target, next);
        };
        for (const [target, adds] of sequence) {
          if (adds) {
            if (pending.add(target, ++number, 1) === 'go') start(target, number);
          } else if (onTheWay.has(target)) end(target);
        }
        for (const target of ['a', 'b']) while (onTheWay.has(target)) end(target);
        assert.equal(pending.waiting, 0);
        assert.equal(pending.targets, 0);
      }),
    );
  });
});
