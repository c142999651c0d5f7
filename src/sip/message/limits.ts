/** How large and how many things in one SIP message may be, and what refuses more. */

export interface SipLimits {
  /** Start line, headers and body together; more is 513 (RFC 3261 §21.5.7). */
  readonly maxMessageOctets: number;
  /** Start line and headers with their blank line; more is 513. */
  readonly maxHeaderOctets: number;
  /** The body alone; more is 413 (RFC 3261 §21.4.11). */
  readonly maxBodyOctets: number;
  /** The Request-URI; more is 414 (RFC 3261 §21.4.12). */
  readonly maxUriOctets: number;
  /** Header lines; more is 400. */
  readonly maxHeaderCount: number;
  /** Values of one list header (Via, Route, Contact …) over all its lines; more is 400. */
  readonly maxHeaderValues: number;
}

/** A UDP datagram's worth; a Request-URI may carry the longest JID, fully escaped. */
export const DEFAULT_SIP_LIMITS: SipLimits = Object.freeze({
  maxMessageOctets: 65_535,
  maxHeaderOctets: 16_384,
  maxBodyOctets: 65_535,
  maxUriOctets: 8_192,
  maxHeaderCount: 128,
  maxHeaderValues: 64,
});
