/**
 * The port through which behaviours reach SIP. It speaks at the level of use, so that an engine can be exchanged
 * (the embedded stack or drachtio) without a behaviour knowing.
 */
import type { SipRequest, SipResponse } from './message/message.js';
import type { Uri } from './message/uri.js';

/** A MESSAGE to send (RFC 3428 §4). The engine adds Via, tags, CSeq, Max-Forwards, Content-Length and the route. */
export interface OutgoingMessage {
  readonly requestUri: Uri;
  readonly from: Uri;
  readonly to: Uri;
  /** A fresh one is made when absent. */
  readonly callId?: string;
  /** Further header fields in order, each one line without CR or LF. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Absent together with an empty body. */
  readonly contentType?: string;
  readonly body: Uint8Array;
  /** Default 70 (RFC 3261 §8.1.1.6). */
  readonly maxForwards?: number;
}

/** Why a request ended without a final response of a peer. */
export type LocalCause =
  /** Timer F or B: no final response in time (RFC 3261 §17.1.2). */
  | 'timeout'
  /** The transport failed before any final response (RFC 3261 §8.1.3.1 makes it a 503). */
  | 'transport-error'
  /** Nothing is registered or resolvable for the target (RFC 3263). */
  | 'no-such-domain'
  /** The AOR is served here, but has no account. */
  | 'no-such-user'
  /** The AOR is served here and known, but no device is registered. */
  | 'not-registered'
  /** The serialized request exceeds `limits.sipMessageOctets` (RFC 3428 §8). */
  | 'too-large'
  /** A bounded queue or table of the engine is full. */
  | 'overload'
  /** The gateway is shutting down. */
  | 'draining';

/** How a request ended: a final response of the peer (best of all forks, RFC 3261 §16.7), or a local cause. */
export type SipOutcome =
  | { readonly kind: 'final'; readonly response: SipResponse }
  | { readonly kind: 'local'; readonly cause: LocalCause };

/** Where a request came from, and how its sender was proven, before any translation. */
export interface RequestOrigin {
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  readonly address: string;
  readonly port: number;
  /** 'digest': the From AOR proved itself by digest; 'trusted-peer': a peer that may speak for any sender. */
  readonly proof: 'digest' | 'trusted-peer';
}

export interface IncomingMessage {
  readonly request: SipRequest;
  readonly origin: RequestOrigin;
}

/** A final answer to a request. The engine adds To tag, Via and the rest. */
export interface SipAnswer {
  readonly status: number;
  /** Default: the reason phrase of RFC 3261 §21. */
  readonly reason?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export interface SipEngine {
  /** Sends a MESSAGE. Never rejects for anything that a peer or the network does; resolves exactly once. */
  sendMessage(message: OutgoingMessage): Promise<SipOutcome>;
  /**
   * Who answers MESSAGE requests that passed the user agent core (RFC 3261 §8.2) and the sender check. Retransmissions
   * are absorbed below; the promise is the final response. A rejection is answered 500.
   */
  onMessage(answer: (incoming: IncomingMessage) => Promise<SipAnswer>): void;
}
