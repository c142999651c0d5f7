import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { SipFramer } from '../../src/sip/message/framing.js';
import { responseTo, SipRequest, type SipResponse, serialize } from '../../src/sip/message/message.js';
import { read } from './sip-messages.js';

/** Messages in the order of arrival, for a test that waits for the next one. */
class Inbox {
  readonly all: string[] = [];
  #taken = 0;
  #wake: (() => void) | undefined;

  put(text: string): void {
    this.all.push(text);
    this.#wake?.();
  }

  async next(): Promise<string> {
    while (this.#taken >= this.all.length) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.all[this.#taken++] as string;
  }
}

/** A UDP socket on 127.0.0.1 that speaks whatever a test writes. */
export class RawUdpPeer {
  readonly #inbox = new Inbox();
  /** Answers requests by itself, if set: a status, or undefined for silence. */
  answer: ((request: SipRequest) => number | SipResponse | undefined) | undefined;

  private constructor(private readonly socket: DatagramSocket) {
    socket.on('message', (octets, from) => {
      this.#inbox.put(octets.toString());
      const message = octets.length > 4 ? read(octets) : undefined;
      if (!(message instanceof SipRequest) || this.answer === undefined) return;
      const given = this.answer(message);
      if (given === undefined) return;
      const response = typeof given === 'number' ? responseTo(message, given, { toTag: 'raw' }) : given;
      socket.send(serialize(response), from.port, from.address);
    });
  }

  static async open(address = '127.0.0.1'): Promise<RawUdpPeer> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return new RawUdpPeer(socket);
  }

  get port(): number {
    return (this.socket.address() as AddressInfo).port;
  }

  get received(): readonly string[] {
    return this.#inbox.all;
  }

  send(text: string | Uint8Array, port: number, address = '127.0.0.1'): void {
    this.socket.send(text, port, address);
  }

  next(): Promise<string> {
    return this.#inbox.next();
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}

/** A TCP connection that writes whatever a test says. */
export class RawTcpPeer {
  readonly #inbox = new Inbox();
  readonly closed: Promise<void>;

  constructor(readonly socket: Socket) {
    const framer = new SipFramer(undefined, 'client');
    socket.on('data', (chunk) => {
      for (const event of framer.push(chunk))
        this.#inbox.put(event.kind === 'message' ? event.bytes.toString() : event.kind);
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async open(port: number): Promise<RawTcpPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawTcpPeer(socket);
  }

  get received(): readonly string[] {
    return this.#inbox.all;
  }

  write(octets: string | Uint8Array): void {
    this.socket.write(octets);
  }

  next(): Promise<string> {
    return this.#inbox.next();
  }

  async stop(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** A TCP listener on 127.0.0.1 whose connections a test gets one by one. */
export class RawTcpServer {
  readonly #peers: RawTcpPeer[] = [];
  readonly #waiting: ((peer: RawTcpPeer) => void)[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      const peer = new RawTcpPeer(socket);
      this.#peers.push(peer);
      this.#waiting.shift()?.(peer);
    });
  }

  static async open(port = 0): Promise<RawTcpServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new RawTcpServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#peers.length;
  }

  /** The connection that comes next. */
  accept(): Promise<RawTcpPeer> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    for (const peer of this.#peers) peer.socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Resolves once `holds`; a test that waits in vain fails by its timeout. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
