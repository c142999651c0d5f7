/** The transaction layer (RFC 3261 §17): every transaction that runs, found by what its messages carry. */
import type { Metrics } from '../../base/metrics.js';
import type { Scheduler } from '../../base/time.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import { type ClientHome, ClientTransaction, type ClientUser } from './client-transaction.js';
import { clientKey, mergedRequestKey, serverKey } from './matching.js';
import type { Outlet, ReplyOutlet } from './outlet.js';
import { type ServerHome, ServerTransaction } from './server-transaction.js';
import { type TimerOptions, TransactionTimers } from './timers.js';

export interface TransactionOptions {
  readonly timers?: TimerOptions;
  /** Requests of peers that wait for an answer, and requests of ours that wait for a peer: so many of each. Default 100000. */
  readonly maxOpen?: number;
  /**
   * Ended transactions that still catch retransmissions: so many of each side. Beyond, the oldest is forgotten early, since
   * refusing new work would be the greater harm. Default 500000; each holds about 1.1 KB (measured with small requests).
   */
  readonly maxLingering?: number;
  /**
   * Octets of keys and responses that ended server transactions keep, with the same consequence: a stranger may write a
   * branch or Call-ID of many kilobytes. Default 128 MiB.
   */
  readonly maxLingeringOctets?: number;
  /**
   * True: a 408 of the core to a non-INVITE request goes out as long as no 100 did. RFC 4320 §4.2 forbids it, because a 408
   * that says "I waited too long" always comes too late. Default false.
   */
  readonly early408?: boolean;
}

/** What becomes of a request that arrived. */
export type Arrival =
  /** A new transaction, which the core must answer. */
  | ServerTransaction
  /** A retransmission, or an ACK that its transaction took. */
  | 'absorbed'
  /** A copy that came by another path: 482 (RFC 3261 §8.2.2.2). */
  | 'merged'
  /** No room, or not accepting: 503 (RFC 3261 §21.5.4). */
  | 'overload'
  /** An ACK that belongs to no transaction here. */
  | 'stray-ack';

export class TransactionLayer {
  readonly timers: TransactionTimers;
  /** False: new requests of peers are `overload`; what runs goes on. */
  accepting = true;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #merged = new Map<string, ServerTransaction>();
  #openClients = 0;
  #openServers = 0;
  #lingeringOctets = 0;
  readonly #maxOpen: number;
  readonly #maxLingering: number;
  readonly #maxLingeringOctets: number;
  readonly #clientHome: ClientHome;
  readonly #serverHome: ServerHome;
  #whenIdle: (() => void) | undefined;

  constructor(scheduler: Scheduler, metrics: Metrics, options: TransactionOptions = {}) {
    const timers = new TransactionTimers(scheduler, options.timers);
    this.timers = timers;
    this.#maxOpen = options.maxOpen ?? 100_000;
    this.#maxLingering = options.maxLingering ?? 500_000;
    this.#maxLingeringOctets = options.maxLingeringOctets ?? 128 * 1024 * 1024;
    this.#clientHome = {
      timers,
      answered: () => this.#closeClient(),
      ended: (transaction) => this.#clients.delete(clientKey(transaction.branch, transaction.method)),
    };
    this.#serverHome = {
      timers,
      early408: options.early408 ?? false,
      answered: (octets) => this.#closeServer(octets),
      ended: (transaction, octets) => this.#forgetServer(transaction, octets),
    };
    const help = 'SIP transactions by side and phase';
    metrics.gauge('sip_client_transactions_open', help, () => this.#openClients);
    metrics.gauge('sip_server_transactions_open', help, () => this.#openServers);
    metrics.gauge('sip_client_transactions_lingering', help, () => this.lingeringClients);
    metrics.gauge('sip_server_transactions_lingering', help, () => this.lingeringServers);
  }

  /** Our requests that wait for a final response. */
  get openClients(): number {
    return this.#openClients;
  }

  /** Requests of peers that wait for our final response. */
  get openServers(): number {
    return this.#openServers;
  }

  get lingeringClients(): number {
    return this.#clients.size - this.#openClients;
  }

  get lingeringServers(): number {
    return this.#servers.size - this.#openServers;
  }

  /**
   * Sends `request`, whose top Via carries `branch` and which reads `octets` on the wire, and tells `user` how it ends.
   * False when the table is full: nothing was sent, and `user` hears nothing.
   */
  send(request: SipRequest, branch: string, octets: Uint8Array, outlet: Outlet, user: ClientUser): boolean {
    if (this.#openClients >= this.#maxOpen) return false;
    const transaction = new ClientTransaction(this.#clientHome, branch, request, octets, outlet, user);
    this.#clients.set(clientKey(branch, request.method), transaction);
    this.#openClients++;
    transaction.start();
    return true;
  }

  /** A valid request arrived, to be answered through `outlet`. */
  takeRequest(request: SipRequest, outlet: ReplyOutlet): Arrival {
    const key = serverKey(request);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      known.receive(request);
      return 'absorbed';
    }
    if (request.method === 'ACK') return 'stray-ack';
    const mergedKey = mergedRequestKey(request);
    if (mergedKey !== undefined && this.#merged.has(mergedKey)) return 'merged';
    if (!this.accepting || this.#openServers >= this.#maxOpen) return 'overload';
    const transaction = new ServerTransaction(this.#serverHome, key, mergedKey, request, outlet);
    this.#servers.set(key, transaction);
    if (mergedKey !== undefined) this.#merged.set(mergedKey, transaction);
    this.#openServers++;
    transaction.start();
    return transaction;
  }

  /** A valid response arrived. False when it belongs to no transaction here, and is to be dropped. */
  takeResponse(response: SipResponse): boolean {
    const { branch } = response.topVia;
    if (branch === undefined) return false;
    // RFC 3261 §17.1.3: the branch, and the method in CSeq, since CANCEL shares the branch of its request
    const transaction = this.#clients.get(clientKey(branch, response.cseq.method));
    if (transaction === undefined || transaction.method !== response.cseq.method) return false;
    transaction.receive(response);
    return true;
  }

  /** The transaction that a CANCEL means (RFC 3261 §9.2), if it is here. */
  cancelTarget(cancel: SipRequest, methods: readonly string[]): ServerTransaction | undefined {
    for (const method of methods) {
      const target = this.#servers.get(serverKey(cancel, method));
      if (target !== undefined) return target;
    }
    return undefined;
  }

  /** Calls `idle` once, as soon as nothing is open on either side: now, if so. */
  whenIdle(idle: () => void): void {
    this.#whenIdle = idle;
    this.#checkIdle();
  }

  /** Ends every transaction. Requests of ours that still wait end as a transport that failed; peers hear nothing. */
  close(): void {
    for (const transaction of this.#clients.values()) {
      if (transaction.open) transaction.transportFailed(true);
      transaction.discard();
    }
    for (const transaction of this.#servers.values()) transaction.discard();
    this.timers.clear();
  }

  #closeClient(): void {
    this.#openClients--;
    // K is the wait of the many; INVITE's D and M share no queue with it and are left alone
    if (this.lingeringClients > this.#maxLingering) this.#dropOldest('K', this.timers.t4Ms);
    this.#checkIdle();
  }

  #closeServer(octets: number): void {
    this.#openServers--;
    this.#lingeringOctets += octets;
    while (this.lingeringServers > this.#maxLingering || this.#lingeringOctets > this.#maxLingeringOctets) {
      if (!this.#dropOldest('J', this.timers.timeoutMs)) break;
    }
    this.#checkIdle();
  }

  /** False when there is none. */
  #dropOldest(name: 'J' | 'K', delayMs: number): boolean {
    const oldest = this.timers.oldest(name, delayMs) as ClientTransaction | ServerTransaction | undefined;
    oldest?.discard();
    return oldest !== undefined;
  }

  #forgetServer(transaction: ServerTransaction, octets: number): void {
    this.#lingeringOctets -= octets;
    this.#servers.delete(transaction.key);
    if (transaction.mergedKey !== undefined) this.#merged.delete(transaction.mergedKey);
  }

  #checkIdle(): void {
    if (this.#whenIdle === undefined || this.#openClients > 0 || this.#openServers > 0) return;
    const idle = this.#whenIdle;
    this.#whenIdle = undefined;
    idle();
  }
}
