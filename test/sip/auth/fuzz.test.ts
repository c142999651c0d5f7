import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatAuthorization,
  formatChallenge,
  parseAuthorization,
  parseChallenge,
} from '../../../src/sip/auth/digest.js';

/** Runs of each property; more for a long search: VERONA_FUZZ_RUNS=100000. */
const RUNS = Number(process.env.VERONA_FUZZ_RUNS ?? 2000);

const PARTS = [
  'Digest ',
  'digest',
  'Basic ',
  'username="romeo"',
  'realm="example.net"',
  'nonce="a\\"b"',
  'uri="sip:example.net"',
  `response="${'0a'.repeat(16)}"`,
  `response="${'0a'.repeat(32)}"`,
  'algorithm=MD5',
  'algorithm=SHA-256',
  'algorithm=SHA-256-sess',
  'qop=auth',
  'qop="auth,auth-int"',
  'nc=00000001',
  'cnonce="c"',
  'opaque=""',
  'stale=true',
  ', ',
  ',',
  '"',
  '\\',
  '=',
  ' ',
  '\t',
  'é',
  '\u0000',
];

const anyText = fc.oneof(
  fc.array(fc.constantFrom(...PARTS), { maxLength: 40 }).map((parts) => parts.join('')),
  fc.shuffledSubarray(PARTS.slice(3, 18), { minLength: 4 }).map((parts) => `Digest ${parts.join(', ')}`),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

describe('fuzz: texts into the parsers of challenges and credentials', function () {
  this.timeout(0);

  it('never throw, and read again what they wrote', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const challenge = parseChallenge(text);
        if (challenge.ok) assert.deepEqual(parseChallenge(formatChallenge(challenge.value)), challenge);
        const authorization = parseAuthorization(text);
        if (authorization.ok)
          assert.deepEqual(parseAuthorization(formatAuthorization(authorization.value)), authorization);
      }),
      { numRuns: RUNS },
    );
  });
});
