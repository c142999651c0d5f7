/** Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3), as keys of tables. */
import { joined } from '../../base/own-text.js';
import type { SipRequest } from '../message/message.js';

/** What every branch made by RFC 3261 §8.1.1.7 begins with. */
export const MAGIC_COOKIE = 'z9hG4bK';

/** The key of a client transaction: a CANCEL has the branch of the request that it cancels (RFC 3261 §9.1). */
export function clientKey(branch: string, method: string): string {
  return method === 'CANCEL' ? `CANCEL ${branch}` : branch;
}

/** The key of the server transaction that `request` makes or matches; `asMethod` for the request that a CANCEL means. */
export function serverKey(request: SipRequest, asMethod = request.method): string {
  const method = asMethod === 'ACK' ? 'INVITE' : asMethod;
  const via = request.topVia;
  if (via.branch?.startsWith(MAGIC_COOKIE)) return joined(`${via.branch} ${via.sentBy} ${method}`);
  return joined(rfc2543Key(request, method));
}

/** A request of RFC 2543 has no unique branch; its ACK carries the To tag of our response, so INVITE leaves To out. */
function rfc2543Key(request: SipRequest, method: string): string {
  const toTag = method === 'INVITE' ? '' : (request.to.tag ?? '');
  const cseq = `${request.cseq.number} ${method}`;
  return `${request.requestUri} ${request.from.tag ?? ''} ${toTag} ${request.callId} ${cseq} ${request.topVia}`;
}

/**
 * What two copies of one request share when they came by different paths (RFC 3261 §8.2.2.2); undefined where merging cannot
 * be: inside a dialog, and for ACK and CANCEL.
 *
 * DEVIATION: the Request-URI counts too. This element is the user agent of many users, and a proxy that forks one request to
 * two of them has merged nothing.
 */
export function mergedRequestKey(request: SipRequest): string | undefined {
  if (request.to.tag !== undefined || request.method === 'ACK' || request.method === 'CANCEL') return undefined;
  const copies = `${request.callId} ${request.from.tag ?? ''} ${request.cseq.number} ${request.method}`;
  return joined(`${copies} ${request.requestUri}`);
}
