import assert from 'node:assert/strict';
import { ReconnectDelay } from '../../../src/xmpp/component/reconnect.js';

const random = (fraction: number) => ({ fraction: () => fraction, token: () => 'x', bytes: () => new Uint8Array() });

describe('ReconnectDelay', () => {
  it('doubles up to its bound', () => {
    const delay = new ReconnectDelay(random(1));
    const waits = Array.from({ length: 9 }, () => delay.after(0, false));
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('takes between half and all of it, so that not all come at once', () => {
    assert.equal(new ReconnectDelay(random(0)).after(0, false), 500);
    assert.equal(new ReconnectDelay(random(0.5)).after(0, false), 750);
  });

  it('begins anew after a stream that lasted', () => {
    const delay = new ReconnectDelay(random(1));
    for (let count = 0; count < 5; count++) delay.after(0, false);
    assert.equal(delay.after(29_999, false), 32_000);
    assert.equal(delay.after(30_000, false), 1000);
    assert.equal(delay.after(0, false), 2000);
  });

  it('waits longest when the server refuses', () => {
    assert.equal(new ReconnectDelay(random(1)).after(0, true), 60_000);
    assert.equal(new ReconnectDelay(random(1), { maxMs: 5000 }).after(0, true), 5000);
  });
});
