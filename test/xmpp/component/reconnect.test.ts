import assert from 'node:assert/strict';
import type { Random } from '../../../src/base/random.js';
import { ReconnectDelay } from '../../../src/xmpp/component/reconnect.js';
import { SeededRandom } from '../../support/seeded-random.js';

/** Without jitter: the longest wait within each bound. */
const LONGEST: Random = { fraction: () => 1, bytes: () => new Uint8Array(), token: () => '' };
const SHORTEST: Random = { ...LONGEST, fraction: () => 0 };

describe('the wait before the next connection', () => {
  it('doubles with each failure, up to its bound', () => {
    const delay = new ReconnectDelay(LONGEST, { firstMs: 1000, maxMs: 10_000 });
    const waits = Array.from({ length: 6 }, () => delay.after(0, false));
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('is short again after a stream that lasted', () => {
    const delay = new ReconnectDelay(LONGEST, { stableMs: 30_000 });
    for (let failure = 0; failure < 5; failure++) delay.after(0, false);
    assert.equal(delay.after(30_000, false), 1000);
  });

  it('stays long after a stream that did not', () => {
    const delay = new ReconnectDelay(LONGEST, { stableMs: 30_000 });
    for (let failure = 0; failure < 3; failure++) delay.after(0, false);
    assert.equal(delay.after(29_999, false), 8000);
  });

  it('is the longest when the server refuses us', () => {
    assert.equal(new ReconnectDelay(LONGEST, { maxMs: 60_000 }).after(0, true), 60_000);
    assert.equal(new ReconnectDelay(SHORTEST, { maxMs: 60_000 }).after(0, true), 30_000);
  });

  it('lies between half and all of its bound', () => {
    const random = new SeededRandom(114);
    for (let draw = 0; draw < 200; draw++) {
      const wait = new ReconnectDelay(random).after(0, false);
      assert.ok(wait >= 500 && wait <= 1000, `${wait}`);
    }
  });
});
