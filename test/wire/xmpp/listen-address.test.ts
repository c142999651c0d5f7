import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { listenAt } from '../../../src/wire/xmpp/listen-address.js';
import { LoopbackServer } from '../../support/embedded-server.js';

async function refused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

describe('listeners of the embedded server', () => {
  it('an accept that fails, for want of file descriptors, ends no process', async () => {
    const server = createServer();
    await listenAt(server, '127.0.0.1:0');
    assert.doesNotThrow(() => server.emit('error', new Error('accept EMFILE')));
    server.close();
  });

  it('when one cannot be opened, none is left open', async () => {
    const taken = createServer();
    const { port } = await listenAt(taken, '127.0.0.1:0');
    const free = createServer();
    const c2s = await listenAt(free, '127.0.0.1:0');
    await new Promise((resolve) => free.close(resolve));
    const start = LoopbackServer.start([], {
      c2s: { listen: `127.0.0.1:${c2s.port}`, tls: 'self-signed', requireTls: true },
      directTls: { listen: `127.0.0.1:${port}` },
    });
    await assert.rejects(start, /EADDRINUSE/);
    assert.equal(await refused(c2s.port), true);
    taken.close();
  });
});
