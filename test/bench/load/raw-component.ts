/** A component of a real XMPP server (XEP-0114) that gives and takes octets as they are. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { exchange } from './xmpp-session.js';

export class RawComponent {
  private constructor(private readonly socket: Socket) {}

  static async open(options: { port: number; domain: string; secret: string }): Promise<RawComponent> {
    const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    const header = `<?xml version='1.0'?><stream:stream to='${options.domain}' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>`;
    const greeting = await exchange(socket, header, '<stream:stream');
    const id = /\bid=['"]([^'"]+)['"]/.exec(greeting)?.[1];
    if (id === undefined) throw new Error(`the server's stream has no id: ${greeting}`);
    const proof = createHash('sha1').update(`${id}${options.secret}`).digest('hex'); // XEP-0114 §3
    await exchange(socket, `<handshake>${proof}</handshake>`, '<handshake');
    return new RawComponent(socket);
  }

  onData(take: (chunk: Buffer) => void): void {
    this.socket.on('data', take);
  }

  write(xml: string): void {
    this.socket.write(xml);
  }

  close(): void {
    this.socket.destroy();
  }
}
