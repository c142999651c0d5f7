/** SIP requests and responses with typed, lazily parsed headers, and how they are written (RFC 3261 §7). */
import { err, ok, type Result } from '../../base/result.js';
import { isToken, isTokenCode, readNumber, skipBlanks } from './characters.js';
import { parseSipDate } from './date.js';
import { HeaderFields } from './header-fields.js';
import { nextComma, splitList } from './list.js';
import { MediaType } from './media-type.js';
import { NameAddr } from './name-addr.js';
import { reasonPhrase } from './status.js';
import type { Uri } from './uri.js';
import { Via } from './via.js';

export { HeaderFields } from './header-fields.js';
export { MediaType } from './media-type.js';

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** The headers that are read into types. */
export type TypedHeader =
  | 'Via'
  /** The first Via value alone: it suffices to answer a request. */
  | 'top Via'
  | 'From'
  | 'To'
  | 'Call-ID'
  | 'CSeq'
  | 'Max-Forwards'
  | 'Content-Type'
  | 'Content-Length'
  | 'Contact'
  | 'Route'
  | 'Record-Route';

type Outcome<T> = Result<T, string>;

/** What was read of the headers, as long as they stay unchanged. */
class TypedValues {
  topVia: Outcome<Via> | undefined;
  via: Outcome<readonly Via[]> | undefined;
  from: Outcome<NameAddr> | undefined;
  to: Outcome<NameAddr> | undefined;
  callId: Outcome<string> | undefined;
  cseq: Outcome<CSeq> | undefined;
  maxForwards: Outcome<number | undefined> | undefined;
  contentType: Outcome<MediaType | undefined> | undefined;
  contentLength: Outcome<number | undefined> | undefined;
  contacts: Outcome<readonly NameAddr[] | '*'> | undefined;
  routes: Outcome<readonly NameAddr[]> | undefined;
  recordRoutes: Outcome<readonly NameAddr[]> | undefined;
  readonly version: number;

  constructor(version: number) {
    this.version = version;
  }
}

/** RFC 3261 §8.1.1.5: below 2^31. */
const MAX_CSEQ = 0x7fffffff;
const MAX_SECONDS = 0xffffffff;
const NO_BODY = new Uint8Array(0);

/**
 * What requests and responses share. Typed headers are parsed at their first use and kept until the headers change. The
 * getters throw on a malformed header, which cannot happen in a message that `parseSip` returned.
 */
export abstract class SipMessage {
  readonly headers: HeaderFields;
  readonly body: Uint8Array;
  #typed: TypedValues | undefined;

  protected constructor(headers: HeaderFields, body: Uint8Array) {
    this.headers = headers;
    this.body = body;
  }

  get topVia(): Via {
    return expect('Via', this.#topVia());
  }

  /** At least one, the nearest hop first. */
  get vias(): readonly Via[] {
    return expect('Via', this.#vias());
  }

  get from(): NameAddr {
    return expect('From', this.#from());
  }

  get to(): NameAddr {
    return expect('To', this.#to());
  }

  get callId(): string {
    return expect('Call-ID', this.#callId());
  }

  get cseq(): CSeq {
    return expect('CSeq', this.#cseq());
  }

  get maxForwards(): number | undefined {
    return expect('Max-Forwards', this.#maxForwards());
  }

  get contentType(): MediaType | undefined {
    return expect('Content-Type', this.#contentType());
  }

  get contentLength(): number | undefined {
    return expect('Content-Length', this.#contentLength());
  }

  get contacts(): readonly NameAddr[] | '*' {
    return expect('Contact', this.#contacts());
  }

  get routes(): readonly NameAddr[] {
    return expect('Route', this.#routes());
  }

  get recordRoutes(): readonly NameAddr[] {
    return expect('Record-Route', this.#recordRoutes());
  }

  /** Seconds; more than 2^32-1 is 2^32-1; undefined when absent or malformed (RFC 3261 §10.2 leaves the default then). */
  get expires(): number | undefined {
    const text = this.headers.firstLine('expires');
    return text === undefined ? undefined : readSeconds(text);
  }

  /** Milliseconds since the Unix epoch; undefined when Date is absent or malformed. */
  get date(): number | undefined {
    const text = this.headers.firstLine('date');
    return text === undefined ? undefined : parseSipDate(text);
  }

  /** What is wrong with a header, in words without its name; undefined when it is well or, if it may be, absent. */
  fault(header: TypedHeader): string | undefined {
    const outcome = this.#outcome(header);
    return outcome.ok ? undefined : outcome.error;
  }

  #outcome(header: TypedHeader): Outcome<unknown> {
    switch (header) {
      case 'Via':
        return this.#vias();
      case 'top Via':
        return this.#topVia();
      case 'From':
        return this.#from();
      case 'To':
        return this.#to();
      case 'Call-ID':
        return this.#callId();
      case 'CSeq':
        return this.#cseq();
      case 'Max-Forwards':
        return this.#maxForwards();
      case 'Content-Type':
        return this.#contentType();
      case 'Content-Length':
        return this.#contentLength();
      case 'Contact':
        return this.#contacts();
      case 'Route':
        return this.#routes();
      case 'Record-Route':
        return this.#recordRoutes();
    }
  }

  get #values(): TypedValues {
    const version = this.headers.version;
    if (this.#typed === undefined || this.#typed.version !== version) this.#typed = new TypedValues(version);
    return this.#typed;
  }

  #topVia(): Outcome<Via> {
    const values = this.#values;
    values.topVia ??= readTopVia(this.headers);
    return values.topVia;
  }

  #vias(): Outcome<readonly Via[]> {
    const values = this.#values;
    values.via ??= readVias(this.headers, this.#topVia());
    return values.via;
  }

  #from(): Outcome<NameAddr> {
    const values = this.#values;
    values.from ??= readAddress(this.headers, 'from');
    return values.from;
  }

  #to(): Outcome<NameAddr> {
    const values = this.#values;
    values.to ??= readAddress(this.headers, 'to');
    return values.to;
  }

  #callId(): Outcome<string> {
    const values = this.#values;
    values.callId ??= readCallId(this.headers);
    return values.callId;
  }

  #cseq(): Outcome<CSeq> {
    const values = this.#values;
    values.cseq ??= readCSeq(this.headers);
    return values.cseq;
  }

  #maxForwards(): Outcome<number | undefined> {
    const values = this.#values;
    values.maxForwards ??= readOptionalNumber(this.headers, 'max-forwards', 255); // RFC 3261 §20.22
    return values.maxForwards;
  }

  #contentType(): Outcome<MediaType | undefined> {
    const values = this.#values;
    values.contentType ??= readContentType(this.headers);
    return values.contentType;
  }

  #contentLength(): Outcome<number | undefined> {
    const values = this.#values;
    values.contentLength ??= readOptionalNumber(this.headers, 'content-length', Number.MAX_SAFE_INTEGER);
    return values.contentLength;
  }

  #contacts(): Outcome<readonly NameAddr[] | '*'> {
    const values = this.#values;
    values.contacts ??= readContacts(this.headers);
    return values.contacts;
  }

  #routes(): Outcome<readonly NameAddr[]> {
    const values = this.#values;
    values.routes ??= readAddresses(this.headers, 'route');
    return values.routes;
  }

  #recordRoutes(): Outcome<readonly NameAddr[]> {
    const values = this.#values;
    values.recordRoutes ??= readAddresses(this.headers, 'record-route');
    return values.recordRoutes;
  }
}

/** A request (RFC 3261 §7.1). */
export class SipRequest extends SipMessage {
  readonly method: string;
  readonly requestUri: Uri;

  constructor(method: string, requestUri: Uri, headers: HeaderFields, body: Uint8Array = NO_BODY) {
    super(headers, body);
    this.method = method;
    this.requestUri = requestUri;
  }
}

/** A response (RFC 3261 §7.2). */
export class SipResponse extends SipMessage {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, headers: HeaderFields, body: Uint8Array = NO_BODY) {
    super(headers, body);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * The response to `request` with its Via, From, To, Call-ID and CSeq as they came (RFC 3261 §8.2.6.2), and Timestamp in a
 * 100 (§8.2.6.1). `toTag` is added unless To has a tag; `headers` follow in order; the body is empty.
 */
export function responseTo(
  request: SipRequest,
  status: number,
  options: {
    readonly reason?: string;
    readonly toTag?: string;
    readonly headers?: readonly (readonly [name: string, value: string])[];
  } = {},
): SipResponse {
  const headers = new HeaderFields();
  headers.copy(request.headers, 'via');
  headers.copy(request.headers, 'from');
  headers.copy(request.headers, 'to');
  if (options.toTag !== undefined && !hasToTag(request)) {
    headers.set('To', `${request.headers.firstLine('to') ?? ''};tag=${options.toTag}`);
  }
  headers.copy(request.headers, 'call-id');
  headers.copy(request.headers, 'cseq');
  if (status === 100) headers.copy(request.headers, 'timestamp');
  for (const [name, value] of options.headers ?? []) headers.add(name, value);
  return new SipResponse(status, options.reason ?? reasonPhrase(status), headers);
}

function hasToTag(request: SipRequest): boolean {
  return request.fault('To') === undefined && request.to.tag !== undefined;
}

/** The message as octets, with Content-Length set to the size of its body (RFC 3261 §20.14). */
export function serialize(message: SipRequest | SipResponse): Buffer {
  const body = message.body;
  const head = `${startLine(message)}\r\n${message.headers.format(body.length)}\r\n`;
  if (body.length === 0) return Buffer.from(head, 'utf8');
  const headLength = Buffer.byteLength(head, 'utf8');
  const out = Buffer.allocUnsafe(headLength + body.length);
  out.write(head, 0, 'utf8');
  out.set(body, headLength);
  return out;
}

/** What is written here stays one line: a method, reason or status that would break it is our own bug. */
function startLine(message: SipRequest | SipResponse): string {
  if (message instanceof SipRequest) {
    if (!isToken(message.method)) throw new RangeError('a method that is no token');
    return `${message.method} ${message.requestUri.toString()} SIP/2.0`;
  }
  const { status, reason } = message;
  if (reason.includes('\r') || reason.includes('\n')) throw new RangeError('CR or LF in a reason phrase');
  return `SIP/2.0 ${status} ${reason}`;
}

function expect<T>(header: string, outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${header} was read before it was validated: ${outcome.error}`);
  return outcome.value;
}

function readTopVia(headers: HeaderFields): Outcome<Via> {
  const line = headers.firstLine('via');
  if (line === undefined) return err('is missing');
  const comma = nextComma(line, 0);
  return Via.parse(comma < 0 ? line : line.slice(0, comma).trimEnd());
}

function readVias(headers: HeaderFields, top: Outcome<Via>): Outcome<readonly Via[]> {
  if (!top.ok) return top;
  const vias: Via[] = [];
  for (const line of headers.lines('via')) {
    for (const value of line.includes(',') ? splitList(line) : [line]) {
      const via = vias.length === 0 ? top : Via.parse(value);
      if (!via.ok) return via;
      vias.push(via.value);
    }
  }
  return ok(vias);
}

function readAddress(headers: HeaderFields, key: 'from' | 'to'): Outcome<NameAddr> {
  const text = headers.firstLine(key);
  return text === undefined ? err('is missing') : NameAddr.parse(text);
}

function readCallId(headers: HeaderFields): Outcome<string> {
  const text = headers.firstLine('call-id');
  if (text === undefined) return err('is missing');
  if (text === '') return err('is empty');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return err('holds a blank or a control character');
  }
  return ok(text);
}

function readCSeq(headers: HeaderFields): Outcome<CSeq> {
  const text = headers.firstLine('cseq');
  if (text === undefined) return err('is missing');
  let digitsEnd = 0;
  while (digitsEnd < text.length && text.charCodeAt(digitsEnd) !== 0x20 && text.charCodeAt(digitsEnd) !== 0x09) {
    digitsEnd++;
  }
  const number = readNumber(text, 0, digitsEnd, MAX_CSEQ);
  if (number < 0) return err('has no number below 2^31 at its start');
  const methodStart = skipBlanks(text, digitsEnd);
  for (let i = methodStart; i < text.length; i++) {
    if (!isTokenCode(text.charCodeAt(i))) return err('has a malformed method');
  }
  if (methodStart === text.length) return err('has no method');
  return ok({ number, method: text.slice(methodStart) });
}

function readOptionalNumber(headers: HeaderFields, key: string, max: number): Outcome<number | undefined> {
  const text = headers.firstLine(key);
  if (text === undefined) return ok(undefined);
  const value = readNumber(text, 0, text.length, max);
  return value < 0 ? err(`is no number from 0 to ${max}`) : ok(value);
}

function readContentType(headers: HeaderFields): Outcome<MediaType | undefined> {
  const text = headers.firstLine('content-type');
  return text === undefined ? ok(undefined) : MediaType.parse(text);
}

function readContacts(headers: HeaderFields): Outcome<readonly NameAddr[] | '*'> {
  const lines = headers.lines('contact');
  if (lines.length === 1 && lines[0] === '*') return ok('*');
  return readAddressLines(lines);
}

function readAddresses(headers: HeaderFields, key: string): Outcome<readonly NameAddr[]> {
  return readAddressLines(headers.lines(key));
}

function readAddressLines(lines: readonly string[]): Outcome<readonly NameAddr[]> {
  const out: NameAddr[] = [];
  for (const line of lines) {
    for (const value of splitList(line)) {
      const address = NameAddr.parse(value);
      if (!address.ok) return address;
      out.push(address.value);
    }
  }
  return ok(out);
}

/** delta-seconds (RFC 3261 §20.19): more than 2^32-1 is taken as that, and what is no number as undefined. */
export function readSeconds(text: string): number | undefined {
  const seconds = readNumber(text, 0, text.length, Number.POSITIVE_INFINITY);
  return seconds < 0 ? undefined : Math.min(seconds, MAX_SECONDS);
}
