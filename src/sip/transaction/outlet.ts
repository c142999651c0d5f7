/** Where a transaction writes: one hop of one transport, as seen from below `wire/`. */
import type { SipRequest, SipResponse } from '../message/message.js';

/** Who is told when the octets could not be sent, or when what carried them broke before the answer came. */
export interface Sender {
  /** `mayHaveArrived`: the octets had left before the connection broke. */
  transportFailed(mayHaveArrived: boolean): void;
}

/** The way of a request to its next hop. */
export interface Outlet {
  /** TCP, TLS, WebSocket: no retransmissions, and the waiting times for stray ones are zero (RFC 3261 §17). */
  readonly reliable: boolean;
  /** Sends one message. A failure is told to `sender` later, never before this call returns. */
  send(octets: Uint8Array, sender: Sender): void;
  /** `sender` no longer waits for an answer. */
  release(sender: Sender): void;
}

/** The way of responses back to where a request came from (RFC 3261 §18.2.2, RFC 3581 §4). */
export interface ReplyOutlet {
  readonly reliable: boolean;
  /** Notes in the top Via of a fresh response to `request` where that came from (RFC 3261 §18.2.1). */
  stamp(response: SipResponse, request: SipRequest): void;
  /** Sends one response. A failure is told to `sender` later, never before this call returns. */
  send(octets: Uint8Array, sender: Sender | undefined): void;
}
