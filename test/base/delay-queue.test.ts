import assert from 'node:assert/strict';
import { DelayQueue } from '../../src/base/delay-queue.js';
import { FakeScheduler } from '../support/fake-scheduler.js';

function queue(delayMs = 100) {
  const scheduler = new FakeScheduler();
  const fired: string[] = [];
  return { scheduler, fired, queue: new DelayQueue<string>(scheduler, delayMs, (item) => fired.push(item)) };
}

describe('a queue of timers of one delay', () => {
  it('fires each in its time and in order', () => {
    const { scheduler, fired, queue: waiting } = queue();
    waiting.add('a');
    scheduler.advance(30);
    waiting.add('b');
    scheduler.advance(69);
    assert.deepEqual(fired, []);
    scheduler.advance(1);
    assert.deepEqual(fired, ['a']);
    scheduler.advance(29);
    assert.deepEqual(fired, ['a']);
    scheduler.advance(1);
    assert.deepEqual(fired, ['a', 'b']);
  });

  it('holds one timer of the scheduler, and none when it is done', () => {
    const { scheduler, queue: waiting } = queue();
    for (let n = 0; n < 50; n++) waiting.add(String(n));
    assert.equal(scheduler.pending, 1);
    scheduler.advance(100);
    assert.equal(scheduler.pending, 0);
    assert.equal(waiting.size, 0);
  });

  for (const cancelled of ['a', 'b', 'c'] as const) {
    it(`what was cancelled does not fire (${cancelled} of three)`, () => {
      const { scheduler, fired, queue: waiting } = queue();
      for (const item of ['a', 'b', 'c']) {
        const entry = waiting.add(item);
        if (item === cancelled) {
          entry.cancel();
          entry.cancel();
        }
        scheduler.advance(1);
      }
      assert.equal(waiting.size, 2);
      scheduler.advance(200);
      assert.deepEqual(
        fired,
        ['a', 'b', 'c'].filter((item) => item !== cancelled),
      );
    });
  }

  it('cancelling after it fired does nothing', () => {
    const { scheduler, queue: waiting } = queue();
    const entry = waiting.add('a');
    scheduler.advance(100);
    entry.cancel();
    assert.equal(waiting.size, 0);
  });

  it('knows the oldest', () => {
    const { queue: waiting } = queue();
    assert.equal(waiting.oldest, undefined);
    const first = waiting.add('a');
    waiting.add('b');
    assert.equal(waiting.oldest, 'a');
    first.cancel();
    assert.equal(waiting.oldest, 'b');
  });

  it('an item may add the next while it fires', () => {
    const scheduler = new FakeScheduler();
    let fired = 0;
    const waiting: DelayQueue<number> = new DelayQueue(scheduler, 10, (left) => {
      fired++;
      if (left > 0) waiting.add(left - 1);
    });
    waiting.add(3);
    scheduler.advance(1000);
    assert.equal(fired, 4);
    assert.equal(scheduler.pending, 0);
  });

  it('an item that throws takes no other with it', () => {
    const scheduler = new FakeScheduler();
    const fired: string[] = [];
    const waiting = new DelayQueue<string>(scheduler, 10, (item) => {
      if (item === 'bad') throw new Error('bad');
      fired.push(item);
    });
    waiting.add('bad');
    waiting.add('good');
    assert.throws(() => scheduler.advance(10), /bad/);
    scheduler.advance(10);
    assert.deepEqual(fired, ['good']);
  });

  it('cleared, it fires nothing', () => {
    const { scheduler, fired, queue: waiting } = queue();
    waiting.add('a');
    waiting.clear();
    scheduler.advance(1000);
    assert.deepEqual([fired.length, waiting.size, scheduler.pending], [0, 0, 0]);
  });
});
