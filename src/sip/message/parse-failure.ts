/** What is told about a message that cannot be read, and whether it can be answered (RFC 3261 §8.2.6, §16.3). */
import { isToken } from './characters.js';
import { headerKey } from './header-name.js';
import { HeaderFields, SipRequest } from './message.js';
import { Uri } from './uri.js';

export interface ParseFailure {
  /** 400, 413, 414, 505 or 513. */
  readonly status: number;
  /** What was found and what was expected; fits a reason phrase. */
  readonly text: string;
  /**
   * The request as far as it could be read, when its Via, From, To, Call-ID and CSeq suffice to answer it. Its Request-URI is
   * `invalid:` when that could not be read. Never an ACK, which has no answer.
   */
  readonly answerable?: SipRequest;
}

const UNREADABLE_URI = Uri.build({ scheme: 'invalid', host: '' });
/** Lines looked at in search of what an answer needs. */
const MAX_LINES = 256;

/** A failure about the message whose start line and headers, or the first part of them, are `head`. */
export function parseFailure(status: number, text: string, head: string): ParseFailure {
  const answerable = salvage(head);
  return answerable === undefined ? { status, text } : { status, text, answerable };
}

/** Reads what an answer needs from a head in which something is wrong, line by line, passing over what it cannot read. */
function salvage(head: string): SipRequest | undefined {
  const lines = head.replace(/^[\r\n]+/, '').split('\r\n', MAX_LINES);
  const [method, uriText] = (lines[0] ?? '').split(' ', 2);
  if (method === undefined || !isToken(method) || method === 'ACK') return undefined;
  const headers = new HeaderFields();
  for (let i = 1; i < lines.length; i++) {
    let line = lines[i]!;
    if (line === '') break;
    while (/^[ \t]/.test(lines[i + 1] ?? '')) line += ` ${lines[++i]!.trim()}`;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd();
    const value = line.slice(colon + 1).trim();
    if (ANSWER_NEEDS.includes(headerKey(name)) && !/[\r\n]/.test(value)) headers.add(name, value);
  }
  const uri = Uri.parse(uriText ?? '');
  const request = new SipRequest(method, uri.ok ? uri.value : UNREADABLE_URI, headers);
  return ANSWER_NEEDS.every((key) => headers.has(key)) && request.fault('top Via') === undefined ? request : undefined;
}

const ANSWER_NEEDS = ['via', 'from', 'to', 'call-id', 'cseq'];
