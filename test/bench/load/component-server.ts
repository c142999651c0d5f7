/** The least that a component takes for an XMPP server (XEP-0114): it lets one in, answers its pings and reads numbered bodies. */
import { createServer, type Server, type Socket } from 'node:net';
import { NumberedBodies } from './numbered-bodies.js';

const REQUEST = /<iq\b[^>]*>/g;

export class ComponentServer {
  #component: Socket | undefined;
  #rest = '';
  /** Answers that are held back. */
  #withheld: string[] | undefined;

  private constructor(private readonly server: Server) {}

  /** `take` hears the number of each message. */
  static async open(take: (number: number) => void): Promise<ComponentServer> {
    const server = createServer({ noDelay: true });
    const components = new ComponentServer(server);
    server.on('connection', (socket) => components.#accept(socket, take));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return components;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the component server does not listen');
    return address.port;
  }

  write(xml: string): void {
    this.#component?.write(xml);
  }

  /** From now on pings stay unanswered, so that nothing is confirmed. */
  holdBack(): void {
    this.#withheld = [];
  }

  /** Answers what was held back, and everything again. */
  goOn(): void {
    const answers = this.#withheld ?? [];
    this.#withheld = undefined;
    for (const answer of answers) this.write(answer);
  }

  close(): void {
    this.#component?.destroy();
    this.server.close();
  }

  #accept(socket: Socket, take: (number: number) => void): void {
    let greeting = '';
    const greet = (chunk: Buffer) => {
      greeting += chunk.toString('latin1');
      if (!greeting.includes('<handshake')) {
        const to = /\bto=['"]([^'"]+)['"]/.exec(greeting)?.[1];
        if (to !== undefined && greeting.endsWith('>')) {
          socket.write(
            `<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='${to}' id='bench'>`,
          );
        }
        return;
      }
      if (!greeting.includes('</handshake>')) return;
      socket.off('data', greet);
      this.#component = socket;
      const bodies = new NumberedBodies(take);
      socket.on('data', (data) => {
        bodies.push(data);
        this.#answerRequests(data.toString('latin1'));
      });
      socket.write('<handshake/>');
    };
    socket.on('data', greet);
    socket.on('error', () => {});
  }

  #answerRequests(chunk: string): void {
    const text = this.#rest + chunk;
    const open = text.lastIndexOf('<');
    const whole = text.indexOf('>', open) < 0 ? open : text.length;
    this.#rest = text.slice(whole);
    for (let at = text.indexOf('<iq'); at >= 0 && at < whole; at = text.indexOf('<iq', at + 3)) {
      REQUEST.lastIndex = at;
      const tag = REQUEST.exec(text)?.[0] ?? '';
      const attribute = (name: string) => new RegExp(`\\b${name}=['"]([^'"]*)['"]`).exec(tag)?.[1] ?? '';
      if (attribute('type') !== 'get') continue;
      const result = `<iq type='result' id='${attribute('id')}' from='${attribute('to')}' to='${attribute('from')}'/>`;
      if (this.#withheld === undefined) this.write(result);
      else this.#withheld.push(result);
    }
  }
}
