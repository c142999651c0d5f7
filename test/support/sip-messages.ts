import { HeaderFields, responseTo, SipRequest, SipResponse } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import { Uri } from '../../src/sip/message/uri.js';

/** A URI that a test wrote itself. */
export function uri(text: string): Uri {
  const parsed = Uri.parse(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export interface RequestParts {
  readonly method?: string;
  readonly requestUri?: string;
  readonly via?: string;
  readonly branch?: string;
  readonly from?: string;
  readonly fromTag?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** A request that is valid unless `parts` make it otherwise. */
export function request(parts: RequestParts = {}): SipRequest {
  const { method = 'MESSAGE', branch = 'z9hG4bK-1', fromTag = 'a' } = parts;
  const headers = new HeaderFields([
    ['Via', parts.via ?? `SIP/2.0/UDP 192.0.2.1:5060;branch=${branch}`],
    ['Max-Forwards', '70'],
    ['From', `${parts.from ?? '<sip:romeo@example.net>'}${fromTag === '' ? '' : `;tag=${fromTag}`}`],
    ['To', parts.to ?? '<sip:juliet@example.com>'],
    ['Call-ID', parts.callId ?? 'call-1'],
    ['CSeq', `${parts.cseq ?? 1} ${method}`],
  ]);
  for (const [name, value] of parts.headers ?? []) headers.set(name, value);
  return new SipRequest(
    method,
    uri(parts.requestUri ?? 'sip:juliet@example.com'),
    headers,
    Buffer.from(parts.body ?? ''),
  );
}

/** A response of a peer to `to`. */
export function response(to: SipRequest, status: number): SipResponse {
  return responseTo(to, status, { toTag: 'b' });
}

/** Octets back as what they say; throws when they are no SIP message. */
export function read(octets: Uint8Array | string): SipRequest | SipResponse {
  const parsed = parseSip(Buffer.from(octets as Uint8Array));
  if (!parsed.ok) throw new Error(`${parsed.error.status} ${parsed.error.text}`);
  return parsed.value;
}

export function readResponse(octets: Uint8Array | string): SipResponse {
  const message = read(octets);
  if (!(message instanceof SipResponse)) throw new Error('a request where a response was expected');
  return message;
}
