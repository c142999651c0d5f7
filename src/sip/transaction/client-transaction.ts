/** One client transaction (RFC 3261 §17.1): runs a table of `client-table.ts` against an outlet, the timers and its user. */
import type { Waiting } from '../../base/delay-queue.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import { serialize } from '../message/message.js';
import { ackFor } from './ack.js';
import {
  type ClientEffect,
  type ClientEvent,
  type ClientState,
  type ClientTable,
  INVITE_CLIENT,
  NON_INVITE_CLIENT,
} from './client-table.js';
import type { Outlet, Sender } from './outlet.js';
import type { TimerName, TimerOwner, TransactionTimers } from './timers.js';

/** Who sent the request. Exactly one of the final response, `timedOut` and `unsent` ends it (RFC 3261 §8.1.3.1). */
export interface ClientUser {
  /** A provisional or final response; after a final 2xx to INVITE further ones may follow (RFC 6026 §7.2). */
  responded(response: SipResponse): void;
  /** Timer B or F. */
  timedOut(): void;
  /** The transport failed. `mayHaveArrived`: only after the request had left. */
  unsent(mayHaveArrived: boolean): void;
}

/** What a client transaction needs of the layer that holds it. */
export interface ClientHome {
  readonly timers: TransactionTimers;
  /** The request has ended for its user; what is left only catches retransmissions. */
  answered(transaction: ClientTransaction): void;
  ended(transaction: ClientTransaction): void;
}

export class ClientTransaction implements Sender, TimerOwner {
  #state: ClientState = 'initial';
  readonly #table: ClientTable;
  #request: SipRequest | undefined;
  #octets: Uint8Array | undefined;
  #user: ClientUser | undefined;
  #mayHaveArrived = false;
  #intervalMs = 0;
  #retransmission: Waiting | undefined;
  #deadline: Waiting | undefined;
  /** The layer still counts it as open. */
  #counted = true;
  #ended = false;

  /** `octets` is `request` as it goes out; its top Via carries `branch`. */
  constructor(
    private readonly home: ClientHome,
    readonly branch: string,
    request: SipRequest,
    octets: Uint8Array,
    private readonly outlet: Outlet,
    user: ClientUser,
  ) {
    this.method = request.method;
    this.#table = request.method === 'INVITE' ? INVITE_CLIENT : NON_INVITE_CLIENT;
    this.#request = request.method === 'INVITE' ? request : undefined; // an ACK is made from it
    this.#octets = octets;
    this.#user = user;
  }

  readonly method: string;

  get state(): ClientState {
    return this.#state;
  }

  /** True until the request has ended for its user. */
  get open(): boolean {
    return this.#state === 'calling' || this.#state === 'trying' || this.#state === 'proceeding';
  }

  start(): void {
    this.#take('start', undefined);
  }

  /** A response that matches this transaction. */
  receive(response: SipResponse): void {
    this.#take(response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '3xx-6xx', response);
  }

  transportFailed(mayHaveArrived: boolean): void {
    this.#mayHaveArrived = mayHaveArrived;
    this.#take('transport error', undefined);
  }

  timerFired(name: TimerName): void {
    this.#take(`timer ${name}` as ClientEvent, undefined);
  }

  /** Ends it without a word to its user: the layer closes, or needs the room of a transaction that only lingers. */
  discard(): void {
    this.#stopTimers();
    this.#state = 'terminated';
    this.#settle();
  }

  #take(event: ClientEvent, response: SipResponse | undefined): void {
    const step = this.#table[this.#state]?.[event];
    if (step === undefined) return;
    this.#state = step[0];
    for (let i = 1; i < step.length; i++) this.#perform(step[i] as ClientEffect, response);
    this.#settle();
  }

  #perform(effect: ClientEffect, response: SipResponse | undefined): void {
    const { timers } = this.home;
    switch (effect) {
      case 'send request':
        this.outlet.send(this.#octets as Uint8Array, this);
        break;
      case 'send ACK':
        this.outlet.send(serialize(ackFor(this.#request as SipRequest, response as SipResponse)), this);
        break;
      case 'pass response':
        this.#user?.responded(response as SipResponse);
        break;
      case 'tell timeout':
        this.#user?.timedOut();
        break;
      case 'tell transport error':
        this.#user?.unsent(this.#mayHaveArrived);
        break;
      case 'start A':
        this.#retransmit('A', timers.t1Ms);
        break;
      case 'double A':
        this.#retransmit('A', 2 * this.#intervalMs); // RFC 3261 §17.1.1.2
        break;
      case 'start E':
        this.#retransmit('E', timers.t1Ms);
        break;
      case 'double E':
        this.#retransmit('E', Math.min(2 * this.#intervalMs, timers.t2Ms)); // RFC 3261 §17.1.2.2
        break;
      case 'E at T2':
        this.#retransmit('E', timers.t2Ms);
        break;
      case 'start B':
        this.#wait('B', timers.timeoutMs);
        break;
      case 'start F':
        this.#wait('F', timers.timeoutMs);
        break;
      case 'start M':
        this.#wait('M', timers.timeoutMs);
        break;
      case 'start D':
        this.#linger('D', timers.timeoutMs);
        break;
      case 'start K':
        this.#linger('K', timers.t4Ms);
        break;
      case 'stop timers':
        this.#stopTimers();
        break;
    }
  }

  #retransmit(name: TimerName, intervalMs: number): void {
    if (this.outlet.reliable) return;
    this.#intervalMs = intervalMs;
    this.#retransmission = this.home.timers.set(name, intervalMs, this);
  }

  #wait(name: TimerName, delayMs: number): void {
    this.#deadline = this.home.timers.set(name, delayMs, this);
  }

  /** Waits for stray retransmissions; over a reliable transport there are none. */
  #linger(name: TimerName, delayMs: number): void {
    if (this.outlet.reliable) this.#state = 'terminated';
    else this.#wait(name, delayMs);
  }

  #stopTimers(): void {
    this.#retransmission?.cancel();
    this.#deadline?.cancel();
    this.#retransmission = this.#deadline = undefined;
  }

  /** Tells the layer, once each, that the request is answered and that the transaction is over. */
  #settle(): void {
    if (this.#counted && !this.open) {
      this.#counted = false;
      this.outlet.release(this);
      this.#octets = undefined;
      if (this.method !== 'INVITE') this.#user = undefined; // held any longer it would hold the whole request
      this.home.answered(this);
    }
    if (this.#state !== 'terminated' || this.#ended) return;
    this.#ended = true;
    this.#octets = this.#user = this.#request = undefined;
    this.home.ended(this);
  }
}
