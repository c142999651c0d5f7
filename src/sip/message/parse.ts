/** From the octets of one message to a request or a response (RFC 3261 §7, §18.3). */
import { err, ok, type Result } from '../../base/result.js';
import { excerpt, isBlankCode, isToken, isTokenCode, readNumber, skipBlanks, trimBlanksBefore } from './characters.js';
import { headerKey, isListHeader, knownHeaderKey } from './header-name.js';
import { DEFAULT_SIP_LIMITS, type SipLimits } from './limits.js';
import { nextComma } from './list.js';
import { HeaderFields, SipRequest, SipResponse } from './message.js';
import { type ParseFailure, parseFailure } from './parse-failure.js';
import { Uri } from './uri.js';
import { validate } from './validate.js';

export { DEFAULT_SIP_LIMITS, type SipLimits } from './limits.js';
export type { ParseFailure } from './parse-failure.js';

/** Octets of a start line or header line shown in no failure; failures name the header alone. */
type Failure = { readonly status: number; readonly text: string };

/**
 * Parses one complete message: a datagram, or one framed from a stream. What it returns passed `validate`. The body is a
 * view on `bytes`, not a copy. Header text that is not UTF-8 is read with U+FFFD in place of the wrong octets.
 */
export function parseSip(
  bytes: Uint8Array,
  limits: SipLimits = DEFAULT_SIP_LIMITS,
): Result<SipRequest | SipResponse, ParseFailure> {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  // RFC 3261 §7.5: CRLFs before the start line are passed over.
  while (buffer[start] === 0x0d && buffer[start + 1] === 0x0a) start += 2;
  const blank = buffer.indexOf('\r\n\r\n', start, 'latin1');
  const headEnd = blank < 0 ? buffer.length : blank + 4;
  if (headEnd - start > limits.maxHeaderOctets) {
    const head = buffer.toString('utf8', start, start + limits.maxHeaderOctets);
    const text = `start line and headers are larger than ${limits.maxHeaderOctets} octets`;
    return err(parseFailure(513, text, head.slice(0, head.lastIndexOf('\r\n'))));
  }
  const head = buffer.toString('utf8', start, headEnd);
  if (buffer.length - start > limits.maxMessageOctets) {
    return err(parseFailure(513, `the message is larger than ${limits.maxMessageOctets} octets`, head));
  }
  if (blank < 0) return err(parseFailure(400, 'no blank line ends the headers', head));
  const message = parseMessage(head, buffer, headEnd, limits);
  if (message instanceof SipRequest || message instanceof SipResponse) return ok(message);
  return err(parseFailure(message.status, message.text, head));
}

function parseMessage(
  head: string,
  buffer: Buffer,
  bodyStart: number,
  limits: SipLimits,
): SipRequest | SipResponse | Failure {
  const startLineEnd = endOfLine(head, 0);
  if (startLineEnd < 0) return { status: 400, text: 'CR or LF stands alone in the start line' };
  const start = parseStartLine(head, startLineEnd, limits);
  if ('text' in start) return start;
  const headers = parseHeaders(head, startLineEnd + 2, limits);
  if ('text' in headers) return headers;
  const body = readBody(headers, buffer, bodyStart, limits);
  if ('text' in body) return body;
  const message =
    start.kind === 'request'
      ? new SipRequest(start.method, start.uri, headers, body)
      : new SipResponse(start.status, start.reason, headers, body);
  const fault = validate(message);
  return fault === undefined ? message : { status: 400, text: fault };
}

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: Uri }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

function parseStartLine(head: string, end: number, limits: SipLimits): StartLine | Failure {
  return isResponseLine(head) ? parseStatusLine(head, end) : parseRequestLine(head, end, limits);
}

function isResponseLine(head: string): boolean {
  return head.charCodeAt(3) === 0x2f && head.slice(0, 3).toUpperCase() === 'SIP';
}

/** RFC 3261 §7.1: Method SP Request-URI SP SIP-Version, with one space each. */
function parseRequestLine(head: string, end: number, limits: SipLimits): StartLine | Failure {
  let methodEnd = 0;
  while (isTokenCode(head.charCodeAt(methodEnd))) methodEnd++;
  const uriEnd = head.lastIndexOf(' ', end);
  if (methodEnd === 0 || head.charCodeAt(methodEnd) !== 0x20 || uriEnd <= methodEnd) {
    return { status: 400, text: 'the start line is neither a request line nor a status line' };
  }
  const version = head.slice(uriEnd + 1, end);
  if (version !== 'SIP/2.0' && version.toUpperCase() !== 'SIP/2.0') return refuseVersion(version);
  if (uriEnd - methodEnd - 1 > limits.maxUriOctets) {
    return { status: 414, text: `the Request-URI is longer than ${limits.maxUriOctets} octets` };
  }
  const uri = Uri.parse(head.slice(methodEnd + 1, uriEnd));
  if (!uri.ok) return { status: 400, text: `the Request-URI is malformed: ${uri.error}` };
  return { kind: 'request', method: head.slice(0, methodEnd), uri: uri.value };
}

/** RFC 3261 §21.5.6: 505 for another version of SIP; what is no SIP at all is malformed. */
function refuseVersion(version: string): Failure {
  if (/^sip\/[0-9]{1,9}\.[0-9]{1,9}$/i.test(version)) return { status: 505, text: 'the version is not SIP/2.0' };
  return { status: 400, text: 'the request line does not end with SIP/2.0' };
}

/** RFC 3261 §7.2: SIP-Version SP Status-Code SP Reason-Phrase. */
function parseStatusLine(head: string, end: number): StartLine | Failure {
  if (!head.startsWith('SIP/2.0 ') && head.slice(0, 8).toUpperCase() !== 'SIP/2.0 ') {
    return { status: 505, text: 'the version is not SIP/2.0' };
  }
  const status = end < 11 ? -1 : readNumber(head, 8, 11, 699);
  if (status < 100) return { status: 400, text: 'the status code is no number from 100 to 699' };
  // COMPAT: some peers leave out the space together with an empty reason phrase.
  if (end === 11) return { kind: 'response', status, reason: '' };
  if (head.charCodeAt(11) !== 0x20) return { status: 400, text: 'no space follows the status code' };
  return { kind: 'response', status, reason: head.slice(12, end) };
}

/** Header lines from `pos` to the blank line that ends `head`. */
function parseHeaders(head: string, pos: number, limits: SipLimits): HeaderFields | Failure {
  const names: string[] = [];
  const keys: string[] = [];
  const values: string[] = [];
  const end = head.length - 2;
  let longestList = 0;
  while (pos < end) {
    if (names.length >= limits.maxHeaderCount) {
      return { status: 400, text: `more than ${limits.maxHeaderCount} header lines` };
    }
    let lineEnd = endOfLine(head, pos);
    const colon = head.indexOf(':', pos);
    if (lineEnd < 0) return { status: 400, text: 'CR or LF stands alone in the headers' };
    if (colon < 0 || colon > lineEnd) return { status: 400, text: 'a header line has no colon' };
    const name = head.slice(pos, trimBlanksBefore(head, pos, colon));
    const key = knownHeaderKey(name) ?? (isToken(name) ? headerKey(name) : undefined);
    if (key === undefined) return { status: 400, text: 'a header name is no token' };
    const valueStart = skipBlanks(head, colon + 1, lineEnd);
    let value = head.slice(valueStart, trimBlanksBefore(head, valueStart, lineEnd));
    pos = lineEnd + 2;
    if (isBlankCode(head.charCodeAt(pos))) {
      const pieces = value === '' ? [] : [value];
      while (pos < end && isBlankCode(head.charCodeAt(pos))) {
        lineEnd = endOfLine(head, pos);
        if (lineEnd < 0) return { status: 400, text: 'CR or LF stands alone in the headers' };
        const from = skipBlanks(head, pos, lineEnd);
        if (from < lineEnd) pieces.push(head.slice(from, trimBlanksBefore(head, from, lineEnd)));
        pos = lineEnd + 2;
      }
      // RFC 3261 §7.3.1: a fold is one space.
      value = pieces.join(' ');
    }
    if (value.length > longestList && isListHeader(key)) longestList = value.length;
    names.push(name);
    keys.push(key);
    values.push(value);
  }
  if (longestList > limits.maxHeaderValues || names.length > limits.maxHeaderValues) {
    const crowded = crowdedHeader(keys, values, limits.maxHeaderValues);
    if (crowded !== undefined) {
      return { status: 400, text: `${excerpt(names[crowded]!)} has more than ${limits.maxHeaderValues} values` };
    }
  }
  return HeaderFields.ofParsed({ names, keys, values });
}

/** The position of the CRLF that ends the line at `pos`; -1 when CR or LF comes first alone. */
function endOfLine(head: string, pos: number): number {
  const lineFeed = head.indexOf('\n', pos);
  const carriageReturn = head.indexOf('\r', pos);
  return carriageReturn >= 0 && lineFeed === carriageReturn + 1 ? carriageReturn : -1;
}

/** The index of a line with which a list header passes `max` values. */
function crowdedHeader(keys: readonly string[], values: readonly string[], max: number): number | undefined {
  const counts = new Map<string, number>();
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (!isListHeader(key)) continue;
    let count = (counts.get(key) ?? 0) + 1;
    const value = values[i]!;
    for (let comma = nextComma(value, 0); comma >= 0 && count <= max; comma = nextComma(value, comma + 1)) count++;
    if (count > max) return i;
    counts.set(key, count);
  }
  return undefined;
}

/** RFC 3261 §18.3: Content-Length bounds the body; in a datagram without it the body is the rest. */
function readBody(headers: HeaderFields, buffer: Buffer, start: number, limits: SipLimits): Uint8Array | Failure {
  const text = headers.firstLine('content-length');
  let length = buffer.length - start;
  if (text !== undefined) {
    const announced = readNumber(text, 0, text.length, Number.MAX_SAFE_INTEGER);
    if (announced < 0) return { status: 400, text: 'Content-Length is malformed: it is no number' };
    if (announced > limits.maxBodyOctets) return refuseBody(limits);
    if (announced > length) return { status: 400, text: 'the body is shorter than Content-Length tells' };
    length = announced;
  }
  return length > limits.maxBodyOctets ? refuseBody(limits) : buffer.subarray(start, start + length);
}

function refuseBody(limits: SipLimits): Failure {
  return { status: 413, text: `the body is larger than ${limits.maxBodyOctets} octets` };
}
