import assert from 'node:assert/strict';
import { type DatagramSocket, openDatagramSocket } from '../../../src/wire/sip/datagram-socket.js';

describe('a UDP socket for SIP', () => {
  const open: DatagramSocket[] = [];
  const bind = async (receive: (text: string) => void = () => {}) => {
    const socket = await openDatagramSocket('127.0.0.1', 0, (octets) => receive(octets.toString()));
    open.push(socket);
    return socket;
  };
  afterEach(() => Promise.all(open.splice(0).map((socket) => socket.close())));

  it('sends everything of one turn of the event loop, in order', async () => {
    const expected = Array.from({ length: 200 }, (_, number) => `datagram ${number}`);
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      void bind((text) => {
        received.push(text);
        if (received.length === expected.length) resolve();
      }).then(async (sink) => {
        const source = await bind();
        for (const text of expected) source.send(Buffer.from(text), sink.port, sink.address, undefined);
      });
    });
    await all;
    assert.deepEqual(received, expected);
  });

  it('still sends what was handed over before it was closed', async () => {
    const received = new Promise<string>((resolve) => {
      void bind(resolve).then(async (sink) => {
        const source = await bind();
        source.send(Buffer.from('last words'), sink.port, sink.address, undefined);
        await source.close();
      });
    });
    assert.equal(await received, 'last words');
  });

  for (const [what, port, closed] of [
    ['a port that nothing can be sent to', 0, false],
    ['a socket that is closed', 5060, true],
  ] as const) {
    it(`tells the sender of ${what}, and not before send returns`, async () => {
      const socket = await bind();
      if (closed) await socket.close();
      let returned = false;
      const told = new Promise<boolean>((resolve) => {
        socket.send(Buffer.from('x'), port, '127.0.0.1', { transportFailed: () => resolve(returned) });
      });
      returned = true;
      assert.equal(await told, true);
    });
  }
});
