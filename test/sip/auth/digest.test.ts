import assert from 'node:assert/strict';
import {
  type DigestHash,
  digestHa1,
  digestResponse,
  formatAuthorization,
  formatChallenge,
  parseAuthorization,
  parseChallenge,
} from '../../../src/sip/auth/digest.js';

const NO_BODY = new Uint8Array(0);

/** The response by the rules, for credentials as an RFC prints them. */
function responseOf(authorization: string, method: string, password: string): { computed: string; printed: string } {
  const parsed = parseAuthorization(authorization);
  assert.ok(parsed.ok);
  const { username, realm, algorithm } = parsed.value;
  const ha1 = digestHa1(algorithm.hash, username, realm, password);
  return { computed: digestResponse(ha1, { ...parsed.value, method, body: NO_BODY }), printed: parsed.value.response };
}

const RFC7616 =
  'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", ' +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, ' +
  'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, ' +
  'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", ';

describe('digest responses that RFCs print', () => {
  for (const [name, authorization, method, password] of [
    [
      'RFC 2617 §3.5',
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", ' +
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
      'GET',
      'Circle Of Life',
    ],
    [
      'RFC 7616 §3.9.1, MD5',
      `${RFC7616}algorithm=MD5, response="8ca523f5e9506fed4657c9700eebdbec"`,
      'GET',
      'Circle of Life',
    ],
    [
      'RFC 7616 §3.9.1, SHA-256',
      `${RFC7616}algorithm=SHA-256, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"`,
      'GET',
      'Circle of Life',
    ],
    [
      // The RFC prints a digest that its authors truncated from SHA-512; this is the one of SHA-512/256.
      'RFC 7616 §3.9.2, SHA-512-256 (corrected)',
      'Digest username="Jäsøn Doe", realm="api@example.org", uri="/doe.json", algorithm=SHA-512-256, ' +
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, ' +
        'cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", qop=auth, ' +
        'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"',
      'GET',
      'Secret, or not?',
    ],
  ] as const) {
    it(name, () => {
      const { computed, printed } = responseOf(authorization, method, password);
      assert.equal(computed, printed);
    });
  }
});

describe('RFC 7616 §3.4: the parts of a digest', () => {
  const ha1 = digestHa1('MD5', 'bob', 'biloxi.com', 'zanzibar');
  const base = {
    algorithm: { hash: 'MD5' as DigestHash, session: false },
    method: 'INVITE',
    uri: 'sip:bob@biloxi.com',
  };
  const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
  const qop = { name: 'auth' as const, cnonce: '0a4f113b', nc: '00000001' };

  // Values of RFC 2617's formula, worked out with md5sum and openssl.
  it('RFC 3261 §22.4: without qop', () => {
    assert.equal(ha1, '12af60467a33e8518da5c68bbff12b11');
    assert.equal(digestResponse(ha1, { ...base, nonce, body: NO_BODY }), 'bf57e4e0d0bffc0fbaedce64d59add5e');
  });

  it('qop auth', () => {
    assert.equal(digestResponse(ha1, { ...base, nonce, qop, body: NO_BODY }), '89eb0059246c02b2f6ee02c7961d5ea3');
  });

  it('qop auth-int covers the body', () => {
    const withBody = (body: string) =>
      digestResponse(ha1, { ...base, nonce, qop: { ...qop, name: 'auth-int' }, body: Buffer.from(body) });
    assert.equal(withBody('v=0\r\n'), '77226bb823dc077c1ad3537415667bae');
    assert.notEqual(withBody('v=0\r\n'), withBody('v=1\r\n'));
  });

  it('a session algorithm covers nonce and cnonce', () => {
    const session = { ...base, algorithm: { hash: 'MD5' as const, session: true } };
    assert.equal(digestResponse(ha1, { ...session, nonce, qop, body: NO_BODY }), 'e4e4ea61d186d07a92c9e1f6919902e9');
  });

  it('SHA-512-256', () => {
    assert.equal(
      digestHa1('SHA-512-256', 'bob', 'biloxi.com', 'zanzibar'),
      'a969680ab364e333ec5c93ff823d570a79841c8d40270655dd42f37b755dfc38',
    );
  });
});

describe('RFC 3261 §20.44: challenges', () => {
  it('are read', () => {
    const challenge = parseChallenge(
      'Digest realm="atlanta.com", domain="sip:ss1.carrier.com", qop="auth,auth-int", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5',
    );
    assert.deepEqual(challenge, {
      ok: true,
      value: {
        realm: 'atlanta.com',
        nonce: 'f84f1cec41e6cbe5aea9c8e88d359',
        opaque: '',
        algorithm: { hash: 'MD5', session: false },
        qop: ['auth', 'auth-int'],
        stale: false,
      },
    });
  });

  for (const [text, algorithm] of [
    ['digest realm="a",nonce="b"', { hash: 'MD5', session: false }],
    ['Digest realm="a" , nonce="b", algorithm=sha-256', { hash: 'SHA-256', session: false }],
    ['Digest realm="a", nonce="b", algorithm="MD5-sess"', { hash: 'MD5', session: true }],
    ['Digest , realm="a",, nonce="b", algorithm=SHA-512-256,', { hash: 'SHA-512-256', session: false }],
  ] as const) {
    it(`${text}: the algorithm, MD5 when it is not named`, () => {
      const challenge = parseChallenge(text);
      assert.ok(challenge.ok);
      assert.deepEqual(challenge.value.algorithm, algorithm);
    });
  }

  for (const text of [
    'Basic realm="a"',
    'NoOneKnowsThisScheme opaque-data=here',
    'Negotiate YII=',
    'Digest realm="a", nonce="b", algorithm=AKAv1-MD5',
  ]) {
    it(`${text} is not for us`, () => {
      assert.deepEqual(parseChallenge(text), { ok: false, error: { kind: 'not-understood' } });
    });
  }

  for (const text of [
    '',
    '=',
    'Digest realm',
    'Digest realm=',
    'Digest realm="a',
    'Digest realm="a" nonce="b"',
    'Digest realm="a", realm="b", nonce="c"',
    'Digest realm="a"',
    'Digest nonce="a"',
    `Digest ${Array.from({ length: 33 }, (_, i) => `p${i}=1`).join(',')}`,
  ]) {
    it(`${JSON.stringify(text.slice(0, 60))} is malformed`, () => {
      const challenge = parseChallenge(text);
      assert.ok(!challenge.ok && challenge.error.kind === 'malformed');
    });
  }

  it('are written as they are read', () => {
    const challenge = {
      realm: 'a "quoted" realm\\',
      nonce: 'n',
      opaque: 'o',
      algorithm: { hash: 'SHA-256', session: false },
      qop: ['auth'],
      stale: true,
    } as const;
    const text = formatChallenge(challenge);
    assert.equal(
      text,
      'Digest realm="a \\"quoted\\" realm\\\\", nonce="n", opaque="o", stale=true, algorithm=SHA-256, qop="auth"',
    );
    assert.deepEqual(parseChallenge(text), { ok: true, value: challenge });
  });
});

describe('RFC 3261 §20.7: credentials', () => {
  const text =
    'Digest username="Alice", realm="atlanta.com", nonce="84a4cc6f3082121f32b42a2187831a9e", uri="sip:a", ' +
    'response="7587245234b3434cc3412213e5f113a5"';

  it('are read and written, with nc, qop and algorithm as tokens', () => {
    const parsed = parseAuthorization(`${text}, qop=auth-int, cnonce="0a\\"4", nc=0000000A, opaque="x"`);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value.qop, { name: 'auth-int', cnonce: '0a"4', nc: '0000000A' });
    const written = formatAuthorization(parsed.value);
    assert.equal(written, `${text}, algorithm=MD5, opaque="x", qop=auth-int, cnonce="0a\\"4", nc=0000000A`);
    assert.deepEqual(parseAuthorization(written), parsed);
  });

  for (const [what, bad] of [
    ['no username', text.replace('username="Alice", ', '')],
    ['no realm', text.replace('realm="atlanta.com", ', '')],
    ['no nonce', text.replace(/nonce="[^"]*", /, '')],
    ['no uri', text.replace('uri="sip:a", ', '')],
    ['no response', text.replace(/, response.*/, '')],
    ['a response too short', text.replace('13a5"', '"')],
    ['a response that is no hex', text.replace('13a5"', '13ax"')],
    ['a response of another algorithm', `${text}, algorithm=SHA-256`],
    ['qop without nc', `${text}, qop=auth, cnonce="x"`],
    ['qop without cnonce', `${text}, qop=auth, nc=00000001`],
    ['nc too short', `${text}, qop=auth, cnonce="x", nc=1`],
    ['nc that is no hex', `${text}, qop=auth, cnonce="x", nc=0000000x`],
  ] as const) {
    it(`${what} is malformed`, () => {
      const parsed = parseAuthorization(bad);
      assert.ok(!parsed.ok && parsed.error.kind === 'malformed');
    });
  }

  it('of an unknown qop are not for us', () => {
    const parsed = parseAuthorization(`${text}, qop=auth-conf, cnonce="x", nc=00000001`);
    assert.deepEqual(parsed, { ok: false, error: { kind: 'not-understood' } });
  });
});
