/** A MESSAGE request as it goes out (RFC 3261 §8.1.1, RFC 3428 §4). */
import type { HeaderLine } from '../auth/digest-client.js';
import type { OutgoingMessage } from '../engine.js';
import { HeaderFields, SipRequest } from '../message/message.js';
import type { Uri } from '../message/uri.js';

/** What the engine adds to a message for one hop. */
export interface RequestFrame {
  /** As Via spells it. */
  readonly transport: 'UDP' | 'TCP';
  /** host:port. */
  readonly sentBy: string;
  readonly branch: string;
  readonly fromTag: string;
  readonly callId: string;
  readonly cseq: number;
  readonly requestUri: Uri;
  /** Values of Route, the nearest first. */
  readonly routes?: readonly string[];
  /** Answers to challenges: Authorization or Proxy-Authorization lines. */
  readonly credentials?: readonly HeaderLine[];
}

/** RFC 3261 §8.1.1.6. */
const MAX_FORWARDS = 70;

/** The request for one hop. No Contact: a MESSAGE creates no dialog (RFC 3428 §4). */
export function buildMessage(message: OutgoingMessage, frame: RequestFrame): SipRequest {
  const headers = new HeaderFields();
  const rport = frame.transport === 'UDP' ? ';rport' : ''; // RFC 3581 §3
  headers.add('Via', `SIP/2.0/${frame.transport} ${frame.sentBy};branch=${frame.branch}${rport}`);
  headers.add('Max-Forwards', String(message.maxForwards ?? MAX_FORWARDS));
  for (const route of frame.routes ?? []) headers.add('Route', route);
  headers.add('From', `<${message.from}>;tag=${frame.fromTag}`);
  headers.add('To', `<${message.to}>`);
  headers.add('Call-ID', frame.callId);
  headers.add('CSeq', `${frame.cseq} MESSAGE`);
  for (const [name, value] of frame.credentials ?? []) headers.add(name, value);
  headers.add('User-Agent', 'Verona');
  for (const [name, value] of message.headers) headers.add(name, value);
  if (message.contentType !== undefined) headers.add('Content-Type', message.contentType);
  return new SipRequest('MESSAGE', frame.requestUri, headers, message.body);
}
