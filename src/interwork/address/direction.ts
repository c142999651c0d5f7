/** What may cross in which direction at all: guards against loops, forged senders and `sips` (RFC 7247 §8). */
import { ok, type Result } from '../../base/result.js';
import type { Uri } from '../../sip/message/uri.js';
import type { AddressFailure, Party } from './address-failure.js';
import type { AddressMap } from './address-map.js';

export type Direction = 'sip-to-xmpp' | 'xmpp-to-sip';

/**
 * Refuses a message whose sender's domain belongs to the leg that it goes to, or whose recipient's domain belongs to the
 * leg that it came from: the first is forged, the second would come back for ever, with a fresh hop count each time
 * (RFC 7247 §8). Domains in neither list pass.
 * @param from domain of the sender
 * @param to domain of the recipient
 */
export function checkDirection(
  direction: Direction,
  from: string,
  to: string,
  map: AddressMap,
): Result<void, AddressFailure> {
  const source = direction === 'sip-to-xmpp' ? 'sip' : 'xmpp';
  const target = direction === 'sip-to-xmpp' ? 'xmpp' : 'sip';
  if (map.owner(from) === target) return wrongSide('sender', from, target, source);
  if (map.owner(to) === source) return wrongSide('recipient', to, source, source);
  return ok(undefined);
}

function wrongSide(party: Party, domain: string, owner: string, source: string) {
  const text = `the ${party}'s domain ${domain} belongs to the ${owner.toUpperCase()} side; this came from the ${source.toUpperCase()} side`;
  return { ok: false, error: { kind: 'wrong-side', party, text } } as const;
}

/**
 * A request whose Request-URI or To is a `sips` URI must not be translated (RFC 7247 §8): the promise of TLS on every hop
 * ends at the gateway. A `sips` From alone is no reason.
 * @returns the refusal, or undefined when the request may pass
 */
export function refusesSips(requestUri: Uri, to: Uri): AddressFailure | undefined {
  if (requestUri.scheme !== 'sips' && to.scheme !== 'sips') return undefined;
  const place = requestUri.scheme === 'sips' ? 'Request-URI' : 'To';
  return { kind: 'sips', party: 'recipient', text: `the ${place} is a sips URI, whose promise ends at this gateway` };
}
