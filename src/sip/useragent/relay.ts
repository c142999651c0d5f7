/** A MESSAGE from one SIP user to another, relayed by this element as a B2BUA (RFC 7332 §5). */
import type { LocalCause, OutgoingMessage, SipAnswer, SipOutcome } from '../engine.js';
import type { SipRequest, SipResponse } from '../message/message.js';

/** A request that demands TLS on every hop, which this version has not (RFC 5630 §5.3, §6.2). */
export const SIPS_NOT_ALLOWED: SipAnswer = {
  status: 480,
  headers: [['Warning', '380 verona "SIPS Not Allowed"']],
};

/** Header fields that belong to the message, not to the hop, the dialog or the proof of its sender (RFC 3428 §9). */
const CARRIED = [
  'Subject',
  'Date',
  'Expires',
  'In-Reply-To',
  'Reply-To',
  'Priority',
  'Organization',
  'MIME-Version',
  'Content-Encoding',
  'Content-Language',
  'Content-Disposition',
];

/** The request that carries `request` on. Its Max-Forwards is above 0, or absent. */
export function relayed(request: SipRequest): OutgoingMessage {
  const contentType = request.headers.get('Content-Type');
  return {
    requestUri: request.requestUri,
    from: request.from.uri,
    to: request.to.uri,
    callId: request.callId,
    headers: CARRIED.flatMap((name) => request.headers.getAll(name).map((value) => [name, value] as const)),
    ...(contentType === undefined ? {} : { contentType }),
    body: request.body,
    maxForwards: (request.maxForwards ?? 70) - 1, // RFC 7332 §5
  };
}

/** Header fields of a response that its status needs (RFC 3261 §20 table 2). */
const TOLD = ['Contact', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Allow', 'Retry-After', 'Warning', 'Reason'];

/** What the sender hears of the relayed request. */
export function relayAnswer(outcome: SipOutcome): SipAnswer {
  return outcome.kind === 'final' ? finalAnswer(outcome.response) : localAnswer(outcome.cause);
}

function finalAnswer(response: SipResponse): SipAnswer {
  const { status } = response;
  if (status < 300) return { status };
  // a challenge to us means nothing to the sender, whose credentials are not ours to carry
  if (status === 401 || status === 407) return { status: 403 };
  if (status === 503) return { status: 500 }; // RFC 3261 §16.7 step 6: one device's overload is not ours
  const headers = TOLD.flatMap((name) => response.headers.getAll(name).map((value) => [name, value] as const));
  return { status, reason: response.reason, headers };
}

function localAnswer(cause: LocalCause): SipAnswer {
  switch (cause) {
    case 'timeout':
      return { status: 408 };
    case 'transport-error':
    case 'no-such-domain':
    case 'not-registered':
      return { status: 480 };
    case 'no-such-user':
      return { status: 404 };
    case 'too-large':
      return { status: 513 };
    case 'overload':
    case 'draining':
      return UNAVAILABLE;
  }
}

/** This element takes nothing at the moment (RFC 3261 §21.5.4). */
export const UNAVAILABLE: SipAnswer = { status: 503, headers: [['Retry-After', '10']] };
