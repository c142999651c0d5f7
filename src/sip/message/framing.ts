/** Cutting a byte stream into SIP messages by Content-Length (RFC 3261 §18.3), with keep-alives (RFC 5626 §4.4.1). */
import { readNumber, skipBlanks, trimBlanksBefore } from './characters.js';
import { DEFAULT_SIP_LIMITS, type SipLimits } from './limits.js';
import { type ParseFailure, parseFailure } from './parse-failure.js';

export type FramerEvent =
  /** One whole message, start line to the end of its body. */
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** A double CRLF: the client asks for a sign of life; answer one CRLF. */
  | { readonly kind: 'ping' }
  /** A single CRLF: the server's answer to our ping. */
  | { readonly kind: 'pong' }
  /** The stream cannot be followed any further: answer if possible, then close. Nothing comes after it. */
  | { readonly kind: 'failure'; readonly failure: ParseFailure };

/** Which end of the connection this is: the one that accepted it ('server'), or the one that opened it ('client'). */
export type StreamSide = 'server' | 'client';

const CR = 0x0d;
const LF = 0x0a;

/**
 * Cuts one stream. Memory is bounded by one message of the largest size; each octet is looked at a fixed number of times
 * however small the chunks. On the server side a CRLF is half a ping until its second half comes; on the client side a CRLF
 * at the end of a chunk is a pong at once.
 */
export class SipFramer {
  readonly #limits: SipLimits;
  readonly #side: StreamSide;
  /** Octets of an unfinished message: #store from #start to #end. */
  #store: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Octets from #start on in which no blank line ends. */
  #scanned = 0;
  /** Whether the start line of the unfinished message was looked at. */
  #startLineSeen = false;
  /** Octets of the unfinished message, once its headers are known; 0 before. */
  #messageLength = 0;
  /** A CRLF came that may be half a ping. */
  #halfPing = false;
  #failed = false;

  constructor(limits: SipLimits = DEFAULT_SIP_LIMITS, side: StreamSide = 'server') {
    this.#limits = limits;
    this.#side = side;
  }

  /** Octets that wait for the rest of their message. */
  get pendingOctets(): number {
    return this.#end - this.#start;
  }

  /** Feeds the next octets of the stream, which must not be changed later; after a failure nothing is read any more. */
  push(chunk: Uint8Array): FramerEvent[] {
    const events: FramerEvent[] = [];
    if (this.#failed || chunk.length === 0) return events;
    if (this.#start === this.#end) {
      this.#store = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#start = 0;
      this.#end = chunk.length;
      this.#drain(events, false);
      this.#keepRest(chunk);
    } else {
      this.#append(chunk);
      this.#drain(events, true);
    }
    return events;
  }

  #drain(events: FramerEvent[], owned: boolean): void {
    while (this.#start < this.#end && !this.#failed) {
      if (this.#messageLength === 0 && this.#scanned === 0 && this.#store[this.#start] === CR) {
        if (!this.#readCrlf(events)) return;
      } else {
        this.#halfPing = false;
        if (this.#messageLength === 0 && !this.#readHead(events)) return;
        if (this.#end - this.#start < this.#messageLength) return;
        const bytes = this.#store.subarray(this.#start, this.#start + this.#messageLength);
        // What stays in our own store is overwritten later.
        events.push({ kind: 'message', bytes: owned ? Buffer.from(bytes) : bytes });
        this.#consume(this.#messageLength);
      }
    }
  }

  /** CRLF between messages (RFC 5626 §4.4.1, RFC 3261 §7.5); false when more octets are needed. */
  #readCrlf(events: FramerEvent[]): boolean {
    if (this.#end - this.#start < 2) return false;
    if (this.#store[this.#start + 1] !== LF) {
      this.#fail(events, 400, 'CR stands alone between messages');
      return false;
    }
    this.#consume(2);
    if (this.#halfPing) {
      this.#halfPing = false;
      events.push({ kind: 'ping' });
    } else if (this.#side === 'client' && this.#start === this.#end) {
      events.push({ kind: 'pong' });
    } else {
      this.#halfPing = true;
    }
    return true;
  }

  /** Looks for the blank line; true when the length of the message is known. */
  #readHead(events: FramerEvent[]): boolean {
    if (!this.#startLineSeen && !this.#checkStart(events)) return false;
    // The blank line may have begun in the octets scanned before.
    const from = this.#start + Math.max(0, this.#scanned - 3);
    const blank = this.#store.subarray(0, this.#end).indexOf('\r\n\r\n', from, 'latin1');
    const headLength = blank < 0 ? this.#end - this.#start : blank + 4 - this.#start;
    if (headLength > this.#limits.maxHeaderOctets) {
      const limit = this.#limits.maxHeaderOctets;
      this.#fail(events, 513, `start line and headers are larger than ${limit} octets`, limit);
      return false;
    }
    if (blank < 0) {
      this.#scanned = headLength;
      return false;
    }
    const head = this.#store.toString('latin1', this.#start, this.#start + headLength);
    const bodyLength = contentLength(head);
    if (typeof bodyLength === 'string') {
      this.#fail(events, 400, bodyLength, headLength);
      return false;
    }
    if (bodyLength > this.#limits.maxBodyOctets) {
      this.#fail(events, 413, `the body is larger than ${this.#limits.maxBodyOctets} octets`, headLength);
      return false;
    }
    if (headLength + bodyLength > this.#limits.maxMessageOctets) {
      this.#fail(events, 513, `the message is larger than ${this.#limits.maxMessageOctets} octets`, headLength);
      return false;
    }
    this.#messageLength = headLength + bodyLength;
    return true;
  }

  /** Finds garbage (another protocol on our port) before it fills the buffer; false when it did. */
  #checkStart(events: FramerEvent[]): boolean {
    const first = this.#store[this.#start]!;
    if (first <= 0x20 || first >= 0x7f) {
      this.#fail(events, 400, 'the stream does not carry SIP');
      return false;
    }
    const from = this.#start + Math.max(0, this.#scanned - 1);
    const lineFeed = this.#store.subarray(0, this.#end).indexOf(LF, from);
    if (lineFeed < 0) return true;
    this.#startLineSeen = true;
    if (lineFeed - this.#start > this.#limits.maxHeaderOctets) return true;
    const line = this.#store.toString('latin1', this.#start, lineFeed + 1);
    if (isSipStartLine(line)) return true;
    this.#fail(events, 400, 'the stream does not carry SIP');
    return false;
  }

  #fail(events: FramerEvent[], status: number, text: string, headLength = 0): void {
    let head = this.#store.toString('utf8', this.#start, this.#start + headLength);
    if (!head.endsWith('\r\n')) head = head.slice(0, Math.max(0, head.lastIndexOf('\r\n')));
    this.#failed = true;
    events.push({ kind: 'failure', failure: parseFailure(status, text, head) });
    this.#store = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
  }

  #consume(octets: number): void {
    this.#start += octets;
    this.#scanned = 0;
    this.#startLineSeen = false;
    this.#messageLength = 0;
  }

  /** Copies what is left of a chunk that is not ours into a store of our own. */
  #keepRest(chunk: Uint8Array): void {
    const rest = this.#end - this.#start;
    const store = rest === 0 ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(this.#capacity(rest));
    store.set(chunk.subarray(chunk.length - rest));
    this.#store = store;
    this.#start = 0;
    this.#end = rest;
  }

  #append(chunk: Uint8Array): void {
    const pending = this.#end - this.#start;
    const needed = pending + chunk.length;
    if (this.#end + chunk.length > this.#store.length) {
      const store = needed <= this.#store.length / 2 ? this.#store : Buffer.allocUnsafeSlow(this.#capacity(needed));
      this.#store.copy(store, 0, this.#start, this.#end);
      this.#store = store;
      this.#start = 0;
      this.#end = pending;
    }
    this.#store.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Room for `needed` octets: the whole message when its length is known, else double, so that copies stay rare. */
  #capacity(needed: number): number {
    return Math.max(needed, this.#messageLength, Math.min(2 * needed, this.#limits.maxMessageOctets), 512);
  }
}

/** Whether a line that ends with LF can begin a SIP message, of whatever version. */
function isSipStartLine(line: string): boolean {
  if (!line.endsWith('\r\n')) return false;
  if (line.slice(0, 4).toUpperCase() === 'SIP/') return true;
  const version = line.lastIndexOf(' ', line.length - 3);
  return version > 0 && line.slice(version + 1, version + 5).toUpperCase() === 'SIP/';
}

/** The Content-Length of a head, in octets; or what is wrong with it, for on a stream it must be there (RFC 3261 §20.14). */
function contentLength(head: string): number | string {
  let found: number | undefined;
  let pos = head.indexOf('\n') + 1;
  while (pos < head.length) {
    const next = head.indexOf('\n', pos) + 1;
    const first = head.charCodeAt(pos) | 0x20;
    if (first === 0x63 || first === 0x6c) {
      const value = valueIfContentLength(head, pos);
      if (value !== undefined) {
        const length = readNumber(value, 0, value.length, Number.MAX_SAFE_INTEGER);
        if (length < 0) return 'Content-Length is malformed: it is no number';
        if (found !== undefined && found !== length) return 'Content-Length appears more than once';
        found = length;
      }
    }
    pos = next === 0 ? head.length : next;
  }
  return found ?? 'Content-Length is missing, which a stream needs';
}

/** The unfolded value of the header line at `pos`, when it is Content-Length in either form. */
function valueIfContentLength(head: string, pos: number): string | undefined {
  const colon = head.indexOf(':', pos);
  if (colon < 0 || colon - pos > 256) return undefined;
  const name = head.slice(pos, trimBlanksBefore(head, pos, colon)).toLowerCase();
  if (name !== 'content-length' && name !== 'l') return undefined;
  let end = head.indexOf('\r\n', colon);
  while (head.charCodeAt(end + 2) === 0x20 || head.charCodeAt(end + 2) === 0x09) end = head.indexOf('\r\n', end + 2);
  const value = head.slice(colon + 1, end).replaceAll('\r\n', ' ');
  const start = skipBlanks(value, 0);
  return value.slice(start, trimBlanksBefore(value, start, value.length));
}
