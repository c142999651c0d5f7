/** The transport layer (RFC 3261 §18): listeners and connections, and the ways requests and responses take over them. */
import { lookup } from 'node:dns/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Counter, Metrics } from '../../base/metrics.js';
import { addressFamily, bracketed, type Family, hostPort, sameAddress, unbracketed } from '../../sip/locate/address.js';
import type { Hop, HopTransport } from '../../sip/locate/locate.js';
import { SipRequest, type SipResponse } from '../../sip/message/message.js';
import { DEFAULT_SIP_LIMITS, type ParseFailure, parseSip, type SipLimits } from '../../sip/message/parse.js';
import type { Via } from '../../sip/message/via.js';
import type { Outlet, ReplyOutlet, Sender } from '../../sip/transaction/outlet.js';
import { type DatagramSocket, type OpenDatagramSocket, openDatagramSocket } from './datagram-socket.js';
import { type ListenAddress, parseListenAddress } from './listen-address.js';
import { TcpConnection, type TcpOptions } from './tcp-connection.js';

export interface TransportOptions extends Partial<TcpOptions> {
  /** As in `udp:127.0.0.1:5060`; see `parseListenAddress`. */
  readonly listen: readonly string[];
  /** Host, or host:port, that Via carries instead of the listener's own address. */
  readonly advertise?: string;
  /** TCP connections at most, both directions together; default 10000. */
  readonly maxConnections?: number;
  /** Another network than that of the machine. */
  readonly openDatagramSocket?: OpenDatagramSocket;
  /** Sees every message as it stands on the wire. */
  readonly tap?: Tap;
}

export type Tap = (direction: 'sent' | 'received', octets: Uint8Array, transport: HopTransport) => void;

/** Where a message came from. */
export interface Source {
  readonly transport: HopTransport;
  /** Numeric, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** The local end it came to. */
  readonly via: DatagramListener | TcpConnection;
}

export interface TransportEvents {
  request(request: SipRequest, source: Source): void;
  response(response: SipResponse, source: Source): void;
  /** Something that is no SIP message came, but it can be answered. */
  malformed(failure: ParseFailure, answerable: SipRequest, source: Source): void;
}

/** What Via says of us on the way to a hop. */
export interface SentBy {
  readonly transport: 'UDP' | 'TCP';
  /** host:port. */
  readonly sentBy: string;
}

/** One UDP listener. */
export interface DatagramListener {
  readonly socket: DatagramSocket;
  readonly sentBy: string;
  readonly family: Family;
}

interface StreamListener {
  readonly server: Server;
  readonly address: string;
  readonly port: number;
  readonly sentBy: string;
  readonly family: Family;
}

export class TransportLayer {
  readonly #listen: readonly ListenAddress[];
  readonly #limits: SipLimits;
  readonly #tcp: TcpOptions;
  readonly #maxConnections: number;
  readonly #datagrams: DatagramListener[] = [];
  readonly #streams: StreamListener[] = [];
  readonly #connections = new Map<string, TcpConnection>();
  readonly #all = new Set<TcpConnection>();
  #transports: readonly HopTransport[] = ['tcp'];
  #families: readonly Family[] = [];
  readonly #own = new Set<string>();
  readonly #ownHosts = new Set<string>();
  readonly #received: Readonly<Record<HopTransport, Counter>>;
  readonly #sent: Readonly<Record<HopTransport, Counter>>;
  readonly #unreadable: Counter;
  readonly #refusedConnections: Counter;

  /** Throws with a remedy when a listener cannot be meant. */
  constructor(
    private readonly options: TransportOptions,
    private readonly events: TransportEvents,
    metrics: Metrics,
  ) {
    this.#listen = options.listen.map((text) => {
      const parsed = parseListenAddress(text);
      if (!parsed.ok) throw new Error(parsed.error);
      return parsed.value;
    });
    this.#limits = options.limits ?? DEFAULT_SIP_LIMITS;
    this.#tcp = {
      limits: this.#limits,
      connectTimeoutMs: options.connectTimeoutMs ?? 4000,
      idleTimeoutMs: options.idleTimeoutMs ?? 3_900_000,
      messageTimeoutMs: options.messageTimeoutMs ?? 30_000,
      maxQueuedOctets: options.maxQueuedOctets ?? 1024 * 1024,
    };
    this.#maxConnections = options.maxConnections ?? 10_000;
    const count = (name: string, help: string, transport: HopTransport) => metrics.counter(name, help, { transport });
    this.#received = {
      udp: count('sip_received', 'SIP messages received', 'udp'),
      tcp: count('sip_received', 'SIP messages received', 'tcp'),
    };
    this.#sent = {
      udp: count('sip_sent', 'SIP messages sent', 'udp'),
      tcp: count('sip_sent', 'SIP messages sent', 'tcp'),
    };
    this.#unreadable = metrics.counter('sip_unreadable', 'Datagrams and streams that were no SIP message');
    this.#refusedConnections = metrics.counter('sip_connections_refused', 'TCP connections refused for want of room');
    metrics.gauge('sip_connections', 'TCP connections that carry SIP', () => this.#all.size);
  }

  /** Opens every listener; rejects when one cannot be opened, with none left open. */
  async start(): Promise<void> {
    try {
      for (const address of this.#listen) {
        if (address.transport === 'udp') this.#datagrams.push(await this.#openDatagrams(address));
        else this.#streams.push(await this.#openStreams(address));
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#datagrams.length > 0) this.#transports = ['tcp', 'udp'];
    this.#families = [...new Set([...this.#datagrams, ...this.#streams].map(({ family }) => family))];
  }

  /** Closes listeners and connections; what is queued on a connection still leaves. */
  async stop(): Promise<void> {
    const closing = this.#streams.map(({ server }) => new Promise((resolve) => server.close(resolve)));
    for (const connection of this.#all) connection.close();
    await Promise.all([...closing, ...this.#datagrams.map(({ socket }) => socket.close())]);
  }

  /** What is listened on, as `udp:127.0.0.1:5060`. */
  get listening(): readonly string[] {
    return [
      ...this.#datagrams.map(({ socket }) => `udp:${hostPort(socket.address, socket.port)}`),
      ...this.#streams.map(({ address, port }) => `tcp:${hostPort(address, port)}`),
    ];
  }

  get connections(): number {
    return this.#all.size;
  }

  /** What can be sent over once started: TCP always, UDP where a socket is bound. */
  get transports(): readonly HopTransport[] {
    return this.#transports;
  }

  /** Address families in the order of the listeners, once started. */
  get families(): readonly Family[] {
    return this.#families;
  }

  /** Whether a sent-by is one that we put into a Via. */
  isOwn(sentBy: string): boolean {
    return this.#own.has(sentBy);
  }

  /** Whether a host, IPv6 without brackets, is one that we listen on or put into a Via. */
  isOwnHost(host: string): boolean {
    return this.#ownHosts.has(host);
  }

  /** What our Via says on the way to `hop` (RFC 3261 §18.1.1); undefined when nothing here reaches it. */
  sentByTo(hop: Hop): SentBy | undefined {
    const family = addressFamily(hop.address);
    if (hop.transport === 'udp') {
      const listener = this.#datagrams.find((candidate) => candidate.family === family);
      return listener && { transport: 'UDP', sentBy: listener.sentBy };
    }
    const listener =
      this.#streams.find((candidate) => candidate.family === family) ??
      this.#datagrams.find((candidate) => candidate.family === family) ??
      this.#streams[0] ??
      this.#datagrams[0];
    return listener && { transport: 'TCP', sentBy: listener.sentBy };
  }

  /** Whether a connection to this peer is open already. */
  isConnected(address: string, port: number): boolean {
    return this.#connections.get(hostPort(address, port))?.open === true;
  }

  /** The way to `hop`. Opening a connection, where one is needed, waits until something is sent. */
  outletTo(hop: Hop): Outlet {
    if (hop.transport === 'tcp') return new StreamOutlet(this, hop);
    const family = addressFamily(hop.address);
    const listener = this.#datagrams.find((candidate) => candidate.family === family);
    if (listener === undefined) throw new Error(`no UDP listener reaches ${hop.address}`);
    return new DatagramOutlet(this, listener.socket, hop);
  }

  /** The way back to where `request` came from (RFC 3261 §18.2.2, RFC 3581 §4). */
  replyTo(request: SipRequest, source: Source): ReplyOutlet {
    const via = request.topVia;
    if (source.via instanceof TcpConnection) return new StreamReply(this, source.via, via.port ?? DEFAULT_PORT);
    // DEVIATION: maddr (RFC 3261 §18.2.2) is not followed, since it would send our answers wherever a stranger likes
    const port = via.rport === undefined ? (via.port ?? DEFAULT_PORT) : source.port;
    return new DatagramReply(this, source.via.socket, source.address, port, source.port);
  }

  /** The connection to this peer: an open one, or a new one; undefined when there is no room. */
  connectionTo(address: string, port: number): TcpConnection | undefined {
    const key = hostPort(address, port);
    const known = this.#connections.get(key);
    if (known?.open) return known;
    if (this.#all.size >= this.#maxConnections) {
      this.#refusedConnections.add();
      return undefined;
    }
    return this.#adopt(connect({ host: address, port }), { address, port });
  }

  /** Notes a message that goes out. */
  sending(octets: Uint8Array, transport: HopTransport): void {
    this.#sent[transport].add();
    this.options.tap?.('sent', octets, transport);
  }

  async #openDatagrams(listen: ListenAddress): Promise<DatagramListener> {
    const host = await numericHost(listen.host);
    const family = addressFamily(host) as Family;
    const open = this.options.openDatagramSocket ?? openDatagramSocket;
    let listener: DatagramListener | undefined;
    const socket = await open(host, listen.port, (octets, address, port) => {
      if (listener !== undefined) this.#datagram(octets, { transport: 'udp', address, port, via: listener });
    });
    listener = { socket, family, sentBy: this.#advertised(socket.address, socket.port) };
    return listener;
  }

  async #openStreams(listen: ListenAddress): Promise<StreamListener> {
    const host = await numericHost(listen.host);
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: listen.port, ipv6Only: true, backlog: 1024 }, () => {
        server.off('error', reject);
        server.on('error', () => {}); // a failed accept concerns that connection alone
        resolve();
      });
    });
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP listener without an address');
    const { address, port } = bound;
    return { server, address, port, family: addressFamily(host) as Family, sentBy: this.#advertised(address, port) };
  }

  /** What Via carries for a listener (RFC 3261 §18.1.1). */
  #advertised(address: string, port: number): string {
    const sentBy = advertisedSentBy(this.options.advertise, address, port);
    this.#own.add(sentBy);
    this.#ownHosts.add(address).add(unbracketed(sentBy.slice(0, sentBy.lastIndexOf(':'))));
    return sentBy;
  }

  #accept(socket: Socket): void {
    if (this.#all.size >= this.#maxConnections || socket.remoteAddress === undefined) {
      this.#refusedConnections.add();
      socket.destroy();
      return;
    }
    this.#adopt(socket);
  }

  #adopt(socket: Socket, peer?: { readonly address: string; readonly port: number }): TcpConnection {
    const connection = new TcpConnection(
      socket,
      this.#tcp,
      {
        message: (octets, from) => this.#streamMessage(octets, from),
        failure: (failure, from) => this.#failure(failure, sourceOf(from)),
        closed: (from) => this.#forget(from),
      },
      peer,
    );
    this.#all.add(connection);
    this.#connections.set(connection.key, connection); // RFC 5923 §5: the newest one to a peer serves
    return connection;
  }

  #forget(connection: TcpConnection): void {
    this.#all.delete(connection);
    if (this.#connections.get(connection.key) === connection) this.#connections.delete(connection.key);
  }

  #datagram(octets: Buffer, source: Source): void {
    if (octets.length <= 4 && octets.every((octet) => octet === 0 || octet === 0x0d || octet === 0x0a)) return; // keep-alive
    this.#message(octets, source);
  }

  #streamMessage(octets: Buffer, connection: TcpConnection): void {
    this.#message(octets, sourceOf(connection));
  }

  #message(octets: Buffer, source: Source): void {
    this.#received[source.transport].add();
    this.options.tap?.('received', octets, source.transport);
    const parsed = parseSip(octets, this.#limits);
    if (!parsed.ok) this.#failure(parsed.error, source);
    else if (parsed.value instanceof SipRequest) this.events.request(parsed.value, source);
    else if (this.isOwn(parsed.value.topVia.sentBy)) this.events.response(parsed.value, source); // RFC 3261 §18.1.2
  }

  #failure(failure: ParseFailure, source: Source): void {
    this.#unreadable.add();
    if (failure.answerable !== undefined) this.events.malformed(failure, failure.answerable, source);
  }
}

const DEFAULT_PORT = 5060;

function sourceOf(connection: TcpConnection): Source {
  return { transport: 'tcp', address: connection.address, port: connection.port, via: connection };
}

/** Marks where `request` came from in the top Via of its response (RFC 3261 §18.2.1, RFC 3581 §4). */
function stampVia(response: SipResponse, request: SipRequest, address: string, port: number): void {
  const via = request.topVia;
  const stamped = stampedVia(via, address, port);
  if (stamped === via) return;
  response.headers.removeFirst('Via');
  response.headers.prepend('Via', stamped.toString());
}

/** `via` with `received` where it names another host, or where rport is asked for; then with the port as well. */
export function stampedVia(via: Via, address: string, port: number): Via {
  const asked = via.param('rport') !== undefined;
  if (!asked && sameAddress(unbracketed(via.host), address)) return via;
  const stamped = via.withParam('received', address); // RFC 3261 §25.1: an IPv6 address stands here without brackets
  return asked ? stamped.withParam('rport', String(port)) : stamped;
}

class DatagramOutlet implements Outlet {
  readonly reliable = false;

  constructor(
    private readonly layer: TransportLayer,
    private readonly socket: DatagramSocket,
    private readonly hop: Hop,
  ) {}

  send(octets: Uint8Array, sender: Sender): void {
    this.layer.sending(octets, 'udp');
    this.socket.send(octets, this.hop.port, this.hop.address, sender);
  }

  release(): void {}
}

class StreamOutlet implements Outlet {
  readonly reliable = true;
  #connection: TcpConnection | undefined;

  constructor(
    private readonly layer: TransportLayer,
    private readonly hop: Hop,
  ) {}

  send(octets: Uint8Array, sender: Sender): void {
    this.#connection = this.layer.connectionTo(this.hop.address, this.hop.port);
    if (this.#connection === undefined) {
      process.nextTick(() => sender.transportFailed(false));
      return;
    }
    this.layer.sending(octets, 'tcp');
    this.#connection.request(octets, sender);
  }

  release(sender: Sender): void {
    this.#connection?.release(sender);
    this.#connection = undefined;
  }
}

class DatagramReply implements ReplyOutlet {
  readonly reliable = false;

  constructor(
    private readonly layer: TransportLayer,
    private readonly socket: DatagramSocket,
    private readonly address: string,
    /** Where the response goes. */
    private readonly port: number,
    /** Where the request came from. */
    private readonly sourcePort: number,
  ) {}

  stamp(response: SipResponse, request: SipRequest): void {
    stampVia(response, request, this.address, this.sourcePort);
  }

  send(octets: Uint8Array, sender: Sender | undefined): void {
    this.layer.sending(octets, 'udp');
    this.socket.send(octets, this.port, this.address, sender);
  }
}

class StreamReply implements ReplyOutlet {
  readonly reliable = true;

  constructor(
    private readonly layer: TransportLayer,
    private readonly connection: TcpConnection,
    /** Where the client listens, should the connection be gone. */
    private readonly listeningPort: number,
  ) {}

  stamp(response: SipResponse, request: SipRequest): void {
    stampVia(response, request, this.connection.address, this.connection.port);
  }

  send(octets: Uint8Array, sender: Sender | undefined): void {
    // RFC 3261 §18.2.2: the connection of the request, else a new one to where its client listens
    const connection = this.connection.open
      ? this.connection
      : this.layer.connectionTo(this.connection.address, this.listeningPort);
    if (connection === undefined) {
      process.nextTick(() => sender?.transportFailed(false));
      return;
    }
    this.layer.sending(octets, 'tcp');
    connection.reply(octets, sender);
  }
}

/** A listener's host as an address. */
async function numericHost(host: string): Promise<string> {
  if (addressFamily(host) !== undefined) return host;
  return (await lookup(host)).address;
}

/** host:port for Via: what is configured, else where the listener is bound, else an address of this machine. */
export function advertisedSentBy(advertise: string | undefined, address: string, port: number): string {
  if (advertise === undefined) {
    const reachable = address === '0.0.0.0' || address === '::' ? machineAddress(address === '::' ? 6 : 4) : address;
    return hostPort(reachable, port).toLowerCase();
  }
  const text = advertise.toLowerCase();
  if (/^(\[[^\]]+\]|[^:]+):\d+$/.test(text)) return text;
  return `${bracketed(unbracketed(text))}:${port}`;
}

/** An address by which others may reach a listener on all interfaces. */
function machineAddress(family: Family): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const entry of addresses ?? []) {
      if (!entry.internal && entry.family === `IPv${family}` && !entry.address.startsWith('fe80:'))
        return entry.address;
    }
  }
  return family === 6 ? '::1' : '127.0.0.1';
}
