import assert from 'node:assert/strict';
import { SipRequest, SipResponse, serialize } from '../../../src/sip/message/message.js';
import { DEFAULT_SIP_LIMITS, type ParseFailure, parseSip, type SipLimits } from '../../../src/sip/message/parse.js';
import { MESSAGE, MESSAGE_BODY, MESSAGE_LINES, messageAnd, messageWith, OK, OK_LINES, wire } from './messages.js';

function request(bytes: Uint8Array, limits?: SipLimits): SipRequest {
  const result = parseSip(bytes, limits);
  assert.ok(result.ok, result.ok ? '' : result.error.text);
  assert.ok(result.value instanceof SipRequest);
  return result.value;
}

function response(bytes: Uint8Array): SipResponse {
  const result = parseSip(bytes);
  assert.ok(result.ok, result.ok ? '' : result.error.text);
  assert.ok(result.value instanceof SipResponse);
  return result.value;
}

function failure(bytes: Uint8Array, limits?: Partial<SipLimits>): ParseFailure {
  const result = parseSip(bytes, { ...DEFAULT_SIP_LIMITS, ...limits });
  assert.ok(!result.ok);
  return result.error;
}

describe('RFC 3261 §7.1: a request', () => {
  it('has method, Request-URI, headers and body', () => {
    const message = request(MESSAGE);
    assert.equal(message.method, 'MESSAGE');
    assert.equal(message.requestUri.toString(), 'sip:juliet@example.com');
    assert.equal(message.topVia.branch, 'z9hG4bKeskdgs');
    assert.equal(message.from.tag, 'vwxyz');
    assert.equal(message.to.tag, undefined);
    assert.equal(message.callId, '9E97FB43-85F4-4A00-8751-1124FD4C7B2E');
    assert.deepEqual(message.cseq, { number: 1, method: 'MESSAGE' });
    assert.equal(message.maxForwards, 70);
    assert.equal(message.contentType?.essence, 'text/plain');
    assert.equal(message.contentLength, 44);
    assert.equal(Buffer.from(message.body).toString(), MESSAGE_BODY);
    assert.deepEqual(message.contacts, []);
    assert.deepEqual(message.routes, []);
    assert.equal(message.expires, undefined);
    assert.equal(message.date, undefined);
  });

  it('is written as it was read', () => {
    assert.equal(serialize(request(MESSAGE)).toString(), MESSAGE.toString());
  });

  it('may be given as a plain Uint8Array that is a part of a larger one', () => {
    const larger = new Uint8Array(MESSAGE.length + 20);
    larger.set(MESSAGE, 10);
    assert.equal(request(larger.subarray(10, 10 + MESSAGE.length)).callId, request(MESSAGE).callId);
  });

  it('may follow CRLFs (RFC 3261 §7.5)', () => {
    assert.equal(request(Buffer.concat([Buffer.from('\r\n\r\n'), MESSAGE])).method, 'MESSAGE');
  });

  it('may have no Max-Forwards, as RFC 2543 peers send it', () => {
    assert.equal(request(messageWith('Max-Forwards', undefined)).maxForwards, undefined);
  });

  it('names SIP/2.0 in any case (RFC 3261 §7.1)', () => {
    assert.equal(
      request(wire(['MESSAGE sip:juliet@example.com sip/2.0', ...MESSAGE_LINES.slice(1)], MESSAGE_BODY)).method,
      'MESSAGE',
    );
  });

  it('keeps UTF-8 in headers, and reads U+FFFD for octets that are none', () => {
    assert.equal(request(messageAnd('Subject: 大停電')).headers.get('subject'), '大停電');
    const latin1 = Buffer.from(
      messageAnd('Subject: J_rgen').toString('latin1').replace('J_rgen', 'J\xfcrgen'),
      'latin1',
    );
    assert.equal(request(latin1).headers.get('subject'), 'J\ufffdrgen');
  });
});

describe('RFC 3261 §7.2: a response', () => {
  it('has status, reason and headers', () => {
    const message = response(OK);
    assert.equal(message.status, 200);
    assert.equal(message.reason, 'OK');
    assert.equal(message.to.tag, '786');
    assert.equal(serialize(message).toString(), OK.toString());
  });

  for (const [line, status, reason] of [
    ['SIP/2.0 100 ', 100, ''],
    ['SIP/2.0 180', 180, ''],
    ['SIP/2.0 699 Какая-то причина', 699, 'Какая-то причина'],
    ['sip/2.0 200 two  spaces ', 200, 'two  spaces '],
  ] as const) {
    it(JSON.stringify(line), () => {
      const message = response(wire([line, ...OK_LINES.slice(1)]));
      assert.equal(message.status, status);
      assert.equal(message.reason, reason);
    });
  }

  for (const line of [
    'SIP/2.0 99 Low',
    'SIP/2.0 700 High',
    'SIP/2.0 4294967301 better not break the receiver',
    'SIP/2.0 2x0 OK',
    'SIP/2.0 ',
    'SIP/2.0',
    'SIP/2.0  200 OK',
    'SIP/7.0 200 OK',
    'SIP/2.0 200 OK\rSIP/2.0 200 OK',
  ]) {
    it(`${JSON.stringify(line)} is dropped: nobody answers a response`, () => {
      assert.equal(failure(wire([line, ...OK_LINES.slice(1)])).answerable, undefined);
    });
  }

  it('without a mandatory header is dropped', () => {
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
      const found = failure(wire(OK_LINES.filter((line) => !line.startsWith(`${name}:`))));
      assert.equal(found.status, 400);
      assert.equal(found.text, `${name} is missing`);
      assert.equal(found.answerable, undefined);
    }
  });
});

describe('RFC 3261 §7.3.1: header lines', () => {
  it('fold', () => {
    const message = request(messageAnd('Subject: I know', '  you are there,  ', '\tpick up', ' ', 'X:', '  y'));
    assert.equal(message.headers.get('subject'), 'I know you are there, pick up');
    assert.equal(message.headers.get('x'), 'y');
  });

  it('have blanks around the colon', () => {
    assert.equal(request(messageAnd('Subject \t :\t  x \t')).headers.get('subject'), 'x');
    assert.equal(request(messageAnd('Subject:')).headers.get('subject'), '');
  });

  it('come in compact form', () => {
    const lines = [
      'MESSAGE sip:juliet@example.com SIP/2.0',
      'v: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2',
      'v: SIP/2.0/UDP c;branch=z9hG4bK3',
      'f: <sip:romeo@example.net>;tag=1',
      't: <sip:juliet@example.com>',
      'i: x',
      'CSeq: 1 MESSAGE',
      'c: text/plain',
      'l: 2',
    ];
    const message = request(wire(lines, 'hi and more'));
    assert.deepEqual(
      message.vias.map((via) => via.host),
      ['a', 'b', 'c'],
    );
    assert.equal(message.contentType?.essence, 'text/plain');
    assert.equal(Buffer.from(message.body).toString(), 'hi');
    assert.equal(serialize(message).toString(), wire(lines, 'hi').toString());
  });

  it('keep unknown names, their order and spelling', () => {
    const message = request(messageAnd('x-OdD: 1', "extensionHeader-!.%*+_`'~: 2", 'x-odd: 3'));
    assert.deepEqual(message.headers.getAll('X-ODD'), ['1', '3']);
    assert.deepEqual([...message.headers.entries()].slice(-3), [
      ['x-OdD', '1'],
      ["extensionHeader-!.%*+_`'~", '2'],
      ['x-odd', '3'],
    ]);
  });
});

describe('RFC 3261 §20: typed headers', () => {
  it('Contact', () => {
    const message = request(messageAnd('Contact: "a, b" <sip:a@h>;q=0.7, sip:b@h;expires=60', 'm: <sip:c@h>'));
    assert.ok(message.contacts !== '*');
    assert.deepEqual(message.contacts.map(String), ['"a, b" <sip:a@h>;q=0.7', '<sip:b@h>;expires=60', '<sip:c@h>']);
    assert.equal(request(messageAnd('Contact: *')).contacts, '*');
  });

  it('Route, Record-Route', () => {
    const message = request(
      messageAnd('Route: <sip:a;lr>,<sip:b;lr>', 'Record-Route: <sip:c;lr>', 'Route: <sip:d;lr>'),
    );
    assert.deepEqual(
      message.routes.map((route) => route.uri.host),
      ['a', 'b', 'd'],
    );
    assert.deepEqual(
      message.recordRoutes.map((route) => route.uri.host),
      ['c'],
    );
  });

  for (const [line, expires] of [
    ['Expires: 60', 60],
    ['Expires: 0', 0],
    ['Expires: 0060', 60],
    ['Expires: 4294967296', 4294967295],
    [`Expires: 1${'0'.repeat(400)}`, 4294967295],
    ['Expires: -1', undefined],
    ['Expires: soon', undefined],
    ['Expires:', undefined],
  ] as const) {
    it(`${line.slice(0, 40)} is ${expires}`, () => assert.equal(request(messageAnd(line)).expires, expires));
  }

  it('Date', () => {
    assert.equal(request(messageAnd('Date: Sat, 13 Nov 2010 23:29:00 GMT')).date, Date.UTC(2010, 10, 13, 23, 29));
    assert.equal(request(messageAnd('Date: yesterday')).date, undefined);
  });

  it('are read again after a change', () => {
    const message = request(MESSAGE);
    assert.equal(message.maxForwards, 70);
    message.headers.set('Max-Forwards', '69');
    message.headers.prepend('Via', 'SIP/2.0/UDP proxy.example.com;branch=z9hG4bKp');
    assert.equal(message.maxForwards, 69);
    assert.equal(message.topVia.host, 'proxy.example.com');
    message.headers.removeFirst('Via');
    assert.equal(message.topVia.host, 's2x.example.net');
  });

  it('throw when our own code made them malformed', () => {
    const message = request(MESSAGE);
    message.headers.set('From', 'nobody');
    assert.throws(() => message.from, /From/);
  });
});

describe('RFC 3261 §18.3: the body', () => {
  it('is the rest of the datagram without Content-Length', () => {
    assert.equal(Buffer.from(request(messageWith('Content-Length', undefined)).body).toString(), MESSAGE_BODY);
  });

  it('ends where Content-Length tells; what follows is passed over', () => {
    assert.equal(Buffer.from(request(messageWith('Content-Length', 'Content-Length: 7')).body).toString(), 'Neither');
    assert.equal(request(messageWith('Content-Length', 'Content-Length: 0')).body.length, 0);
  });

  it('is octets, whatever they are', () => {
    const octets = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const bytes = Buffer.concat([wire(MESSAGE_LINES.slice(0, -1)), octets]);
    const message = request(bytes);
    assert.deepEqual(Buffer.from(message.body), octets);
    assert.deepEqual(Buffer.from(request(serialize(message)).body), octets);
  });

  it('shorter than Content-Length is 400', () => {
    const found = failure(messageWith('Content-Length', 'Content-Length: 45'));
    assert.equal(found.status, 400);
    assert.match(found.text, /Content-Length/);
    assert.equal(found.answerable?.callId, '9E97FB43-85F4-4A00-8751-1124FD4C7B2E');
  });
});

describe('RFC 3261 §8.1.1: what a request must hold', () => {
  for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
    it(`no ${name} is 400 without an answer: it could not be built`, () => {
      const found = failure(messageWith(name, undefined));
      assert.equal(found.status, 400);
      assert.equal(found.text, `${name} is missing`);
      assert.equal(found.answerable, undefined);
    });
  }

  for (const name of ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length', 'Content-Type']) {
    it(`${name} twice is 400`, () => {
      const again = MESSAGE_LINES.find((line) => line.startsWith(`${name}:`))!;
      const found = failure(messageAnd(again));
      assert.equal(found.status, 400);
      assert.equal(found.text, `${name} appears more than once`);
      assert.equal(found.answerable?.method, 'MESSAGE');
    });
  }

  const malformed: [line: string, name: string][] = [
    ['Via: SIP/2.0/UDP', 'Via'],
    ['Via: SIP/2.0/UDP a;branch=z9hG4bK1,', 'Via'],
    ['From: nobody', 'From'],
    ['From: <sip:a@h', 'From'],
    ['To: "x <sip:a@h>', 'To'],
    ['Call-ID:', 'Call-ID'],
    ['Call-ID: a b', 'Call-ID'],
    ['CSeq: MESSAGE', 'CSeq'],
    ['CSeq: 1', 'CSeq'],
    ['CSeq: 1 ', 'CSeq'],
    ['CSeq: -1 MESSAGE', 'CSeq'],
    ['CSeq: 1 MESS@GE', 'CSeq'],
    ['CSeq: 2147483648 MESSAGE', 'CSeq'],
    ['Max-Forwards: 256', 'Max-Forwards'],
    ['Max-Forwards: many', 'Max-Forwards'],
    ['Content-Type: text', 'Content-Type'],
    ['Content-Length: -1', 'Content-Length'],
    ['Content-Length: 44 44', 'Content-Length'],
  ];
  for (const [line, name] of malformed) {
    it(`${line} is 400 and named`, () => {
      const found = failure(messageWith(name, line));
      assert.equal(found.status, 400);
      assert.ok(found.text.startsWith(`${name} is malformed: `), found.text);
    });
  }

  for (const [line, name] of [
    ['Contact: <sip:a@h', 'Contact'],
    ['Contact: *, <sip:a@h>', 'Contact'],
    ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E', 'Contact'],
    ['Route: a', 'Route'],
    ['Record-Route: <sip:a;lr>,,<sip:b;lr>', 'Record-Route'],
  ] as const) {
    it(`${line} is 400 and named`, () => {
      const found = failure(messageAnd(line));
      assert.equal(found.status, 400);
      assert.ok(found.text.startsWith(`${name} is malformed: `), found.text);
      assert.equal(found.answerable?.method, 'MESSAGE');
    });
  }

  it('CSeq below 2^31 is well (RFC 3261 §8.1.1.5)', () => {
    assert.equal(request(messageWith('CSeq', 'CSeq: 2147483647  MESSAGE')).cseq.number, 2147483647);
  });

  it('CSeq of another method is 400', () => {
    const found = failure(messageWith('CSeq', 'CSeq: 1 INVITE'));
    assert.equal(found.status, 400);
    assert.equal(found.text, 'CSeq names INVITE in a MESSAGE request');
  });
});

describe('what is no SIP message', () => {
  for (const bytes of [
    '',
    '\r\n\r\n',
    'x',
    'hello\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\u0000\u0001\u0002',
    ':\r\n\r\n',
  ]) {
    it(JSON.stringify(bytes), () => {
      const found = failure(Buffer.from(bytes));
      assert.equal(found.status, 400);
      assert.equal(found.answerable, undefined);
    });
  }

  for (const [what, from, to] of [
    ['a bare LF', 'Max-Forwards: 70\r\n', 'Max-Forwards: 70\n'],
    ['a bare CR', 'Max-Forwards: 70\r\n', 'Max-Forwards: 70\r'],
    ['CR before CRLF', 'Max-Forwards: 70\r\n', 'Max-Forwards: 70\r\r\n'],
    ['a line without colon', 'Max-Forwards: 70', 'Max-Forwards 70'],
    ['a header name with a blank', 'Max-Forwards: 70', 'Max Forwards: 70'],
    ['an empty header name', 'Max-Forwards: 70', ': 70'],
    ['a fold in the start line', 'example.com SIP/2.0', 'example.com\r\n SIP/2.0'],
    ['a blank before the first header name', 'Via: ', ' Via: '],
    ['a bare LF in the start line', 'SIP/2.0\r\n', 'SIP/2.0\n'],
    ['no blank line', '\r\n\r\n', '\r\n'],
  ] as const) {
    it(`${what} is 400`, () => {
      const text = MESSAGE.toString();
      assert.ok(text.includes(from));
      assert.equal(failure(Buffer.from(text.replace(from, to))).status, 400);
    });
  }
});

describe('a request line that cannot be read', () => {
  const withLine = (line: string) => wire([line, ...MESSAGE_LINES.slice(1)], MESSAGE_BODY);
  for (const [line, status] of [
    ['MESSAGE <sip:juliet@example.com> SIP/2.0', 400],
    ['MESSAGE sip:juliet@example.com; lr SIP/2.0', 400],
    ['MESSAGE  sip:juliet@example.com SIP/2.0', 400],
    ['MESSAGE sip:juliet@example.com  SIP/2.0', 400],
    ['MESSAGE sip:juliet@example.com SIP/2.0  ', 400],
    ['MESSAGE sip:a@b@example.com SIP/2.0', 400],
    ['MESSAGE SIP/2.0', 400],
    ['MESSAGE  SIP/2.0', 400],
    ['MESSAGE sip:juliet@example.com', 400],
    ['MESSAGE sip:juliet@example.com HTTP/1.1', 400],
    ['MESSAGE sip:juliet@example.com SIP/7.0', 505],
    ['MESSAGE sip:juliet@example.com SIP/2.1', 505],
  ] as const) {
    it(`${JSON.stringify(line)} is ${status}, and can be answered`, () => {
      const found = failure(withLine(line));
      assert.equal(found.status, status);
      assert.equal(found.answerable?.topVia.branch, 'z9hG4bKeskdgs');
      assert.equal(found.answerable?.headers.get('Call-ID'), '9E97FB43-85F4-4A00-8751-1124FD4C7B2E');
    });
  }

  it('with a malformed Via behind a well one can be answered', () => {
    const found = failure(messageWith('Via', 'Via: SIP/2.0/UDP a;branch=z9hG4bK1, nonsense'));
    assert.equal(found.status, 400);
    assert.equal(found.answerable?.topVia.host, 'a');
    assert.throws(() => found.answerable?.vias, /Via/);
  });

  it('with headers in its Request-URI is 400 (RFC 3261 §19.1.1)', () => {
    const found = failure(withLine('MESSAGE sip:a@b?Route=%3Csip:c%3E SIP/2.0'));
    assert.equal(found.text, 'the Request-URI has headers');
  });

  it('of an ACK is never answered', () => {
    const found = failure(withLine('ACK sip:a@b@example.com SIP/2.0'));
    assert.equal(found.answerable, undefined);
  });

  it('keeps a Request-URI that can be read, and says "invalid:" for one that cannot', () => {
    assert.equal(failure(withLine('MESSAGE sip:a@b SIP/7.0')).answerable?.requestUri.toString(), 'sip:a@b');
    assert.equal(failure(withLine('MESSAGE <sip:a@b> SIP/2.0')).answerable?.requestUri.toString(), 'invalid:');
  });

  it('with an unknown scheme is well: the user agent core answers 416 (RFC 3261 §8.2.2.1)', () => {
    assert.equal(
      request(withLine('MESSAGE nobodyKnowsThisScheme:x SIP/2.0')).requestUri.scheme,
      'nobodyknowsthisscheme',
    );
  });
});

describe('limits', () => {
  for (const [limit, at, above, status] of [
    ['maxMessageOctets', MESSAGE.length, MESSAGE.length - 1, 513],
    ['maxHeaderOctets', MESSAGE.length - MESSAGE_BODY.length, MESSAGE.length - MESSAGE_BODY.length - 1, 513],
    ['maxBodyOctets', 44, 43, 413],
    ['maxUriOctets', 22, 21, 414],
    ['maxHeaderCount', 8, 7, 400],
  ] as const) {
    it(`${limit}: more is ${status}`, () => {
      request(MESSAGE, { ...DEFAULT_SIP_LIMITS, [limit]: at });
      const found = failure(MESSAGE, { [limit]: above });
      assert.equal(found.status, status);
      // What was cut off may hold what an answer needs.
      if (limit !== 'maxHeaderOctets') assert.equal(found.answerable?.method, 'MESSAGE');
    });
  }

  it('headers beyond maxHeaderOctets are answered when what an answer needs came first', () => {
    const found = failure(messageAnd(`X: ${'x'.repeat(20_000)}`));
    assert.equal(found.status, 513);
    assert.equal(found.answerable?.callId, '9E97FB43-85F4-4A00-8751-1124FD4C7B2E');
  });

  it('a body announced larger than maxBodyOctets is 413 even when it is not there', () => {
    assert.equal(failure(messageWith('Content-Length', 'Content-Length: 99999999')).status, 413);
  });

  it('maxHeaderValues counts over lines and commas', () => {
    const route = (count: number) => `Route: ${Array.from({ length: count }, () => '<sip:p.example;lr>').join(',')}`;
    request(messageAnd(route(64)));
    assert.match(failure(messageAnd(route(65))).text, /^Route has more than 64 values$/);
    assert.equal(failure(messageAnd(...Array.from({ length: 65 }, () => 'Route: <sip:p.example;lr>'))).status, 400);
    request(messageAnd(...Array.from({ length: 65 }, () => 'X-Route: <sip:p.example;lr>')));
    assert.equal(failure(messageAnd(`Allow: ${'A,'.repeat(64)}`, 'Allow: B')).status, 400);
  });

  it('a Via value has at most 64 parameters', () => {
    const via = `Via: SIP/2.0/UDP h${Array.from({ length: 65 }, (_, i) => `;p${i}`).join('')}`;
    assert.match(failure(messageWith('Via', via)).text, /^Via is malformed: more than 64 parameters$/);
  });
});
