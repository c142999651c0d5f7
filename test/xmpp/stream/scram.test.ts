import assert from 'node:assert/strict';
import type { ScramKeys } from '../../../src/xmpp/server/account-store.js';
import { type ChannelBindings, NO_BINDINGS } from '../../../src/xmpp/stream/channel-binding.js';
import { keysOf, ScramClient, type ScramHash, ScramServer, saltedPassword } from '../../../src/xmpp/stream/scram.js';

/** The exchanges printed in RFC 5802 §5 and RFC 7677 §3; user "user", password "pencil". */
const EXAMPLES = [
  {
    name: 'RFC 5802 §5',
    hash: 'SHA-1',
    clientNonce: 'fyko+d2lbbFgONRv9qkxdawL',
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    salt: 'QSXCR+Q6sek8bf92',
    clientFirst: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    clientFinal: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    name: 'RFC 7677 §3',
    hash: 'SHA-256',
    clientNonce: 'rOprNGfwEbeRWgbNEkqO',
    serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const;

async function keys(hash: ScramHash, password = 'pencil', salt = 'QSXCR+Q6sek8bf92'): Promise<ScramKeys> {
  const saltBytes = Buffer.from(salt, 'base64');
  const salted = await saltedPassword(hash, password, saltBytes, 4096);
  return { salt: saltBytes, iterations: 4096, ...keysOf(hash, salted) };
}

for (const example of EXAMPLES) {
  describe(`${example.name}: the printed exchange`, () => {
    it('as server', async () => {
      const server = new ScramServer(example.hash, false, NO_BINDINGS, example.serverNonce);
      assert.deepEqual(server.first(example.clientFirst), {
        ok: true,
        value: { username: 'user', authzid: undefined },
      });
      assert.equal(server.challenge(await keys(example.hash, 'pencil', example.salt)), example.serverFirst);
      assert.deepEqual(server.final(example.clientFinal), { ok: true, value: example.serverFinal });
    });

    it('as client', async () => {
      const client = new ScramClient({
        hash: example.hash,
        username: 'user',
        password: 'pencil',
        nonce: example.clientNonce,
      });
      assert.equal(client.first(), example.clientFirst);
      assert.deepEqual(await client.final(example.serverFirst), { ok: true, value: example.clientFinal });
      assert.equal(client.verify(example.serverFinal), true);
      assert.equal(client.verify(`v=${Buffer.alloc(20).toString('base64')}`), false);
      assert.equal(client.verify('e=invalid-proof'), false);
    });
  });
}

describe('RFC 5802: a SCRAM server', () => {
  const bindings: ChannelBindings = new Map([
    ['tls-exporter', Buffer.from('exported')],
    ['tls-server-end-point', Buffer.from('hashed')],
  ]);

  function condition(outcome: ReturnType<ScramServer['first']> | ReturnType<ScramServer['final']>): string {
    return outcome.ok ? 'ok' : outcome.error.condition;
  }

  for (const [what, plus, offered, message, expected] of [
    ['flag n where -PLUS was offered', false, bindings, 'n,,n=user,r=abc', 'ok'],
    ['flag y where no -PLUS was offered', false, NO_BINDINGS, 'y,,n=user,r=abc', 'ok'],
    ['flag y although -PLUS was offered (a downgrade)', false, bindings, 'y,,n=user,r=abc', 'not-authorized'],
    ['flag p with a type that was advertised', true, bindings, 'p=tls-exporter,,n=user,r=abc', 'ok'],
    ['flag p with a type that was not advertised', true, bindings, 'p=tls-unique,,n=user,r=abc', 'not-authorized'],
    ['flag p without -PLUS', false, bindings, 'p=tls-exporter,,n=user,r=abc', 'malformed-request'],
    ['-PLUS with flag n', true, bindings, 'n,,n=user,r=abc', 'malformed-request'],
    ['-PLUS with flag y', true, bindings, 'y,,n=user,r=abc', 'malformed-request'],
    ['an unknown flag', false, bindings, 'z,,n=user,r=abc', 'malformed-request'],
    ['a mandatory extension', false, bindings, 'n,,m=x,n=user,r=abc', 'malformed-request'],
    ['an optional extension', false, bindings, 'n,,n=user,r=abc,x=y', 'ok'],
    ['no username', false, bindings, 'n,,n=,r=abc', 'malformed-request'],
    ['a bad escape in the username', false, bindings, 'n,,n=us=2Der,r=abc', 'malformed-request'],
    ['a bad authorization identity', false, bindings, 'n,b=x,n=user,r=abc', 'malformed-request'],
    ['no nonce', false, bindings, 'n,,n=user,r=', 'malformed-request'],
    ['a nonce with a control character', false, bindings, 'n,,n=user,r=a\u0007', 'malformed-request'],
    ['an endless nonce', false, bindings, `n,,n=user,r=${'a'.repeat(257)}`, 'malformed-request'],
    ['too few parts', false, bindings, 'n,,n=user', 'malformed-request'],
    ['nothing', false, bindings, '', 'malformed-request'],
  ] as const) {
    it(`answers ${what} with ${expected}`, () => {
      assert.equal(condition(new ScramServer('SHA-256', plus, offered, 'srv').first(message)), expected);
    });
  }

  it('unescapes names', () => {
    const server = new ScramServer('SHA-1', false, NO_BINDINGS, 'srv');
    assert.deepEqual(server.first('n,a=r=3D@example.com,n=a=2Cb=3Dc,r=abc'), {
      ok: true,
      value: { username: 'a,b=c', authzid: 'r=@example.com' },
    });
  });

  for (const hash of ['SHA-1', 'SHA-256'] as const) {
    for (const type of ['tls-exporter', 'tls-server-end-point']) {
      it(`takes SCRAM-${hash}-PLUS bound by ${type}`, async () => {
        const client = new ScramClient({
          hash,
          username: 'a,b=c',
          password: 'pencil',
          nonce: 'abc',
          binding: { type, data: bindings.get(type)! },
        });
        const server = new ScramServer(hash, true, bindings, 'srv');
        assert.equal(condition(server.first(client.first())), 'ok');
        const final = await client.final(server.challenge(await keys(hash)));
        assert.ok(final.ok);
        const outcome = server.final(final.value);
        assert.ok(outcome.ok);
        assert.equal(client.verify(outcome.value), true);
      });
    }
  }

  it('refuses binding data of another connection (a man in the middle)', async () => {
    const client = new ScramClient({
      hash: 'SHA-256',
      username: 'user',
      password: 'pencil',
      nonce: 'abc',
      binding: { type: 'tls-exporter', data: Buffer.from('other') },
    });
    const server = new ScramServer('SHA-256', true, bindings, 'srv');
    server.first(client.first());
    const final = await client.final(server.challenge(await keys('SHA-256')));
    assert.ok(final.ok);
    assert.equal(condition(server.final(final.value)), 'not-authorized');
  });

  async function finalWith(change: (message: string) => string, password = 'pencil'): Promise<string> {
    const client = new ScramClient({ hash: 'SHA-256', username: 'user', password, nonce: 'abc' });
    const server = new ScramServer('SHA-256', false, NO_BINDINGS, 'srv');
    server.first(client.first());
    const final = await client.final(server.challenge(await keys('SHA-256')));
    assert.ok(final.ok);
    return condition(server.final(change(final.value)));
  }

  for (const [what, change, expected] of [
    ['the right proof', (message: string) => message, 'ok'],
    ['another nonce', (message: string) => message.replace('abcsrv', 'abcsrw'), 'not-authorized'],
    ['a changed gs2-header', (message: string) => message.replace('c=biws', 'c=eSws'), 'not-authorized'],
    ['no proof', (message: string) => message.replace(/,p=.*/, ''), 'malformed-request'],
    ['a short proof', (message: string) => message.replace(/,p=.*/, ',p=AAAA'), 'not-authorized'],
    ['an added extension', (message: string) => message.replace(',p=', ',x=y,p='), 'not-authorized'],
    ['nothing', () => '', 'malformed-request'],
  ] as const) {
    it(`answers client-final-message with ${what} with ${expected}`, async () => {
      assert.equal(await finalWith(change), expected);
    });
  }

  it('refuses a wrong password', async () => {
    assert.equal(await finalWith((message) => message, 'pencils'), 'not-authorized');
  });
});

describe('RFC 5802: a SCRAM client', () => {
  const options = { hash: 'SHA-256', username: 'user', password: 'pencil', nonce: 'abc' } as const;
  for (const [what, challenge, told] of [
    ['a nonce that is not ours', 'r=xyzsrv,s=QSXCR+Q6sek8bf92,i=4096', /nonce/],
    ['a nonce without a server part', 'r=abc,s=QSXCR+Q6sek8bf92,i=4096', /nonce/],
    ['too few iterations', 'r=abcsrv,s=QSXCR+Q6sek8bf92,i=4095', /iteration/],
    ['too many iterations', 'r=abcsrv,s=QSXCR+Q6sek8bf92,i=10000001', /iteration/],
    ['iterations that are no number', 'r=abcsrv,s=QSXCR+Q6sek8bf92,i=x', /iteration/],
    ['a missing salt', 'r=abcsrv,i=4096', /malformed/],
  ] as const) {
    it(`does not answer a challenge with ${what}`, async () => {
      const answer = await new ScramClient(options).final(challenge);
      assert.ok(!answer.ok && told.test(answer.error));
    });
  }

  it('says with flag y that it could bind but was not offered to', () => {
    assert.equal(new ScramClient({ ...options, couldBind: true }).first(), 'y,,n=user,r=abc');
  });
});
