import assert from 'node:assert/strict';
import { isCallId, pairOf, ThreadTable } from '../../../src/interwork/message/thread-table.js';

const DAY = 24 * 3600 * 1000;
const PAIR = pairOf('juliet@example.com', 'romeo@example.net');
const OTHER = pairOf('nurse@example.com', 'romeo@example.net');

describe('7572-R-2: threads and Call-IDs', () => {
  for (const [text, legal] of [
    ['e0ffe42b28561960c6b12b944a092794b9683a38', true],
    ['asd88asd77a@1.2.3.4', true],
    ['a-.!%*_+`\'~()<>:\\"/[]?{}@z', true],
    ['', false],
    ['@a', false],
    ['a@', false],
    ['a@b@c', false],
    ['two words', false],
    ['a,b', false],
    ['a;b', false],
    ['a=b', false],
    ['é', false],
    ['a\r\nX: y', false],
    ['a\n', false],
    ['a'.repeat(255), true],
    ['a'.repeat(256), false],
  ] as const) {
    it(`${JSON.stringify(text.slice(0, 50))} ${legal ? 'can' : 'cannot'} be a Call-ID`, () =>
      assert.equal(isCallId(text), legal));
  }

  it('remembers both ways, for the pair alone', () => {
    const table = new ThreadTable();
    table.remember(PAIR, 'Thread 1', 'c1', 0);
    assert.equal(table.threadOf(PAIR, 'c1', 1), 'Thread 1');
    assert.equal(table.callIdOf(PAIR, 'Thread 1', 1), 'c1');
    assert.equal(table.threadOf(OTHER, 'c1', 1), undefined);
    assert.equal(table.callIdOf(OTHER, 'Thread 1', 1), undefined);
  });

  it('compares exactly', () => {
    const table = new ThreadTable();
    table.remember(PAIR, 'Thread 1', 'c1', 0);
    for (const thread of ['thread 1', ' Thread 1', 'Thread 1 '])
      assert.equal(table.callIdOf(PAIR, thread, 1), undefined);
  });

  it('forgets after 24 hours without use', () => {
    const table = new ThreadTable();
    table.remember(PAIR, 't 1', 'c1', 0);
    assert.equal(table.threadOf(PAIR, 'c1', DAY - 1), 't 1');
    assert.equal(table.callIdOf(PAIR, 't 1', 2 * DAY - 2), 'c1');
    assert.equal(table.callIdOf(PAIR, 't 1', 3 * DAY), undefined);
    assert.equal(table.size, 0);
  });

  it('is bounded, and forgets what was used longest ago', () => {
    const table = new ThreadTable({ maxEntries: 2 });
    table.remember(PAIR, 't 1', 'c1', 0);
    table.remember(PAIR, 't 2', 'c2', 1);
    assert.equal(table.threadOf(PAIR, 'c1', 2), 't 1');
    table.remember(PAIR, 't 3', 'c3', 3);
    assert.equal(table.size, 2);
    assert.equal(table.threadOf(PAIR, 'c2', 4), undefined);
    assert.equal(table.callIdOf(PAIR, 't 2', 4), undefined);
    assert.equal(table.threadOf(PAIR, 'c1', 4), 't 1');
  });

  it('a new Call-ID for a thread takes the place of the old one', () => {
    const table = new ThreadTable();
    table.remember(PAIR, 't 1', 'c1', 0);
    table.remember(PAIR, 't 1', 'c2', 0);
    assert.equal(table.size, 1);
    assert.equal(table.threadOf(PAIR, 'c1', 0), undefined);
    assert.equal(table.callIdOf(PAIR, 't 1', 0), 'c2');
  });

  it('does not keep a thread of unreasonable length', () => {
    const table = new ThreadTable();
    table.remember(PAIR, 'x'.repeat(1025), 'c1', 0);
    assert.equal(table.size, 0);
  });
});
