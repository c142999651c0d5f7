import assert from 'node:assert/strict';
import { digestHa1, digestResponse, formatChallenge, parseAuthorization } from '../../../src/sip/auth/digest.js';
import { type ClientCredentials, DigestClient } from '../../../src/sip/auth/digest-client.js';
import { DigestServer } from '../../../src/sip/auth/digest-server.js';
import { HeaderFields, responseTo, SipRequest, type SipResponse } from '../../../src/sip/message/message.js';
import { Uri } from '../../../src/sip/message/uri.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { SeededRandom } from '../../support/seeded-random.js';

const ROMEO: ClientCredentials = { username: 'romeo', password: 'wherefore' };
const always = () => ROMEO;

function message(headers: readonly (readonly [string, string])[] = []): SipRequest {
  return new SipRequest(
    'MESSAGE',
    Uri.build({ scheme: 'sip', user: 'juliet', host: 'example.com' }),
    new HeaderFields([
      ['Via', 'SIP/2.0/UDP h;branch=z9hG4bK1'],
      ['From', '<sip:romeo@example.net>;tag=1'],
      ['To', '<sip:juliet@example.com>'],
      ['Call-ID', 'c'],
      ['CSeq', '1 MESSAGE'],
      ...headers,
    ]),
    Buffer.from('Ay me!'),
  );
}

const challenged = (status: number, ...values: string[]): SipResponse =>
  responseTo(message(), status, {
    headers: values.map((value) => [status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate', value]),
  });

const client = () => new DigestClient({ random: new SeededRandom(11) });

function read(line: readonly [string, string] | undefined) {
  assert.ok(line !== undefined);
  const parsed = parseAuthorization(line[1]);
  assert.ok(parsed.ok);
  return parsed.value;
}

describe('RFC 3261 §22.2: answering a challenge', () => {
  it('computes what the server expects', () => {
    const answer = client().answer(
      challenged(401, 'Digest realm="example.com", nonce="n1", qop="auth", opaque="o"'),
      message(),
      always,
    );
    assert.ok(answer.ok);
    const [line] = answer.value;
    assert.equal(line?.[0], 'Authorization');
    const sent = read(line);
    assert.equal(sent.uri, 'sip:juliet@example.com');
    assert.equal(sent.opaque, 'o');
    assert.equal(sent.qop?.nc, '00000001');
    const ha1 = digestHa1('MD5', 'romeo', 'example.com', 'wherefore');
    assert.equal(sent.response, digestResponse(ha1, { ...sent, method: 'MESSAGE', body: message().body }));
  });

  it('answers a 407 with Proxy-Authorization', () => {
    const answer = client().answer(challenged(407, 'Digest realm="p", nonce="n"'), message(), always);
    assert.ok(answer.ok);
    assert.equal(answer.value[0]?.[0], 'Proxy-Authorization');
    assert.equal(read(answer.value[0]).qop, undefined);
  });

  const strongest: [what: string, credentials: ClientCredentials, values: string[], algorithm: string][] = [
    ['SHA-256 over MD5', ROMEO, ['algorithm=MD5', 'algorithm=SHA-256'], 'SHA-256'],
    ['SHA-512-256 over SHA-256', ROMEO, ['algorithm=SHA-256', 'algorithm=SHA-512-256'], 'SHA-512-256'],
    ['MD5 when it is not named', ROMEO, ['opaque=""'], 'MD5'],
    [
      'what it has a secret for',
      { username: 'romeo', ha1: { MD5: 'a'.repeat(32) } },
      ['algorithm=SHA-256', 'algorithm=MD5'],
      'MD5',
    ],
    ['no algorithm that it does not know', ROMEO, ['algorithm=SHA-1024', 'algorithm=MD5'], 'MD5'],
  ];
  for (const [what, credentials, values, algorithm] of strongest) {
    it(`takes ${what} (RFC 8760 §2.4)`, () => {
      const offered = values.map((value) => `Digest realm="r", nonce="n", qop="auth", ${value}`);
      const answer = client().answer(challenged(401, ...offered), message(), () => credentials);
      assert.ok(answer.ok);
      assert.equal(answer.value.length, 1);
      assert.equal(read(answer.value[0]).algorithm.hash, algorithm);
    });
  }

  it('prefers qop auth, and covers the body when only auth-int is offered', () => {
    const both = client().answer(
      challenged(401, 'Digest realm="r", nonce="n", qop="auth-int,auth"'),
      message(),
      always,
    );
    assert.ok(both.ok);
    assert.equal(read(both.value[0]).qop?.name, 'auth');
    const one = client().answer(challenged(401, 'Digest realm="r", nonce="n", qop="auth-int"'), message(), always);
    assert.ok(one.ok);
    const sent = read(one.value[0]);
    assert.equal(sent.qop?.name, 'auth-int');
    const ha1 = digestHa1('MD5', 'romeo', 'r', 'wherefore');
    assert.equal(sent.response, digestResponse(ha1, { ...sent, method: 'MESSAGE', body: Buffer.from('Ay me!') }));
  });

  it('answers each realm that challenged (RFC 3261 §22.3)', () => {
    const response = challenged(
      407,
      'Digest realm="a", nonce="1"',
      'Digest realm="b", nonce="2"',
      'Digest realm="c", nonce="3"',
    );
    const answer = client().answer(response, message(), (realm) => (realm === 'b' ? undefined : ROMEO));
    assert.ok(answer.ok);
    assert.deepEqual(
      answer.value.map((line) => read(line).realm),
      ['a', 'c'],
    );
  });

  for (const [what, values] of [
    ['no challenge', []],
    ['another scheme', ['Basic realm="r"']],
    ['an unknown algorithm', ['Digest realm="r", nonce="n", algorithm=SHA-1024']],
    ['an unknown qop', ['Digest realm="r", nonce="n", qop="auth-conf"']],
    ['a session algorithm without qop', ['Digest realm="r", nonce="n", algorithm=MD5-sess']],
    ['a malformed challenge', ['Digest realm="r']],
  ] as const) {
    it(`has no answer to ${what}`, () => {
      assert.equal(client().answer(challenged(401, ...values), message(), always).ok, false);
    });
  }

  it('has no answer without credentials', () => {
    assert.equal(client().answer(challenged(401, 'Digest realm="r", nonce="n"'), message(), () => undefined).ok, false);
  });

  it('does not send again what was refused, unless the nonce was stale', () => {
    const digest = client();
    const first = digest.answer(challenged(401, 'Digest realm="r", nonce="1"'), message(), always);
    assert.ok(first.ok);
    const repeated = message(first.value);
    assert.equal(digest.answer(challenged(401, 'Digest realm="r", nonce="2"'), repeated, always).ok, false);
    assert.equal(digest.answer(challenged(401, 'Digest realm="r", nonce="2", stale=true'), repeated, always).ok, true);
  });
});

describe('RFC 7616 §3.4: nonce counts of the client', () => {
  const value = 'Digest realm="r", nonce="n", qop="auth"';

  it('grow with each use of a nonce, and start anew with a new one', () => {
    const digest = client();
    digest.answer(challenged(401, value), message(), always);
    const counts = [digest.anticipate(message(), 'r', ROMEO), digest.anticipate(message(), 'r', ROMEO)];
    assert.deepEqual(
      counts.map((line) => read(line).qop?.nc),
      ['00000002', '00000003'],
    );
    assert.equal(new Set(counts.map((line) => read(line).qop?.cnonce)).size, 2);
    const again = digest.answer(challenged(401, value.replace('"n"', '"m"')), message(), always);
    assert.ok(again.ok);
    assert.equal(read(again.value[0]).qop?.nc, '00000001');
  });

  it('nothing is anticipated for a realm that never challenged', () => {
    assert.equal(client().anticipate(message(), 'r', ROMEO), undefined);
  });

  it('the realm used longest ago is forgotten first', () => {
    const digest = new DigestClient({ random: new SeededRandom(), maxRealms: 2 });
    for (const realm of ['a', 'b'])
      digest.answer(challenged(401, `Digest realm="${realm}", nonce="n"`), message(), always);
    digest.anticipate(message(), 'a', ROMEO);
    digest.answer(challenged(401, 'Digest realm="c", nonce="n"'), message(), always);
    assert.deepEqual(
      ['a', 'b', 'c'].map((realm) => digest.anticipate(message(), realm, ROMEO) !== undefined),
      [true, false, true],
    );
  });
});

describe('client and server of digest understand each other', () => {
  const clock = new FakeScheduler();
  const server = new DigestServer({
    realm: 'example.com',
    random: new SeededRandom(5),
    clock,
    store: {
      digestCredentials: async (username, realm) =>
        username !== 'romeo'
          ? undefined
          : {
              username,
              realm,
              ha1Md5: digestHa1('MD5', username, realm, 'wherefore'),
              ha1Sha256: digestHa1('SHA-256', username, realm, 'wherefore'),
            },
    },
  });

  it('over a challenge, anticipated requests, and a stale nonce', async () => {
    const digest = client();
    const challenge = (stale: boolean) =>
      responseTo(message(), 401, { headers: server.challenge(message(), 'www', stale) });
    const first = digest.answer(challenge(false), message(), always);
    assert.ok(first.ok);
    assert.equal(read(first.value[0]).algorithm.hash, 'SHA-256');
    assert.equal((await server.verify(message(first.value), 'www')).kind, 'ok');
    assert.equal((await server.verify(message(first.value), 'www')).kind, 'replay');
    for (let i = 0; i < 3; i++) {
      const anticipated = message([digest.anticipate(message(), 'example.com', ROMEO)!]);
      assert.equal((await server.verify(anticipated, 'www')).kind, 'ok');
    }
    clock.advance(400_000);
    const old = message([digest.anticipate(message(), 'example.com', ROMEO)!]);
    assert.equal((await server.verify(old, 'www')).kind, 'stale');
    const fresh = digest.answer(challenge(true), old, always);
    assert.ok(fresh.ok);
    assert.equal((await server.verify(message(fresh.value), 'www')).kind, 'ok');
  });

  it('with an MD5 secret alone', async () => {
    const secret = { username: 'romeo', ha1: { MD5: digestHa1('MD5', 'romeo', 'example.com', 'wherefore') } };
    const challenge = formatChallenge({
      realm: 'elsewhere',
      nonce: 'n',
      algorithm: { hash: 'MD5', session: false },
      qop: ['auth'],
      stale: false,
    });
    const response = responseTo(message(), 401, {
      headers: [['WWW-Authenticate', challenge], ...server.challenge(message(), 'www')],
    });
    const answer = client().answer(response, message(), (realm) => (realm === 'example.com' ? secret : undefined));
    assert.ok(answer.ok);
    assert.equal((await server.verify(message(answer.value), 'www')).kind, 'ok');
  });
});
