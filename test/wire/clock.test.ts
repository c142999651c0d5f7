import assert from 'node:assert/strict';
import { SystemScheduler } from '../../src/wire/clock.js';
import { SystemRandom } from '../../src/wire/random.js';

describe('the clock of the machine', () => {
  it('tells the time of day in whole milliseconds', () => {
    const now = new SystemScheduler().now();
    assert.ok(Math.abs(now - Date.now()) < 100);
    assert.equal(now, Math.floor(now));
  });

  it('does not run backwards when the time of day is set back, and follows a step ahead', () => {
    const real = Date.now;
    try {
      const clock = new SystemScheduler();
      const before = clock.now();
      Date.now = () => real() - 3_600_000;
      assert.ok(clock.now() >= before);
      Date.now = () => real() + 3_600_000;
      assert.ok(clock.now() >= before + 3_599_000);
      Date.now = real;
      assert.ok(clock.now() >= before + 3_599_000);
    } finally {
      Date.now = real;
    }
  });

  it('wakes once, in order', async () => {
    const clock = new SystemScheduler();
    const woken: string[] = [];
    await new Promise<void>((resolve) => {
      clock.after(15, () => {
        woken.push('late');
        resolve();
      });
      clock.after(1, () => woken.push('early'));
      clock.after(5, () => woken.push('cancelled')).cancel();
    });
    assert.deepEqual(woken, ['early', 'late']);
  });

  it('a delay longer than setTimeout takes does not fire at once', async () => {
    let woken = false;
    const timer = new SystemScheduler().after(2 ** 31 + 1000, () => {
      woken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    timer.cancel();
    assert.equal(woken, false);
  });
});

describe('the randomness of the machine', () => {
  it('tokens have the asked strength and do not repeat', () => {
    const random = new SystemRandom();
    const seen = new Set<string>();
    for (let n = 0; n < 2000; n++) seen.add(random.token());
    assert.equal(seen.size, 2000);
    for (const token of seen) assert.match(token, /^[a-z2-7]{13}$/); // 13 times 5 bits are at least 64
    assert.match(random.token(40), /^[a-z2-7]{8}$/);
  });

  it('bytes are fresh, also when the pool ends and beyond its size', () => {
    const random = new SystemRandom();
    const seen = new Set<string>();
    for (let n = 0; n < 300; n++) seen.add(Buffer.from(random.bytes(32)).toString('hex'));
    assert.equal(seen.size, 300);
    assert.equal(random.bytes(10_000).length, 10_000);
    assert.ok(random.bytes(10_000).some((octet) => octet !== 0));
  });

  it('fractions lie in [0, 1)', () => {
    const random = new SystemRandom();
    for (let n = 0; n < 1000; n++) {
      const fraction = random.fraction();
      assert.ok(fraction >= 0 && fraction < 1);
    }
  });
});
