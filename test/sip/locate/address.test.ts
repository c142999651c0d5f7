import assert from 'node:assert/strict';
import {
  addressFamily,
  addressGroups,
  bracketed,
  hostPort,
  plainAddress,
  sameAddress,
  unbracketed,
} from '../../../src/sip/locate/address.js';

describe('numeric addresses', () => {
  for (const [text, family] of [
    ['192.0.2.1', 4],
    ['256.0.2.1', undefined],
    ['192.0.2', undefined],
    ['example.com', undefined],
    ['', undefined],
    ['::', 6],
    ['2001:db8::1', 6],
    ['fe80::1%eth0', 6],
    ['::ffff:192.0.2.1', 6],
    ['2001:db8:::1', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
  ] as const) {
    it(`"${text}" is ${family === undefined ? 'no address' : `IPv${family}`}`, () => {
      assert.equal(addressFamily(text), family);
    });
  }

  it('compare by what they mean', () => {
    assert.equal(sameAddress('2001:db8::1', '2001:0DB8:0:0:0:0:0:1'), true);
    assert.equal(sameAddress('::ffff:192.0.2.1', '192.0.2.1'), true);
    assert.equal(sameAddress('192.0.2.1', '192.0.2.2'), false);
    assert.equal(sameAddress('a.test', 'a.test'), true);
    assert.equal(sameAddress('a.test', '2001:db8::1'), false);
    assert.deepEqual(addressGroups('192.0.2.1'), [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]);
  });

  it('stand in brackets where SIP wants them', () => {
    assert.equal(bracketed('2001:db8::1'), '[2001:db8::1]');
    assert.equal(bracketed('192.0.2.1'), '192.0.2.1');
    assert.equal(unbracketed('[2001:db8::1]'), '2001:db8::1');
    assert.equal(hostPort('2001:db8::1', 5060), '[2001:db8::1]:5060');
    assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('2001:db8::1'), '2001:db8::1');
  });
});
