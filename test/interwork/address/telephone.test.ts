import assert from 'node:assert/strict';
import { canonicalSubscriber, isCanonicalSubscriber } from '../../../src/interwork/address/telephone.js';

type Parameters = readonly (readonly [string, string | undefined])[];

describe('RFC 3966: the canonical spelling of a telephone number', () => {
  for (const [title, number, parameters, expected] of [
    ['§5.1.1: visual separators go', '+1-(555).123-4', [], '+15551234'],
    ['§5.4: optional parameters go', '+15551234', [['cic', '+16789']], '+15551234'],
    ['§5.3: an extension stays', '+15551234', [['ext', '4-2']], '+15551234;ext=42'],
    ['§5.2: a subaddress stays', '+15551234', [['isub', '1%2F2']], '+15551234;isub=1/2'],
    [
      '§5.1.5: a local number keeps its domain',
      '7042',
      [['phone-context', 'Example.COM.']],
      '7042;phone-context=example.com',
    ],
    [
      '§5.1.5: global digits as context are no prefix',
      '863-1234',
      [['Phone-Context', '+1-914-555']],
      '8631234;phone-context=+1914555',
    ],
    ['§5.1.3: letters, * and # of local numbers', '*%23A1', [['phone-context', '+1']], '*#a1;phone-context=+1'],
    [
      '§3: extension, then context',
      '7042',
      [
        ['phone-context', '+1'],
        ['ext', '5'],
      ],
      '7042;ext=5;phone-context=+1',
    ],
  ] as const) {
    it(`${title}: ${number}`, () => {
      assert.deepEqual(canonicalSubscriber(number, parameters as Parameters), { ok: true, value: expected });
      assert.ok(isCanonicalSubscriber(expected));
    });
  }

  for (const [title, number, parameters] of [
    ['no digits', '+', []],
    ['separators alone', '+--', []],
    ['letters in a global number', '+1555ABC', []],
    ['a local number without context', '7042', []],
    ['a context that is neither', '7042', [['phone-context', 'exa mple']]],
    ['an empty context', '7042', [['phone-context', undefined]]],
    ['a broken context beside a global number', '+1555', [['phone-context', '+']]],
    ['an unknown mandatory parameter (§5.4)', '+15551234', [['m-secret', 'x']]],
    [
      'a parameter twice (§3)',
      '+15551234',
      [
        ['ext', '1'],
        ['EXT', '2'],
      ],
    ],
    ['an extension without digits', '+15551234', [['ext', 'x']]],
    ['a broken escape', '%zz', []],
  ] as const) {
    it(`refuses ${title}`, () => assert.equal(canonicalSubscriber(number, parameters as Parameters).ok, false));
  }

  for (const text of [
    'romeo',
    '+1-555',
    '+',
    '7042',
    '7042;phone-context=+1-2',
    'a;b',
    '',
    'deadbeef',
    '+15551234;user=phone',
  ]) {
    it(`${JSON.stringify(text)} is no number in canonical spelling`, () =>
      assert.equal(isCanonicalSubscriber(text), false));
  }
});
