import assert from 'node:assert/strict';
import type { CredentialStore, DigestCredentials } from '../../../src/sip/auth/credential-store.js';
import {
  type DigestAuthorization,
  type DigestHash,
  digestHa1,
  digestResponse,
  formatAuthorization,
  parseChallenge,
} from '../../../src/sip/auth/digest.js';
import { type DigestKind, DigestServer, type OfferedHash } from '../../../src/sip/auth/digest-server.js';
import { HeaderFields, SipRequest } from '../../../src/sip/message/message.js';
import { Uri } from '../../../src/sip/message/uri.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { SeededRandom } from '../../support/seeded-random.js';

const REALM = 'example.net';
const PASSWORD = 'wherefore';

class OneUser implements CredentialStore {
  asked: string[] = [];
  async digestCredentials(username: string, realm: string): Promise<DigestCredentials | undefined> {
    this.asked.push(`${username}@${realm}`);
    if (username !== 'romeo') return undefined;
    return {
      username,
      realm,
      ha1Md5: digestHa1('MD5', username, realm, PASSWORD),
      ha1Sha256: digestHa1('SHA-256', username, realm, PASSWORD),
    };
  }
}

function uri(text: string): Uri {
  const parsed = Uri.parse(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function request(requestUri = 'sip:example.net', body = ''): SipRequest {
  return new SipRequest('REGISTER', uri(requestUri), new HeaderFields([['CSeq', '1 REGISTER']]), Buffer.from(body));
}

function setUp(options: { maxNonces?: number; algorithms?: readonly OfferedHash[] } = {}) {
  const clock = new FakeScheduler();
  const store = new OneUser();
  const server = new DigestServer({ realm: REALM, random: new SeededRandom(3), clock, store, ...options });
  const nonce = (asked = request()) => {
    const [, value] = server.challenge(asked, 'www')[0]!;
    const challenge = parseChallenge(value);
    assert.ok(challenge.ok);
    return challenge.value.nonce;
  };
  return { clock, store, server, nonce };
}

interface Answer {
  readonly nonce: string;
  readonly nc?: string | undefined;
  readonly hash?: DigestHash;
  readonly username?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly uri?: string;
  readonly method?: string;
  readonly qop?: 'auth' | 'auth-int' | undefined;
  readonly kind?: DigestKind;
}

/** A request with credentials, as a client that follows the rules would send it. */
function answered(answer: Answer, asked = request()): SipRequest {
  const { nonce, hash = 'SHA-256', username = 'romeo', realm = REALM, kind = 'www' } = answer;
  const qop =
    'qop' in answer && answer.qop === undefined
      ? undefined
      : { name: answer.qop ?? 'auth', cnonce: 'c', nc: answer.nc ?? '00000001' };
  const input = {
    algorithm: { hash, session: false },
    method: answer.method ?? asked.method,
    uri: answer.uri ?? asked.requestUri.toString(),
    nonce,
    qop,
    body: asked.body,
  };
  const response = digestResponse(digestHa1(hash, username, realm, answer.password ?? PASSWORD), input);
  const authorization: DigestAuthorization = { ...input, username, realm, response };
  const headers = asked.headers.clone();
  headers.add(kind === 'www' ? 'Authorization' : 'Proxy-Authorization', formatAuthorization(authorization));
  return new SipRequest(asked.method, asked.requestUri, headers, asked.body);
}

describe('RFC 8760 §2.4: challenges', () => {
  it('offer SHA-256 first, then MD5, each in a line of its own, with qop', () => {
    const { server } = setUp();
    const lines = server.challenge(request(), 'www');
    assert.deepEqual(
      lines.map(([name]) => name),
      ['WWW-Authenticate', 'WWW-Authenticate'],
    );
    const parsed = lines.map(([, value]) => parseChallenge(value));
    assert.deepEqual(
      parsed.map((challenge) => challenge.ok && challenge.value.algorithm.hash),
      ['SHA-256', 'MD5'],
    );
    for (const challenge of parsed) {
      assert.ok(challenge.ok);
      assert.equal(challenge.value.realm, REALM);
      assert.deepEqual(challenge.value.qop, ['auth']);
      assert.equal(challenge.value.stale, false);
    }
  });

  it('offer what the operator chose alone, and nothing else is taken', async () => {
    const { server, nonce } = setUp({ algorithms: ['MD5'] });
    const lines = server.challenge(request(), 'www');
    assert.equal(lines.length, 1);
    const offered = parseChallenge(lines[0]?.[1] ?? '');
    assert.equal(offered.ok && offered.value.algorithm.hash, 'MD5');
    const verdict = async (hash: DigestHash) => (await server.verify(answered({ nonce: nonce(), hash }), 'www')).kind;
    assert.equal(await verdict('MD5'), 'ok');
    assert.equal(await verdict('SHA-256'), 'no-credentials');
  });

  it('of a proxy are Proxy-Authenticate; stale is told', () => {
    const { server } = setUp();
    const [[name, value]] = server.challenge(request(), 'proxy', true) as [[string, string]];
    assert.equal(name, 'Proxy-Authenticate');
    assert.match(value, /stale=true/);
  });
});

describe('RFC 3261 §22.4: credentials', () => {
  for (const hash of ['SHA-256', 'MD5'] as const) {
    for (const qop of ['auth', 'auth-int', undefined] as const) {
      for (const kind of ['www', 'proxy'] as const) {
        it(`${hash}, ${qop ?? 'no qop'}, ${kind}: right`, async () => {
          const { server, nonce } = setUp();
          const verdict = await server.verify(answered({ nonce: nonce(), hash, qop, kind }), kind);
          assert.deepEqual(verdict, { kind: 'ok', username: 'romeo', realm: REALM });
        });
      }
    }
  }

  it('the password is checked, and so are method, body, nonce and the user', async () => {
    const { server, nonce } = setUp();
    const wrong = async (sent: SipRequest) => assert.deepEqual(await server.verify(sent, 'www'), { kind: 'wrong' });
    await wrong(answered({ nonce: nonce(), password: 'x' }));
    await wrong(answered({ nonce: nonce(), method: 'MESSAGE' }));
    await wrong(answered({ nonce: nonce(), username: 'tybalt' }));
    const body = answered({ nonce: nonce(), qop: 'auth-int' }, request('sip:example.net', 'a'));
    await wrong(new SipRequest(body.method, body.requestUri, body.headers, Buffer.from('b')));
    const moved = answered({ nonce: nonce() });
    const line = moved.headers.get('Authorization')!;
    moved.headers.set('Authorization', line.replace(/nonce="[^"]*"/, `nonce="${nonce()}"`));
    await wrong(moved);
  });

  it('an unknown user costs the same look-up and digest as a known one', async () => {
    const { server, store, nonce } = setUp();
    await server.verify(answered({ nonce: nonce(), username: 'tybalt' }), 'www');
    await server.verify(answered({ nonce: nonce(), password: 'x' }), 'www');
    assert.deepEqual(store.asked, [`tybalt@${REALM}`, `romeo@${REALM}`]);
  });

  it('none, of another scheme, realm or algorithm: no credentials', async () => {
    const { server, store, nonce } = setUp();
    const none = async (sent: SipRequest) =>
      assert.deepEqual(await server.verify(sent, 'www'), { kind: 'no-credentials' });
    await none(request());
    await none(answered({ nonce: nonce(), realm: 'example.org' }));
    await none(answered({ nonce: nonce(), kind: 'proxy' }));
    await none(answered({ nonce: nonce(), hash: 'SHA-512-256' }));
    const other = request();
    other.headers.add('Authorization', 'NoOneKnowsThisScheme opaque-data=here');
    await none(other);
    assert.deepEqual(store.asked, []);
  });

  it('for other realms are passed over (RFC 3261 §22.3)', async () => {
    const { server, nonce } = setUp();
    const first = answered({ nonce: nonce(), realm: 'example.org' });
    const both = answered({ nonce: nonce() }, first);
    assert.equal((await server.verify(both, 'www')).kind, 'ok');
  });

  it('that break the grammar are malformed', async () => {
    const { server } = setUp();
    const sent = request();
    sent.headers.add('Authorization', 'Digest username="romeo');
    assert.equal((await server.verify(sent, 'www')).kind, 'malformed');
  });
});

describe('RFC 3261 §22.4: the uri of the credentials', () => {
  for (const [requestUri, text, verdict] of [
    ['sip:example.net', 'sip:example.net', 'ok'],
    ['sip:example.net', 'sip:EXAMPLE.net', 'ok'],
    ['sip:example.net', 'sip:example.net:5060;transport=udp', 'ok'],
    ['sip:juliet@example.com;transport=tcp', 'sip:juliet@example.com', 'ok'],
    ['sip:juliet@example.com', 'sip:%6auliet@example.com', 'ok'],
    ['sip:juliet@example.com', 'sip:nurse@example.com', 'malformed'],
    ['sip:juliet@example.com', 'sip:example.com', 'malformed'],
    ['sip:juliet@example.com', 'sips:juliet@example.com', 'malformed'],
    ['sip:juliet@example.com', '/dir/index.html', 'malformed'],
    ['tel:+1-201-555-0123', 'tel:+12015550123', 'ok'],
  ] as const) {
    it(`${text} for ${requestUri}: ${verdict}`, async () => {
      const { server, nonce } = setUp();
      const sent = answered({ nonce: nonce(), uri: text }, request(requestUri));
      assert.equal((await server.verify(sent, 'www')).kind, verdict);
    });
  }
});

describe('RFC 7616 §3.3, §5.12: nonces and their counts', () => {
  it('the same count again is a replay, and so is a lower one', async () => {
    const { server, nonce } = setUp();
    const used = nonce();
    const verdict = async (nc: string, hash?: DigestHash) =>
      (await server.verify(answered({ nonce: used, nc, ...(hash && { hash }) }), 'www')).kind;
    assert.equal(await verdict('00000001'), 'ok');
    assert.equal(await verdict('00000001'), 'replay');
    assert.equal(await verdict('0000000a'), 'ok');
    assert.equal(await verdict('00000009'), 'replay');
    assert.equal(await verdict('0000000A', 'MD5'), 'replay');
    assert.equal(await verdict('0000000b', 'MD5'), 'ok');
  });

  it('a wrong response does not use a count up', async () => {
    const { server, nonce } = setUp();
    const used = nonce();
    assert.equal((await server.verify(answered({ nonce: used, password: 'x', nc: '00000005' }), 'www')).kind, 'wrong');
    assert.equal((await server.verify(answered({ nonce: used, nc: '00000001' }), 'www')).kind, 'ok');
  });

  it('without qop a nonce is good once', async () => {
    const { server, nonce } = setUp();
    const used = nonce();
    assert.equal((await server.verify(answered({ nonce: used, qop: undefined }), 'www')).kind, 'ok');
    assert.equal((await server.verify(answered({ nonce: used, qop: undefined }), 'www')).kind, 'replay');
    assert.equal((await server.verify(answered({ nonce: used, nc: 'ffffffff' }), 'www')).kind, 'replay');
  });

  it('a nonce past its lifetime is stale for the right password, wrong for another', async () => {
    const { clock, server, nonce } = setUp();
    const old = nonce();
    clock.advance(300_001);
    assert.equal((await server.verify(answered({ nonce: old }), 'www')).kind, 'stale');
    assert.equal((await server.verify(answered({ nonce: old, password: 'x' }), 'www')).kind, 'wrong');
  });

  it('a nonce that we never issued (or before a restart) is stale for the right password', async () => {
    const { server } = setUp();
    assert.equal((await server.verify(answered({ nonce: 'f84f1cec41e6cbe5aea9c8e88d359' }), 'www')).kind, 'stale');
  });

  it('a full table refuses what may be a replay, and takes the answer to a new challenge', async () => {
    const { clock, server, nonce } = setUp({ maxNonces: 2 });
    const used: string[] = [];
    for (let i = 0; i < 5; i++) {
      clock.advance(1);
      used.push(nonce());
      assert.equal((await server.verify(answered({ nonce: used[i]! }), 'www')).kind, 'ok');
    }
    for (const again of used) {
      assert.ok(['stale', 'replay'].includes((await server.verify(answered({ nonce: again }), 'www')).kind));
    }
    assert.equal((await server.verify(answered({ nonce: nonce() }), 'www')).kind, 'ok');
  });

  it('a server of several realms binds each nonce to its realm', async () => {
    const server = new DigestServer({
      realm: (asked) => asked.requestUri.host,
      random: new SeededRandom(3),
      clock: new FakeScheduler(),
      store: new OneUser(),
    });
    const [, value] = server.challenge(request('sip:a.example'), 'www')[0]!;
    const challenge = parseChallenge(value);
    assert.ok(challenge.ok && challenge.value.realm === 'a.example');
    const { nonce } = challenge.value;
    const here = answered({ nonce, realm: 'a.example' }, request('sip:a.example'));
    assert.deepEqual(await server.verify(here, 'www'), { kind: 'ok', username: 'romeo', realm: 'a.example' });
    const there = answered({ nonce, realm: 'b.example', nc: '00000002' }, request('sip:b.example'));
    assert.equal((await server.verify(there, 'www')).kind, 'stale');
  });
});
