import assert from 'node:assert/strict';
import { type FramerEvent, SipFramer, type StreamSide } from '../../../src/sip/message/framing.js';
import { DEFAULT_SIP_LIMITS, type SipLimits } from '../../../src/sip/message/parse.js';
import { MESSAGE, MESSAGE_LINES, messageWith, OK, wire } from './messages.js';

const FOLDED = wire(['MESSAGE sip:a@h SIP/2.0', 'content-LENGTH \t:', '  5 ', 'L-Other: 9', 'Via: x'], 'a\r\n\r\n');
const PING = Buffer.from('\r\n\r\n');
const CRLF = Buffer.from('\r\n');

/** Events as short texts: messages by their octets, so that a test sees when one is cut wrongly. */
function show(events: readonly FramerEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case 'message':
        return event.bytes.toString('latin1');
      case 'failure':
        return `failure ${event.failure.status}`;
      default:
        return event.kind;
    }
  });
}

function feed(framer: SipFramer, chunks: readonly Uint8Array[]): FramerEvent[] {
  return chunks.flatMap((chunk) => framer.push(chunk));
}

function failureOf(bytes: Uint8Array, limits: Partial<SipLimits> = {}) {
  const events = new SipFramer({ ...DEFAULT_SIP_LIMITS, ...limits }).push(bytes);
  const last = events.at(-1);
  assert.ok(last?.kind === 'failure', show(events).join());
  return last.failure;
}

describe('RFC 3261 §18.3: messages from a stream', () => {
  const stream = Buffer.concat([MESSAGE, OK, PING, FOLDED, CRLF, MESSAGE, PING, PING, OK]);
  const expected = [MESSAGE, OK, 'ping', FOLDED, MESSAGE, 'ping', 'ping', OK].map((part) =>
    typeof part === 'string' ? part : part.toString('latin1'),
  );

  it('come out whole when they come in one chunk', () => {
    assert.deepEqual(show(new SipFramer().push(stream)), expected);
  });

  it('come out whole wherever the stream is split in two', () => {
    for (let at = 0; at <= stream.length; at++) {
      const framer = new SipFramer();
      assert.deepEqual(show(feed(framer, [stream.subarray(0, at), stream.subarray(at)])), expected, `split at ${at}`);
      assert.equal(framer.pendingOctets, 0);
    }
  });

  for (const size of [1, 2, 3, 5, 7, 64, 100]) {
    it(`come out whole in chunks of ${size}`, () => {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(show(feed(new SipFramer(), chunks)), expected);
    });
  }

  it('do not change when later chunks come', () => {
    const framer = new SipFramer();
    const events = [...framer.push(MESSAGE.subarray(0, 100)), ...framer.push(MESSAGE.subarray(100))];
    const before = show(events);
    for (let i = 0; i < 50; i++) {
      framer.push(OK.subarray(0, 77));
      framer.push(OK.subarray(77));
    }
    assert.deepEqual(show(events), before);
  });

  it('come out as soon as their last octet is there', () => {
    const framer = new SipFramer();
    assert.deepEqual(framer.push(MESSAGE.subarray(0, -1)), []);
    assert.equal(framer.pendingOctets, MESSAGE.length - 1);
    assert.equal(show(framer.push(MESSAGE.subarray(-1))).length, 1);
  });

  it('cost no more when they drip in: each octet is looked at a fixed number of times', () => {
    const large = wire(
      [...MESSAGE_LINES.slice(0, -1), `X: ${'x'.repeat(15_000)}`, 'Content-Length: 45000'],
      'y'.repeat(45_000),
    );
    const framer = new SipFramer();
    let events: FramerEvent[] = [];
    const start = performance.now();
    for (let at = 0; at < large.length; at++) events = framer.push(large.subarray(at, at + 1));
    assert.equal(show(events)[0]?.length, large.length);
    // A scan of everything for every octet would take 1.8 billion steps.
    assert.ok(performance.now() - start < 1000);
  });
});

describe('RFC 5626 §4.4.1: keep-alive', () => {
  const rows: [StreamSide, string[], string[]][] = [
    ['server', ['\r\n\r\n'], ['ping']],
    ['server', ['\r', '\n', '\r', '\n'], ['ping']],
    ['server', ['\r\n', '\r\n'], ['ping']],
    ['server', ['\r\n\r\n\r\n\r\n'], ['ping', 'ping']],
    ['server', ['\r\n'], []],
    ['client', ['\r\n'], ['pong']],
    ['client', ['\r', '\n'], ['pong']],
    ['client', ['\r\n', '\r\n'], ['pong', 'pong']],
    ['client', ['\r\n\r\n'], ['ping']],
  ];
  for (const [side, chunks, events] of rows) {
    it(`${side}: ${JSON.stringify(chunks)} is ${events.join(', ') || 'nothing yet'}`, () => {
      const framer = new SipFramer(DEFAULT_SIP_LIMITS, side);
      assert.deepEqual(
        show(
          feed(
            framer,
            chunks.map((chunk) => Buffer.from(chunk)),
          ),
        ),
        events,
      );
    });
  }

  it('a CRLF before a message is passed over (RFC 3261 §7.5), and is no half of a later ping', () => {
    const framer = new SipFramer();
    assert.equal(show(feed(framer, [CRLF, OK, CRLF])).length, 1);
    assert.deepEqual(show(framer.push(CRLF)), ['ping']);
  });

  it('a client sees the pong between responses', () => {
    const framer = new SipFramer(DEFAULT_SIP_LIMITS, 'client');
    assert.deepEqual(
      show(feed(framer, [OK, CRLF, OK])).map((event) => event.slice(0, 7)),
      ['SIP/2.0', 'pong', 'SIP/2.0'],
    );
  });
});

describe('a stream that cannot be followed', () => {
  const rows: [what: string, bytes: Buffer, status: number, answerable: boolean][] = [
    ['no Content-Length (RFC 3261 §20.14)', messageWith('Content-Length', undefined), 400, true],
    ['a Content-Length that is no number', messageWith('Content-Length', 'Content-Length: x'), 400, true],
    ['a negative Content-Length', messageWith('Content-Length', 'l: -999'), 400, true],
    ['an empty Content-Length', messageWith('Content-Length', 'l:'), 400, true],
    ['two values of Content-Length', messageWith('Content-Length', 'l: 5\r\nContent-Length: 6'), 400, true],
    ['a response without Content-Length', Buffer.from(OK.toString().replace('Content-Length: 0\r\n', '')), 400, false],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 400, false],
    ['TLS', Buffer.from([0x16, 0x03, 0x01]), 400, false],
    ['NUL', Buffer.from([0]), 400, false],
    ['a blank', Buffer.from(' MESSAGE'), 400, false],
    ['bare LF', Buffer.from('MESSAGE sip:a@h SIP/2.0\nVia: x\n\n'), 400, false],
    ['a lone CR', Buffer.from('\rM'), 400, false],
  ];
  for (const [what, bytes, status, answerable] of rows) {
    it(`${what} is ${status}${answerable ? ', and can be answered' : ''}`, () => {
      const failure = failureOf(bytes);
      assert.equal(failure.status, status);
      assert.equal(failure.answerable !== undefined, answerable);
    });
  }

  it('the same Content-Length twice can be followed; parsing refuses it', () => {
    assert.equal(
      show(new SipFramer().push(messageWith('Content-Length', 'l: 44\r\nContent-Length: 44')))[0]?.endsWith('dislike.'),
      true,
    );
  });

  it('what came whole before the failure is given first', () => {
    const events = new SipFramer().push(Buffer.concat([MESSAGE, Buffer.from('hello\r\n'), MESSAGE]));
    assert.deepEqual(
      events.map((event) => event.kind),
      ['message', 'failure'],
    );
  });

  it('nothing is read after the failure', () => {
    const framer = new SipFramer();
    framer.push(Buffer.from('hello\r\n'));
    assert.deepEqual(framer.push(MESSAGE), []);
    assert.equal(framer.pendingOctets, 0);
  });

  for (const [limit, at, above, status] of [
    ['maxMessageOctets', MESSAGE.length, MESSAGE.length - 1, 513],
    ['maxHeaderOctets', MESSAGE.length - 44, MESSAGE.length - 45, 513],
    ['maxBodyOctets', 44, 43, 413],
  ] as const) {
    it(`${limit}: more is ${status}`, () => {
      assert.equal(show(new SipFramer({ ...DEFAULT_SIP_LIMITS, [limit]: at }).push(MESSAGE)).length, 1);
      assert.equal(failureOf(MESSAGE, { [limit]: above }).status, status);
    });
  }

  it('a body too large is refused before it comes, and can be answered', () => {
    const head = messageWith('Content-Length', 'Content-Length: 4000000000').subarray(0, -44);
    const failure = failureOf(head);
    assert.equal(failure.status, 413);
    assert.equal(failure.answerable?.callId, '9E97FB43-85F4-4A00-8751-1124FD4C7B2E');
  });

  it('headers without end are refused at maxHeaderOctets, and memory stays bounded', () => {
    const framer = new SipFramer();
    const start = wire(MESSAGE_LINES).subarray(0, -2);
    let events = framer.push(start);
    let octets = start.length;
    while (events.length === 0 && octets < 100_000) {
      events = framer.push(Buffer.from('X: 123456789012345678901234567890\r\n'));
      octets += 35;
      assert.ok(framer.pendingOctets <= DEFAULT_SIP_LIMITS.maxHeaderOctets);
    }
    const [event] = events;
    assert.ok(event?.kind === 'failure');
    assert.equal(event.failure.status, 513);
    assert.equal(event.failure.answerable?.method, 'MESSAGE');
  });

  it('a start line without end is refused too', () => {
    const framer = new SipFramer();
    let events: FramerEvent[] = [];
    for (let i = 0; i < 1000 && events.length === 0; i++) events = framer.push(Buffer.alloc(100, 'M'));
    assert.deepEqual(show(events), ['failure 513']);
  });
});
