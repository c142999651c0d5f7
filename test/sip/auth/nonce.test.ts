import assert from 'node:assert/strict';
import { NonceRegister } from '../../../src/sip/auth/nonce.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { SeededRandom } from '../../support/seeded-random.js';

function setUp(maxNonces = 100) {
  const clock = new FakeScheduler();
  const random = new SeededRandom(7);
  return { clock, random, nonces: new NonceRegister({ random, clock, lifetimeSeconds: 300, maxNonces }) };
}

describe('RFC 7616 §5.4: nonces', () => {
  it('are different each time, and of harmless characters', () => {
    const { nonces } = setUp();
    const issued = Array.from({ length: 100 }, () => nonces.issue('realm'));
    assert.equal(new Set(issued).size, 100);
    for (const nonce of issued) assert.match(nonce, /^[A-Za-z0-9_-]{40}$/);
    assert.equal(nonces.size, 0);
  });

  it('are fresh for their lifetime', () => {
    const { clock, nonces } = setUp();
    const nonce = nonces.issue('realm');
    assert.equal(nonces.age(nonce, 'realm'), 'fresh');
    clock.advance(300_000);
    assert.equal(nonces.age(nonce, 'realm'), 'fresh');
    clock.advance(1);
    assert.equal(nonces.age(nonce, 'realm'), 'old');
  });

  it('are of one realm and of one register', () => {
    const { clock, random, nonces } = setUp();
    const nonce = nonces.issue('realm');
    assert.equal(nonces.age(nonce, 'other'), 'foreign');
    const restarted = new NonceRegister({ random, clock, lifetimeSeconds: 300, maxNonces: 10 });
    assert.equal(restarted.age(nonce, 'realm'), 'foreign');
  });

  it('cannot be changed in any character, nor lengthened', () => {
    const { nonces } = setUp();
    const nonce = nonces.issue('realm');
    for (let i = 0; i < nonce.length; i++) {
      for (const other of ['A', 'B', '=', ' ', 'é']) {
        if (nonce[i] === other) continue;
        assert.equal(nonces.age(nonce.slice(0, i) + other + nonce.slice(i + 1), 'realm'), 'foreign');
      }
    }
    for (const text of ['', 'A', `${nonce}A`, `${nonce}=`, nonce.slice(1), 'A'.repeat(40), 'A'.repeat(10_000)]) {
      assert.equal(nonces.age(text, 'realm'), 'foreign');
    }
  });
});

describe('RFC 7616 §5.12: nonce counts', () => {
  it('must grow', () => {
    const { nonces } = setUp();
    const nonce = nonces.issue('r');
    assert.equal(nonces.use(nonce, 'r', 1), 'counted');
    assert.equal(nonces.use(nonce, 'r', 1), 'repeated');
    assert.equal(nonces.use(nonce, 'r', 2), 'counted');
    assert.equal(nonces.use(nonce, 'r', 9), 'counted');
    assert.equal(nonces.use(nonce, 'r', 3), 'repeated');
    assert.equal(nonces.use(nonce, 'r', 10), 'counted');
  });

  it('of a foreign nonce are not kept', () => {
    const { nonces } = setUp();
    assert.equal(nonces.use('A'.repeat(40), 'r', 1), 'forgotten');
    assert.equal(nonces.size, 0);
  });

  it('are kept for at most maxNonces, and no nonce that fell out can be used again', () => {
    const { clock, nonces } = setUp(10);
    const used: string[] = [];
    for (let i = 0; i < 50; i++) {
      clock.advance(1);
      const nonce = nonces.issue('r');
      assert.equal(nonces.use(nonce, 'r', 1), 'counted');
      used.push(nonce);
      assert.ok(nonces.size <= 10);
    }
    for (const nonce of used) assert.notEqual(nonces.use(nonce, 'r', 1), 'counted');
    assert.equal(nonces.use(used.at(-1)!, 'r', 2), 'counted');
  });

  it('an unused nonce older than one that fell out counts as forgotten, a younger one does not', () => {
    const { clock, nonces } = setUp(2);
    const early = nonces.issue('r');
    clock.advance(10);
    const first = nonces.issue('r');
    clock.advance(10);
    const [second, third, late] = [nonces.issue('r'), nonces.issue('r'), nonces.issue('r')];
    for (const nonce of [first, second, third]) assert.equal(nonces.use(nonce, 'r', 1), 'counted');
    assert.equal(nonces.use(early, 'r', 1), 'forgotten');
    assert.equal(nonces.use(late, 'r', 1), 'counted');
  });

  it('of nonces past their lifetime make room', () => {
    const { clock, nonces } = setUp(1000);
    for (let i = 0; i < 100; i++) nonces.use(nonces.issue('r'), 'r', 1);
    assert.equal(nonces.size, 100);
    clock.advance(300_001);
    nonces.use(nonces.issue('r'), 'r', 1);
    assert.equal(nonces.size, 1);
  });
});
