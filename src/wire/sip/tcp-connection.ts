/** One TCP connection that carries SIP in both directions (RFC 3261 §18, RFC 5626 §4.4.1). */
import type { Socket } from 'node:net';
import { hostPort, plainAddress } from '../../sip/locate/address.js';
import { SipFramer } from '../../sip/message/framing.js';
import type { ParseFailure, SipLimits } from '../../sip/message/parse.js';
import type { Sender } from '../../sip/transaction/outlet.js';

export interface TcpOptions {
  readonly limits: SipLimits;
  /** How long opening a connection may take; default 4000 ms. */
  readonly connectTimeoutMs: number;
  /**
   * A connection without traffic, and without a request that waits on it, closes after this; default 3900000 ms, longer than
   * a registration lasts, since closing it earlier would cut off a phone that it leads to.
   */
  readonly idleTimeoutMs: number;
  /** How long a message may take from its first to its last octet, and a new connection to its first; default 30000 ms. */
  readonly messageTimeoutMs: number;
  /** Octets that may wait for a peer who reads slowly; beyond, sending fails. Default 1 MiB. */
  readonly maxQueuedOctets: number;
}

export interface TcpEvents {
  message(octets: Buffer, connection: TcpConnection): void;
  /** The stream cannot be followed; the connection closes after what is sent from within. */
  failure(failure: ParseFailure, connection: TcpConnection): void;
  closed(connection: TcpConnection): void;
}

/** Finds peers that are gone without a word. */
const KEEP_ALIVE_MS = 60_000;
const PONG = Buffer.from('\r\n');

export class TcpConnection {
  readonly address: string;
  readonly port: number;
  /** `address:port` of the peer. */
  readonly key: string;
  readonly #framer: SipFramer;
  /** Those who wait for an answer on this connection; true once their request has left. */
  readonly #waiting = new Map<Sender, boolean>();
  #open = true;
  #established = false;
  #messageTimer: NodeJS.Timeout | undefined;

  /** `peer`: whom `socket` is being connected to; absent for a socket that was accepted. */
  constructor(
    private readonly socket: Socket,
    private readonly options: TcpOptions,
    private readonly events: TcpEvents,
    peer?: { readonly address: string; readonly port: number },
  ) {
    this.address = peer?.address ?? plainAddress(socket.remoteAddress ?? '');
    this.port = peer?.port ?? socket.remotePort ?? 0;
    this.key = hostPort(this.address, this.port);
    this.#framer = new SipFramer(options.limits, peer === undefined ? 'server' : 'client');
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setTimeout(peer === undefined ? options.messageTimeoutMs : options.connectTimeoutMs);
    socket.on('connect', () => this.#establish());
    socket.on('timeout', () => this.#timedOut());
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
  }

  /** False once nothing more can be sent on it. */
  get open(): boolean {
    return this.#open && this.socket.writable;
  }

  /** Sends a request: `sender` hears when it cannot leave, or when the connection ends before `release`. */
  request(octets: Uint8Array, sender: Sender): void {
    if (!this.#hasRoom()) {
      process.nextTick(() => sender.transportFailed(false));
      return;
    }
    this.#waiting.set(sender, false);
    this.socket.write(octets, (error) => {
      if (!error && this.#waiting.has(sender)) this.#waiting.set(sender, true);
    });
  }

  /** `sender` has its answer, or no longer waits for it. */
  release(sender: Sender): void {
    this.#waiting.delete(sender);
  }

  /** Sends a response; `sender` hears when it cannot leave. */
  reply(octets: Uint8Array, sender: Sender | undefined): void {
    if (!this.#hasRoom()) {
      process.nextTick(() => sender?.transportFailed(false));
      return;
    }
    this.socket.write(octets, (error) => {
      if (error) sender?.transportFailed(false);
    });
  }

  /** Closes after what is queued has left and the peer has closed too, so that it reads what was written. */
  end(): void {
    this.#open = false;
    this.socket.end();
    this.socket.setTimeout(this.options.connectTimeoutMs); // a peer that does not read must not hold it
  }

  /** Closes after what is queued has left, without waiting for the peer to close as well. */
  close(): void {
    this.#open = false;
    this.socket.destroySoon();
  }

  destroy(): void {
    this.#open = false;
    this.socket.destroy();
  }

  #hasRoom(): boolean {
    return this.open && this.socket.writableLength < this.options.maxQueuedOctets;
  }

  /** From the first sign that the other end means SIP, the connection may rest longer. */
  #establish(): void {
    if (this.#established) return;
    this.#established = true;
    this.socket.setTimeout(this.options.idleTimeoutMs);
  }

  #read(chunk: Buffer): void {
    if (!this.#open) return;
    for (const event of this.#framer.push(chunk)) {
      switch (event.kind) {
        case 'message':
          this.#establish();
          this.events.message(event.bytes, this);
          break;
        case 'ping':
          if (this.#hasRoom()) this.socket.write(PONG); // RFC 5626 §4.4.1
          break;
        case 'pong':
          break;
        case 'failure':
          this.events.failure(event.failure, this);
          this.end();
          return;
      }
    }
    this.#watchMessage();
  }

  /** A message that was begun must end in time, however it trickles in. */
  #watchMessage(): void {
    if (this.#framer.pendingOctets === 0) {
      clearTimeout(this.#messageTimer);
      this.#messageTimer = undefined;
    } else {
      this.#messageTimer ??= setTimeout(() => this.destroy(), this.options.messageTimeoutMs);
    }
  }

  #timedOut(): void {
    if (this.#open && !this.socket.connecting && this.#waiting.size > 0) {
      this.socket.setTimeout(this.options.idleTimeoutMs); // those who wait have timers of their own
    } else {
      this.destroy();
    }
  }

  #closed(): void {
    this.#open = false;
    clearTimeout(this.#messageTimer);
    this.events.closed(this);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [sender, mayHaveArrived] of waiting) sender.transportFailed(mayHaveArrived);
  }
}
