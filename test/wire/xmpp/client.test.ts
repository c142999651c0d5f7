import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedIdentity } from '../../../src/wire/xmpp/tls-identity.js';
import { LoopbackServer } from '../../support/embedded-server.js';
import { xml } from '../../support/im-server.js';

describe('the client', () => {
  let loopback: LoopbackServer;
  before(async () => {
    loopback = await LoopbackServer.start(['juliet@example.com', 'romeo@example.com']);
  });
  after(() => loopback.stop());

  it('7590-3.4-1: trusts a given certificate for its domain', async () => {
    const romeo = await loopback.connect('romeo@example.com', { tls: { ca: loopback.server.identity!.pem } });
    await romeo.close();
  });

  it('7590-3.4-1: trusts no unknown certificate', async () => {
    await assert.rejects(loopback.client('romeo@example.com', { tls: {} }).connect(), /TLS failed: self-signed/);
  });

  it('trusts no other certificate than the pinned one', async () => {
    const fingerprint = Array.from({ length: 32 }, () => '00').join(':');
    await assert.rejects(
      loopback.client('romeo@example.com', { tls: { fingerprint } }).connect(),
      /not the pinned one/,
    );
  });

  it('shows what crosses the wire, without the proofs', async () => {
    const romeo = loopback.client('romeo@example.com/garden');
    const wire: string[] = [];
    romeo.onWire((direction, text) => wire.push(`${direction} ${text}`));
    await romeo.connect();
    await romeo.close();
    assert.ok(wire.some((line) => line.startsWith('out <presence')));
    assert.ok(wire.includes('out <auth/>'));
    assert.ok(wire.includes('in <challenge/>'));
    assert.equal(wire.at(-1), 'in </stream:stream>');
    assert.ok(!wire.some((line) => /cD10bHM|romeoromeo/.test(line)));
  });

  it('answers pings and refuses other requests when nobody listens', async () => {
    const romeo = await loopback.connect('romeo@example.com/garden');
    const quiet = await loopback.connect('romeo@example.com/orchard');
    const reply = await romeo.request(xml(`<iq type="get" to="${quiet.jid}"><ping xmlns="urn:xmpp:ping"/></iq>`));
    assert.deepEqual([reply.attrs.type, reply.attrs.from], ['result', 'romeo@example.com/orchard']);
    await Promise.all([romeo.close(), quiet.close()]);
    assert.equal(romeo.send(xml('<presence/>')), false);
    await assert.rejects(romeo.request(xml('<iq type="get"/>')));
  });

  it('tells why it has no session', async () => {
    const closed = loopback.client('romeo@example.com', { port: 1 });
    await assert.rejects(closed.connect());
    assert.throws(() => closed.jid, /no session/);
    assert.throws(() => loopback.client('example.com'));
  });
});

describe("an operator's certificate", () => {
  it('is warned about when it ends soon or lacks a domain', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'verona-cert-'));
    try {
      await selfSignedIdentity(folder, ['example.org'], Date.now() - 3_640 * 86_400_000);
      const loopback = await LoopbackServer.start([], {
        c2s: {
          listen: '127.0.0.1:0',
          tls: { cert: join(folder, 'xmpp-self-signed.crt'), key: join(folder, 'xmpp-self-signed.key') },
          requireTls: true,
        },
      });
      await loopback.stop();
      assert.deepEqual(
        loopback.log.lines.map((line) => [line.message, line.fields.domain]),
        [
          ['certificate ends soon', undefined],
          ['certificate is not for this domain', 'example.com'],
        ],
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
