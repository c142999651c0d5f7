import assert from 'node:assert/strict';
import { AgingMap } from '../../src/base/aging-map.js';

describe('a map that knows its oldest entry', () => {
  function filled(...keys: readonly string[]): AgingMap<string, string> {
    const map = new AgingMap<string, string>();
    for (const key of keys) map.set(key, key.toUpperCase());
    return map;
  }

  function inOrder(map: AgingMap<string, string>): string[] {
    const keys: string[] = [];
    for (let oldest = map.oldest; oldest !== undefined; oldest = map.oldest) {
      keys.push(oldest.key);
      map.delete(oldest.key);
    }
    return keys;
  }

  it('finds what was set, and nothing else', () => {
    const map = filled('a', 'b');
    assert.equal(map.get('b'), 'B');
    assert.equal(map.get('c'), undefined);
    assert.equal(map.size, 2);
  });

  it('gives up its entries in the order of setting', () => {
    assert.deepEqual(inOrder(filled('a', 'b', 'c')), ['a', 'b', 'c']);
  });

  it('counts an entry that is set again as the newest, once', () => {
    const map = filled('a', 'b', 'c');
    map.set('a', 'again');
    assert.equal(map.size, 3);
    assert.equal(map.get('a'), 'again');
    assert.deepEqual(inOrder(map), ['b', 'c', 'a']);
  });

  for (const [where, key, rest] of [
    ['oldest', 'a', ['b', 'c']],
    ['one in the middle', 'b', ['a', 'c']],
    ['newest', 'c', ['a', 'b']],
  ] as const) {
    it(`keeps its order without the ${where}`, () => {
      const map = filled('a', 'b', 'c');
      assert.equal(map.delete(key), true);
      assert.equal(map.delete(key), false);
      assert.deepEqual(inOrder(map), rest);
    });
  }

  it('takes entries again after it was emptied', () => {
    const map = filled('a');
    map.delete('a');
    assert.equal(map.oldest, undefined);
    map.set('b', 'B');
    assert.deepEqual(inOrder(map), ['b']);
  });
});
