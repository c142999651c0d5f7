/** Where a registered phone is reached when its Contact does not lead to it (RFC 3581 §1, RFC 5626 §3.1). */
import { addressFamily, hostPort, sameAddress, unbracketed } from '../locate/address.js';
import type { Hop, HopTransport } from '../locate/locate.js';
import type { SipRequest } from '../message/message.js';

/** The place that a REGISTER came from, to be remembered with its bindings; undefined when the Contact is the better way. */
export function receivedFrom(request: SipRequest, source: Hop): string | undefined {
  if (request.vias.length > 1) return undefined; // it came through a proxy, whose place is not the phone's
  if (source.transport === 'udp' && !isTranslated(request, source)) return undefined;
  return `${source.transport}:${hostPort(source.address, source.port)}`;
}

/** Whether the phone's own idea of its address differs from what is seen of it. */
function isTranslated(request: SipRequest, source: Hop): boolean {
  const via = request.topVia;
  if (!sameAddress(unbracketed(via.host), source.address)) return true;
  if (via.rport !== undefined && (via.port ?? 5060) !== source.port) return true;
  const contacts = request.contacts === '*' ? [] : request.contacts;
  return contacts.some(({ uri }) => {
    const host = unbracketed(uri.host);
    return addressFamily(host) !== undefined && !sameAddress(host, source.address);
  });
}

/** What `receivedFrom` wrote; undefined when it is none. */
export function readFlow(text: string): Hop | undefined {
  const match = /^(udp|tcp):(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const address = unbracketed(match[2] as string);
  if (addressFamily(address) === undefined) return undefined;
  return { transport: match[1] as HopTransport, address, port: Number(match[3]) };
}
