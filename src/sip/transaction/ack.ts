/** The ACK for a final response other than 2xx, made by the client transaction (RFC 3261 §17.1.1.3). */
import { HeaderFields, SipRequest, type SipResponse } from '../message/message.js';

/** The ACK that `request`, an INVITE, gets for `response`. */
export function ackFor(request: SipRequest, response: SipResponse): SipRequest {
  const headers = new HeaderFields();
  headers.add('Via', request.topVia.toString());
  headers.add('Max-Forwards', '70');
  headers.add('From', request.headers.get('From') as string);
  headers.add('To', response.headers.get('To') as string);
  headers.add('Call-ID', request.callId);
  headers.add('CSeq', `${request.cseq.number} ACK`);
  for (const route of request.headers.getAll('Route')) headers.add('Route', route);
  return new SipRequest('ACK', request.requestUri, headers);
}
