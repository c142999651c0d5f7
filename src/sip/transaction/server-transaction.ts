/** One server transaction (RFC 3261 §17.2): runs a table of `server-table.ts` against an outlet, the timers and its user. */
import type { Waiting } from '../../base/delay-queue.js';
import { responseTo, type SipRequest, type SipResponse, serialize } from '../message/message.js';
import type { ReplyOutlet, Sender } from './outlet.js';
import {
  INVITE_SERVER,
  NON_INVITE_SERVER,
  type ServerEffect,
  type ServerEvent,
  type ServerState,
  type ServerTable,
} from './server-table.js';
import type { TimerName, TimerOwner, TransactionTimers } from './timers.js';

/** Who answers the request. */
export interface ServerUser {
  /** An ACK for a 2xx (RFC 6026 §7.1). */
  acknowledged?(ack: SipRequest): void;
  /** No ACK came for a final response other than 2xx (Timer H). */
  unacknowledged?(): void;
  /** A response could not be sent. The transaction goes on. */
  responseUnsent?(): void;
}

/** What a server transaction needs of the layer that holds it. */
export interface ServerHome {
  readonly timers: TransactionTimers;
  /** True: a 408 is sent as long as no 100 was (see `TransactionOptions.early408`). */
  readonly early408: boolean;
  /** The final response is given; what is left only answers retransmissions, and holds so many octets for that. */
  answered(octets: number): void;
  /** It is over; `octets` as told to `answered`. */
  ended(transaction: ServerTransaction, octets: number): void;
}

/** RFC 3261 §17.2.1. */
const TRYING_AFTER_MS = 200;

export class ServerTransaction implements Sender, TimerOwner {
  user: ServerUser | undefined;
  #state: ServerState = 'initial';
  readonly #table: ServerTable;
  #request: SipRequest | undefined;
  /** The last response as sent: all that is kept once the request is answered. */
  #octets: Uint8Array | undefined;
  #intervalMs = 0;
  #retransmission: Waiting | undefined;
  #deadline: Waiting | undefined;
  /** The layer still counts it as open. */
  #counted = true;
  #ended = false;
  /** What it holds after its answer. */
  #heldOctets = 0;

  constructor(
    private readonly home: ServerHome,
    readonly key: string,
    readonly mergedKey: string | undefined,
    request: SipRequest,
    private readonly outlet: ReplyOutlet,
  ) {
    this.#request = request;
    this.#table = request.method === 'INVITE' ? INVITE_SERVER : NON_INVITE_SERVER;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** True until a final response is given. */
  get open(): boolean {
    return this.#state === 'trying' || this.#state === 'proceeding';
  }

  start(): void {
    this.#take('start', undefined);
  }

  /** The request came again, or its ACK. */
  receive(request: SipRequest): void {
    this.#take(request.method === 'ACK' ? 'ACK' : 'request', request);
  }

  /** The core's response. False when it was not sent, because the request is answered already or must not be answered so. */
  respond(response: SipResponse): boolean {
    const event = this.#eventOf(response);
    if (this.#table[this.#state]?.[event] === undefined) return false;
    if (event !== 'silence') this.#octets = this.#write(response);
    this.#take(event, undefined);
    return event !== 'silence';
  }

  transportFailed(): void {
    this.#take('transport error', undefined);
  }

  timerFired(name: TimerName): void {
    this.#take(`timer ${name}` as ServerEvent, undefined);
  }

  /** Ends it at once: the layer closes, or needs the room of a transaction that only lingers. */
  discard(): void {
    this.#stopTimers();
    this.#state = 'terminated';
    this.#settle();
  }

  #eventOf(response: SipResponse): ServerEvent {
    const { status } = response;
    if (status < 200) return '1xx';
    if (status < 300) return '2xx';
    // RFC 4320 §4.2: no 408 to a non-INVITE request
    if (status === 408 && this.#table === NON_INVITE_SERVER) {
      return this.home.early408 && this.#state === 'trying' ? '3xx-6xx' : 'silence';
    }
    return '3xx-6xx';
  }

  #take(event: ServerEvent, request: SipRequest | undefined): void {
    const step = this.#table[this.#state]?.[event];
    if (step === undefined) return;
    this.#state = step[0];
    for (let i = 1; i < step.length; i++) this.#perform(step[i] as ServerEffect, request);
    this.#settle();
  }

  #perform(effect: ServerEffect, request: SipRequest | undefined): void {
    const { timers } = this.home;
    switch (effect) {
      case 'send response':
      case 'resend response':
        if (this.#octets !== undefined) this.outlet.send(this.#octets, this);
        break;
      case 'send 100':
        this.#octets = this.#write(responseTo(this.#request as SipRequest, 100));
        this.outlet.send(this.#octets, this);
        break;
      case 'pass ACK':
        this.user?.acknowledged?.(request as SipRequest);
        break;
      case 'tell timeout':
        this.user?.unacknowledged?.();
        break;
      case 'tell transport error':
        this.user?.responseUnsent?.();
        break;
      case 'start 100':
        this.#wait('100', this.#table === INVITE_SERVER ? TRYING_AFTER_MS : timers.provisionalAfterMs);
        break;
      case 'start G':
        this.#retransmit(timers.t1Ms);
        break;
      case 'double G':
        this.#retransmit(Math.min(2 * this.#intervalMs, timers.t2Ms)); // RFC 3261 §17.2.1
        break;
      case 'start H':
        this.#wait('H', timers.timeoutMs);
        break;
      case 'start L':
        this.#wait('L', timers.timeoutMs);
        break;
      case 'start I':
        this.#linger('I', timers.t4Ms);
        break;
      case 'start J':
        this.#linger('J', timers.timeoutMs);
        break;
      case 'stop timers':
        this.#stopTimers();
        break;
    }
  }

  #write(response: SipResponse): Uint8Array {
    this.outlet.stamp(response, this.#request as SipRequest);
    return serialize(response);
  }

  #retransmit(intervalMs: number): void {
    if (this.outlet.reliable) return;
    this.#intervalMs = intervalMs;
    this.#retransmission = this.home.timers.set('G', intervalMs, this);
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
      if (this.#state !== 'accepted') this.#request = undefined; // further 2xx to an INVITE are made from it
      this.#heldOctets = this.key.length + (this.mergedKey?.length ?? 0) + (this.#octets?.length ?? 0);
      this.home.answered(this.#heldOctets);
    }
    if (this.#state !== 'terminated' || this.#ended) return;
    this.#ended = true;
    this.#octets = this.#request = this.user = undefined;
    this.home.ended(this, this.#heldOctets);
  }
}
