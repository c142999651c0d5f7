/** What every message must hold before anything acts on it (RFC 3261 §8.1.1, §16.3). */
import { excerpt } from './characters.js';
import { type HeaderFields, type SipMessage, SipRequest, type SipResponse, type TypedHeader } from './message.js';
import type { Uri } from './uri.js';

/** Present in every message (RFC 3261 §8.1.1, §8.2.6.2); Max-Forwards may be absent in a request of an RFC 2543 peer. */
const MANDATORY: readonly TypedHeader[] = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];
/** May be absent, but is not to be malformed, because it decides where the message or its answer goes. */
const OPTIONAL: readonly TypedHeader[] = [
  'Max-Forwards',
  'Contact',
  'Route',
  'Record-Route',
  'Content-Type',
  'Content-Length',
];
/** At most one value (RFC 3261 §7.3.1); the answer to two would be a choice, so there is none. */
const SINGLE = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'content-type'];
const SINGLE_NAMES = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length', 'Content-Type'];

/** What is wrong with a message, in a text that names the header and fits a reason phrase; undefined when it is well. */
export function validate(message: SipRequest | SipResponse): string | undefined {
  const repeated = repeatedHeader(message.headers);
  if (repeated !== undefined) return repeated;
  for (const header of MANDATORY) {
    const fault = faultOf(message, header);
    if (fault !== undefined) return fault;
  }
  for (const header of OPTIONAL) {
    const fault = faultOf(message, header);
    if (fault !== undefined) return fault;
  }
  // RFC 3261 §19.1.1, table 1: the headers of a URI never stand in a Request-URI.
  if (message instanceof SipRequest && message.requestUri.headers !== undefined && isSip(message.requestUri)) {
    return 'the Request-URI has headers';
  }
  // RFC 3261 §8.1.1.5: the method of CSeq is that of the request.
  if (message instanceof SipRequest && message.cseq.method !== message.method) {
    return `CSeq names ${excerpt(message.cseq.method)} in a ${excerpt(message.method)} request`;
  }
  return undefined;
}

function repeatedHeader(headers: HeaderFields): string | undefined {
  const at = SINGLE.findIndex((key) => headers.repeats(key));
  return at < 0 ? undefined : `${SINGLE_NAMES[at]} appears more than once`;
}

function faultOf(message: SipMessage, header: TypedHeader): string | undefined {
  const fault = message.fault(header);
  return fault === undefined ? undefined : `${header} ${fault === 'is missing' ? fault : `is malformed: ${fault}`}`;
}

function isSip(uri: Uri): boolean {
  return uri.scheme === 'sip' || uri.scheme === 'sips';
}
