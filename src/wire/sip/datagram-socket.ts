/** A bound UDP socket, reduced to what SIP needs of it, so that tests can put a network of their own in its place. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { plainAddress } from '../../sip/locate/address.js';
import type { Sender } from '../../sip/transaction/outlet.js';

export interface DatagramSocket {
  /** What it is bound to, numeric. */
  readonly address: string;
  readonly port: number;
  /** A failure is told to `sender` later, never before this call returns. */
  send(octets: Uint8Array, port: number, address: string, sender: Sender | undefined): void;
  close(): Promise<void>;
}

export type Receive = (octets: Buffer, address: string, port: number) => void;

/** Resolves once bound; rejects when that is impossible. */
export type OpenDatagramSocket = (host: string, port: number, receive: Receive) => Promise<DatagramSocket>;

/** Room for a burst while this process is busy; the system caps it as it likes. */
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;
/** What may wait inside the socket when the system takes no more; beyond, sending fails. */
const MAX_SEND_QUEUE_OCTETS = 4 * 1024 * 1024;

/** Opens a real socket on a numeric address. */
export const openDatagramSocket: OpenDatagramSocket = (host, port, receive) =>
  new Promise((resolve, reject) => {
    const family = host.includes(':') ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6, // refused for IPv4
      recvBufferSize: RECEIVE_BUFFER_OCTETS,
      // addresses are numeric here; the default look-up costs a turn of the event loop for each datagram
      lookup: (address, _options, callback) => callback(null, address, family),
    });
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      socket.on('error', () => {}); // errors of single datagrams come through the callbacks of send
      socket.on('message', (octets: Buffer, from: RemoteInfo) =>
        receive(octets, plainAddress(from.address), from.port),
      );
      resolve(new SystemDatagramSocket(socket));
    });
  });

class SystemDatagramSocket implements DatagramSocket {
  readonly address: string;
  readonly port: number;
  #closed: Promise<void> | undefined;

  constructor(private readonly socket: Socket) {
    const bound = socket.address();
    this.address = bound.address;
    this.port = bound.port;
  }

  send(octets: Uint8Array, port: number, address: string, sender: Sender | undefined): void {
    if (this.#closed !== undefined || this.socket.getSendQueueSize() > MAX_SEND_QUEUE_OCTETS) {
      process.nextTick(() => sender?.transportFailed(false));
      return;
    }
    this.socket.send(octets, port, address, (error) => {
      if (error) sender?.transportFailed(false);
    });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.socket.close(() => resolve()));
    return this.#closed;
  }
}
