/**
 * The port through which behaviours reach XMPP: a component stream to another server, or the embedded server.
 * Stanzas are ltx elements in the namespace `jabber:client`, whatever the wire uses.
 */
import type { Element } from 'ltx';
import type { Result } from '../base/result.js';
import type { StanzaError } from './stanza/stanza-error.js';

/** Why a stanza was not taken. */
export type LinkCause =
  /** No stream to the server. */
  | 'link-down'
  /** The bounded outgoing queue is full. */
  | 'queue-full'
  /** Written, but the server gave no sign of having taken it in time: it may or may not arrive. */
  | 'unconfirmed'
  /** Larger than the link's stanza limit. */
  | 'too-large';

export type DeliveryFailure =
  /** The XMPP side answered with a stanza error in time. `from` of the error stanza: full or bare JID (RFC 7247 §7.1). */
  | { readonly kind: 'refused'; readonly error: StanzaError; readonly from: string }
  | { readonly kind: 'local'; readonly cause: LinkCause };

export interface XmppLink {
  /**
   * Hands a message stanza over; its `id` must be unique. Resolves with ok when the promise of a 200 is true: the server
   * has answered a request that followed the stanza on the same stream (component), or the stanza is queued to a
   * session's socket or stored offline (embedded). Never rejects; resolves exactly once.
   */
  deliver(stanza: Element): Promise<Result<void, DeliveryFailure>>;
  /** Sends a stanza that nobody waits for (errors, results, presence). False when it could not even be queued. */
  send(stanza: Element): boolean;
  /** Who takes message and presence stanzas, and IQ requests, addressed to the gateway's SIP domains. IQs that the link answers itself do not come. */
  onStanza(take: (stanza: Element) => void): void;
  /** True while stanzas can be handed over. */
  readonly up: boolean;
}
