import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SipRequest, SipResponse, serialize } from '../../src/sip/message/message.js';
import { type ParseFailure, parseSip } from '../../src/sip/message/parse.js';
import { packagePath } from '../support/package-path.js';

interface Vector {
  readonly id: string;
  readonly title: string;
  readonly wire: string;
  readonly corrected?: string;
}

function load(name: string): ReadonlyMap<string, Vector> {
  const text = readFileSync(packagePath(`test/conformance/vectors/${name}.json`), 'utf8');
  const { vectors } = JSON.parse(text) as { vectors: Vector[] };
  return new Map(vectors.map((vector) => [vector.id, vector]));
}

const TORTURE = new Map([...load('rfc4475'), ...load('rfc5118')]);
const seen = new Set<string>();

function wire(id: string): Buffer {
  const vector = TORTURE.get(id);
  assert.ok(vector !== undefined, id);
  seen.add(id);
  return Buffer.from(vector.corrected ?? vector.wire, 'utf8');
}

function request(id: string): SipRequest {
  const result = parseSip(wire(id));
  assert.ok(result.ok, result.ok ? '' : result.error.text);
  assert.ok(result.value instanceof SipRequest);
  roundTrip(result.value);
  return result.value;
}

function response(id: string): SipResponse {
  const result = parseSip(wire(id));
  assert.ok(result.ok, result.ok ? '' : result.error.text);
  assert.ok(result.value instanceof SipResponse);
  roundTrip(result.value);
  return result.value;
}

function roundTrip(message: SipRequest | SipResponse): void {
  const written = serialize(message);
  const again = parseSip(written);
  assert.ok(again.ok, again.ok ? '' : again.error.text);
  assert.deepEqual(serialize(again.value), written);
}

function failure(id: string): ParseFailure {
  const result = parseSip(wire(id));
  assert.ok(!result.ok);
  return result.error;
}

function contacts(message: SipRequest | SipResponse): string[] {
  assert.ok(message.contacts !== '*');
  return message.contacts.map(String);
}

describe('RFC 4475 §3.1.1: valid messages', () => {
  it('4475-wsinv: a short tortuous INVITE', () => {
    const message = request('4475-wsinv');
    assert.equal(message.requestUri.param('unknownparam'), '');
    assert.equal(message.to.uri.toString(), 'sip:vivekg@chair-dnrc.example.com');
    assert.equal(message.to.tag, '1918181833n');
    assert.equal(message.from.displayName, 'J Rosenberg \\"');
    assert.equal(message.from.tag, '98asjd8');
    assert.equal(message.maxForwards, 68);
    assert.deepEqual(message.cseq, { number: 9, method: 'INVITE' });
    assert.deepEqual(message.vias.map(String), [
      'SIP/2.0/UDP 192.0.2.2;branch=390skdjuw',
      'SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8',
      'SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239',
    ]);
    assert.equal(message.headers.get('Subject'), '');
    assert.equal(message.headers.get('NewFangledHeader'), 'newfangled value continued newfangled value');
    assert.equal(message.headers.get('UnknownHeaderWithUnusualValue'), ';;,,;;,;');
    assert.deepEqual(message.routes.map(String), ['<sip:services.example.com;lr;unknownwith=value;unknown-no-value>']);
    assert.deepEqual(contacts(message), [
      '"Quoted string \\"\\"" <sip:jdrosen@example.com>;newparam=newvalue;secondparam;q=0.33',
    ]);
    assert.equal(message.body.length, 150);
  });

  it('4475-intmeth: a wide range of valid characters', () => {
    const message = request('4475-intmeth');
    assert.equal(message.method, "!interesting-Method0123456789_*+`.%indeed'~");
    assert.equal(message.requestUri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert.equal(message.requestUri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    assert.equal(message.requestUri.host, 'example.com');
    assert.equal(message.topVia.branch, "z9hG4bK-.!%66*_+`'~");
    assert.equal(message.to.displayName, 'BEL:\u0007 NUL:\u0000 DEL:\u007f');
    assert.equal(message.from.displayName, "token1~` token2'+_ token3*%!.-");
    assert.equal(message.from.param("fromParam''~+*_!.-%"), '"работающий"');
    assert.equal(message.from.tag, "_token~1'+`*%!-.");
    assert.equal(message.callId, 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
    assert.equal(message.headers.get("extensionHeader-!.%*+_`'~"), '\ufeff大停電');
    assert.equal(message.maxForwards, 255);
  });

  it('4475-esc01: the % escaping mechanism', () => {
    const message = request('4475-esc01');
    assert.equal(message.requestUri.user, 'sips%3Auser%40example.com');
    assert.equal(message.requestUri.host, 'example.net');
    assert.equal(message.from.uri.user, 'I%20have%20spaces');
    assert.deepEqual(contacts(message), ['<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>']);
  });

  it('4475-escnull: escaped nulls make two distinct contacts', () => {
    const message = request('4475-escnull');
    assert.equal(message.to.uri.user, 'null-%00-null');
    const [first, second] = message.contacts as Exclude<typeof message.contacts, '*'>;
    assert.equal(first?.uri.user, '%00');
    assert.equal(second?.uri.user, '%00%00');
    assert.equal(first.uri.equals(second.uri), false);
  });

  it('4475-esc02: % is no escape in methods, names and tokens', () => {
    const message = request('4475-esc02');
    assert.equal(message.method, 'RE%47IST%45R');
    assert.equal(message.to.displayName, '%Z%45');
    assert.equal(message.topVia.branch, 'z9hG4bK209%fzsnel234');
    assert.equal(contacts(message).length, 2);
    assert.equal(message.headers.get('C%6Fntact'), '<sip:alias2@host2.example.com>');
  });

  it('4475-lwsdisp: no LWS between display name and <', () => {
    assert.equal(request('4475-lwsdisp').from.displayName, 'caller');
  });

  it('4475-longreq: long values', () => {
    const message = request('4475-longreq');
    assert.equal(message.vias.length, 34);
    assert.equal(message.vias[33]?.branch?.length, 4 + 200 + 11);
    assert.equal(message.to.uri.port, 6000);
    assert.equal(message.from.tag?.length, 155);
    assert.equal(message.callId.length, 'longreq.one'.length + 120 + 'longcallid'.length);
  });

  it('4475-dblreq: octets behind the message are passed over', () => {
    const message = request('4475-dblreq');
    assert.equal(message.method, 'REGISTER');
    assert.equal(message.body.length, 0);
  });

  it('4475-semiuri: ";" in the user', () => {
    const message = request('4475-semiuri');
    assert.equal(message.requestUri.user, 'user;par=u%40example.net');
    assert.deepEqual(message.requestUri.params, []);
    assert.equal(message.headers.getAll('Accept').length, 6);
  });

  it('4475-transports: varied and unknown transports', () => {
    assert.deepEqual(
      request('4475-transports').vias.map((via) => via.transport),
      ['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'],
    );
  });

  it('4475-unreason: an unusual reason phrase', () => {
    assert.equal(response('4475-unreason').reason, '= 2**3 * 5**2 но сто девяносто девять - простое');
  });

  it('4475-noreason: an empty reason phrase', () => {
    const message = response('4475-noreason');
    assert.equal(message.status, 100);
    assert.equal(message.reason, '');
  });
});

describe('RFC 4475 §3.1.2: invalid requests are refused, and can be answered', () => {
  const rows: [id: string, status: number, text: RegExp][] = [
    ['4475-badinv01', 400, /^Via is malformed/],
    ['4475-clerr', 400, /Content-Length/],
    ['4475-ncl', 400, /^Content-Length is malformed/],
    ['4475-scalar02', 400, /^CSeq is malformed/],
    ['4475-quotbal', 400, /^To is malformed/],
    ['4475-ltgtruri', 400, /Request-URI/],
    ['4475-lwsruri', 400, /Request-URI/],
    ['4475-lwsstart', 400, /request line|Request-URI/],
    ['4475-trws', 400, /request line/],
    ['4475-escruri', 400, /Request-URI has headers/],
    ['4475-regbadct', 400, /^Contact is malformed/],
    ['4475-badaspec', 400, /^To is malformed/],
    ['4475-badvers', 505, /version/],
    ['4475-mismatch01', 400, /^CSeq names INVITE/],
    ['4475-mismatch02', 400, /^CSeq names INVITE/],
    ['4475-multi01', 400, /appears more than once|Content-Length/],
    ['4475-mcl01', 400, /^Content-Length appears more than once/],
  ];
  for (const [id, status, text] of rows) {
    it(`${id}: ${TORTURE.get(id)?.title} is ${status}`, () => {
      const found = failure(id);
      assert.equal(found.status, status);
      assert.match(found.text, text);
      assert.ok(found.answerable !== undefined);
      assert.ok(found.answerable.topVia.host.length > 0);
    });
  }

  it('4475-insuf: no Call-ID, From and To is 400 without an answer', () => {
    const found = failure('4475-insuf');
    assert.equal(found.status, 400);
    assert.match(found.text, /^From is missing/);
    assert.equal(found.answerable, undefined);
  });
});

describe('RFC 4475 §3.1.2: invalid responses are dropped', () => {
  for (const id of ['4475-scalarlg', '4475-bigcode']) {
    it(`${id}: ${TORTURE.get(id)?.title}`, () => assert.equal(failure(id).answerable, undefined));
  }
});

describe('RFC 4475 §3.1.2: what may be forgiven is', () => {
  it('4475-baddate: a Date in another zone is no Date', () => {
    assert.equal(request('4475-baddate').date, undefined);
  });

  it('4475-baddn: the quotes of a display name are inferred', () => {
    assert.equal(request('4475-baddn').from.toString(), '"Bell, Alexander" <sip:a.g.bell@example.com>;tag=43');
  });
});

describe('RFC 4475 §3.2–3.4: messages that parse, for the layers above to judge', () => {
  it('4475-badbranch: the branch is the magic cookie alone', () => {
    assert.equal(request('4475-badbranch').topVia.branch, 'z9hG4bK');
  });

  it('4475-unkscm, 4475-novelsc: unknown schemes in the Request-URI', () => {
    assert.equal(request('4475-unkscm').requestUri.scheme, 'nobodyknowsthisscheme');
    assert.equal(request('4475-novelsc').requestUri.toString(), 'soap.beep://192.0.2.103:3002');
  });

  it('4475-unksm2: unknown schemes in To, From and Contact', () => {
    const message = request('4475-unksm2');
    assert.equal(message.to.uri.toString(), 'isbn:2983792873');
    assert.equal(message.from.uri.toString(), 'http://www.example.com');
    assert.deepEqual(contacts(message), ['<name:John_Smith>']);
  });

  it('4475-bext01: Require and Proxy-Require', () => {
    const message = request('4475-bext01');
    assert.deepEqual(message.headers.getAll('Require'), ['nothingSupportsThis', 'nothingSupportsThisEither']);
    assert.deepEqual(message.headers.getAll('Proxy-Require'), ['noProxiesSupportThis', 'norDoAnyProxiesSupportThis']);
  });

  it('4475-invut: an unknown Content-Type', () => {
    assert.equal(request('4475-invut').contentType?.essence, 'application/unknownformat');
  });

  it('4475-regaut01: an unknown authorization scheme', () => {
    assert.equal(request('4475-regaut01').headers.get('Authorization'), 'NoOneKnowsThisScheme opaque-data=here');
  });

  it('4475-bcast: a response with two Via values', () => {
    assert.deepEqual(
      response('4475-bcast').vias.map((via) => via.host),
      ['192.0.2.198', '255.255.255.255'],
    );
  });

  it('4475-cparam01, 4475-cparam02: a parameter of Contact, and one of its URI', () => {
    assert.deepEqual(contacts(request('4475-cparam01')), ['<sip:+19725552222@gw1.example.net>;unknownparam']);
    assert.deepEqual(contacts(request('4475-cparam02')), ['<sip:+19725552222@gw1.example.net;unknownparam>']);
  });

  it('4475-regescrt: a Contact URI with a header', () => {
    assert.deepEqual(contacts(request('4475-regescrt')), ['<sip:user@example.com?Route=%3Csip:sip.example.com%3E>']);
  });

  it('4475-sdp01: an Accept that nobody can satisfy', () => {
    assert.deepEqual(request('4475-sdp01').headers.getAll('Accept'), ['text/nobodyKnowsThis']);
  });

  it('4475-inv2543: no branch, no tag, no Max-Forwards, no Content-Length', () => {
    const message = request('4475-inv2543');
    assert.equal(message.topVia.branch, undefined);
    assert.equal(message.from.tag, undefined);
    assert.equal(message.to.param('user'), 'phone');
    assert.equal(message.maxForwards, undefined);
    assert.deepEqual(message.recordRoutes.map(String), ['<sip:UserB@example.com;maddr=ss1.example.com>']);
    assert.ok(message.body.length > 100);
  });
});

describe('RFC 5118: IPv6', () => {
  const rows: [id: string, host: string, port: number | undefined][] = [
    ['5118-ipv6-good', '[2001:db8::10]', undefined],
    ['5118-port-ambiguous', '[2001:db8::10:5070]', undefined],
    ['5118-port-unambiguous', '[2001:db8::10]', 5070],
    ['5118-via-received-param-with-delim', '[2001:db8::10]', undefined],
    ['5118-via-received-param-no-delim', '[2001:db8::10]', undefined],
    ['5118-mult-ip-in-header', 'host.example.net', undefined],
    ['5118-ipv4-mapped-ipv6', 'example.com', undefined],
    ['5118-ipv6-bug-abnf-3-colons', '[2001:db8::192.0.2.1]', undefined],
    ['5118-ipv6-correct-abnf-2-colons', '[2001:db8::192.0.2.1]', undefined],
  ];
  for (const [id, host, port] of rows) {
    it(`${id}: ${TORTURE.get(id)?.title}`, () => {
      const { requestUri } = request(id);
      assert.equal(requestUri.host, host);
      assert.equal(requestUri.port, port);
    });
  }

  it('5118-ipv6-bad: an address without brackets is 400', () => {
    const found = failure('5118-ipv6-bad');
    assert.equal(found.status, 400);
    assert.ok(found.answerable !== undefined);
  });

  it('5118-via-received-param-*: received with or without brackets', () => {
    assert.equal(request('5118-via-received-param-with-delim').topVia.received, '[2001:db8::9:255]');
    assert.equal(request('5118-via-received-param-no-delim').topVia.received, '2001:db8::9:255');
  });

  it('5118-ipv4-mapped-ipv6, 5118-mult-ip-in-header: mixed addresses in Via', () => {
    assert.deepEqual(
      request('5118-ipv4-mapped-ipv6').vias.map((via) => via.sentBy),
      ['[::ffff:192.0.2.10]:19823', '[::ffff:192.0.2.2]'],
    );
    assert.deepEqual(
      request('5118-mult-ip-in-header').vias.map((via) => via.sentBy),
      ['[2001:db8::9:1]:6050', '192.0.2.1', '[2001:db8::9:255]'],
    );
  });
});

describe('RFC 4475, RFC 5118', () => {
  it('every vector is tested', () => {
    assert.deepEqual(
      [...TORTURE.keys()].filter((id) => !seen.has(id)),
      [],
    );
  });
});
