import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadIdentity, selfSignedIdentity } from '../../../src/wire/xmpp/tls-identity.js';
import { endPointBinding } from '../../../src/xmpp/stream/channel-binding.js';

const NOW = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;

describe('the certificate of the embedded server', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'verona-tls-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('is made at first start: EC P-256, for all domains, its key for nobody else', async () => {
    const path = join(folder, 'first');
    const identity = await selfSignedIdentity(path, ['example.com', 'xn--mller-kva.example'], NOW);
    const certificate = new X509Certificate(identity.pem);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(certificate.subjectAltName, 'DNS:example.com, DNS:xn--mller-kva.example');
    assert.equal(certificate.ca, false);
    assert.equal(identity.fingerprint, certificate.fingerprint256);
    assert.ok(identity.validTo > NOW + 9 * YEAR_MS);
    assert.equal((await stat(join(path, 'xmpp-self-signed.key'))).mode & 0o777, 0o600);
  });

  it('is kept over restarts', async () => {
    const path = join(folder, 'kept');
    const first = await selfSignedIdentity(path, ['example.com'], NOW);
    const second = await selfSignedIdentity(path, ['example.com'], NOW + YEAR_MS);
    assert.equal(second.fingerprint, first.fingerprint);
  });

  for (const [what, domains, now] of [
    ['a domain is new', ['example.com', 'example.org'], NOW],
    ['it is about to end', ['example.com'], NOW + 10 * YEAR_MS - 86_400_000],
  ] as const) {
    it(`is made again when ${what}`, async () => {
      const path = join(folder, what);
      const first = await selfSignedIdentity(path, ['example.com'], NOW);
      const second = await selfSignedIdentity(path, domains, now);
      assert.notEqual(second.fingerprint, first.fingerprint);
    });
  }

  it('is made again when its files are broken', async () => {
    const path = join(folder, 'broken');
    await selfSignedIdentity(path, ['example.com'], NOW);
    await writeFile(join(path, 'xmpp-self-signed.crt'), 'no certificate');
    const again = await selfSignedIdentity(path, ['example.com'], NOW);
    assert.match(await readFile(join(path, 'xmpp-self-signed.crt'), 'utf8'), /BEGIN CERTIFICATE/);
    assert.match(again.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it("an operator's files are named when they cannot be read or used", async () => {
    const missing = join(folder, 'missing.crt');
    await assert.rejects(loadIdentity({ cert: missing, key: missing }), /cannot read .*missing\.crt/);
    const text = join(folder, 'text.crt');
    await writeFile(text, 'no certificate');
    await assert.rejects(loadIdentity({ cert: text, key: text }), /text\.crt.* cannot be used/);
  });

  it('RFC 5929 §4.1: its end point is its hash by the hash function of its signature', async () => {
    const identity = await selfSignedIdentity(join(folder, 'kept'), ['example.com'], NOW);
    const hash = createHash('sha256').update(identity.certificate).digest();
    assert.deepEqual(Buffer.from(endPointBinding(identity.certificate)!), hash);
  });
});

describe('RFC 5929 §4.1: tls-server-end-point', () => {
  /** A certificate as far as it matters: an empty tbsCertificate, then the signature algorithm. */
  function certificate(algorithm: string): Buffer {
    const oid = Buffer.from(algorithm, 'hex');
    const identifier = Buffer.concat([Buffer.from([0x06, oid.length]), oid]);
    const body = Buffer.concat([Buffer.from([0x30, 0x00, 0x30, identifier.length]), identifier]);
    return Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]);
  }

  for (const [name, algorithm, hash] of [
    ['md5WithRSAEncryption', '2a864886f70d010104', 'sha256'],
    ['sha1WithRSAEncryption', '2a864886f70d010105', 'sha256'],
    ['sha256WithRSAEncryption', '2a864886f70d01010b', 'sha256'],
    ['sha384WithRSAEncryption', '2a864886f70d01010c', 'sha384'],
    ['sha512WithRSAEncryption', '2a864886f70d01010d', 'sha512'],
    ['ecdsa-with-SHA1', '2a8648ce3d0401', 'sha256'],
    ['ecdsa-with-SHA256', '2a8648ce3d040302', 'sha256'],
    ['ecdsa-with-SHA384', '2a8648ce3d040303', 'sha384'],
    ['ecdsa-with-SHA512', '2a8648ce3d040304', 'sha512'],
  ] as const) {
    it(`${name}: ${hash}`, () => {
      const der = certificate(algorithm);
      assert.deepEqual(Buffer.from(endPointBinding(der)!), createHash(hash).update(der).digest());
    });
  }

  for (const [what, der] of [
    ['an algorithm without a hash function (Ed25519)', certificate('2b6570')],
    ['nothing', Buffer.alloc(0)],
    ['a length beyond the end', Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])],
    ['a length of too many octets', Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1, 1])],
    ['what is no certificate', Buffer.from('no certificate at all')],
  ] as const) {
    it(`${what}: none`, () => {
      assert.equal(endPointBinding(der), undefined);
    });
  }
});
