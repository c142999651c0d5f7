/** A stretch of TCP on which every octet is a segment of its own, as far as the network goes along. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Trickle {
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async open(targetPort: number): Promise<Trickle> {
    const server = createServer({ noDelay: true });
    const trickle = new Trickle(server);
    server.on('connection', (near) => {
      const far = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
      trickle.#join(near, far);
      trickle.#join(far, near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return trickle;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let writing = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      writing = writing.then(() => writeSlowly(to, chunk));
    });
    from.on('error', () => {});
    from.on('close', () => to.destroy());
  }
}

async function writeSlowly(socket: Socket, octets: Buffer): Promise<void> {
  for (const octet of octets) {
    await new Promise<void>((resolve) => socket.write(Buffer.of(octet), () => resolve()));
  }
}
