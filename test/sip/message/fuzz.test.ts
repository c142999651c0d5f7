import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Result } from '../../../src/base/result.js';
import { type FramerEvent, SipFramer } from '../../../src/sip/message/framing.js';
import { responseTo, SipRequest, serialize } from '../../../src/sip/message/message.js';
import { NameAddr } from '../../../src/sip/message/name-addr.js';
import { DEFAULT_SIP_LIMITS, parseSip } from '../../../src/sip/message/parse.js';
import { Uri } from '../../../src/sip/message/uri.js';
import { Via } from '../../../src/sip/message/via.js';
import { MESSAGE, messageAnd, OK, wire } from './messages.js';

/** Runs of each property; more for a long search: VERONA_FUZZ_RUNS=100000. */
const RUNS = Number(process.env.VERONA_FUZZ_RUNS ?? 2000);

const SEEDS: readonly Buffer[] = [
  MESSAGE,
  OK,
  messageAnd(
    'Contact: "a \\" b" <sip:a@[2001:db8::1]:5061;transport=tcp?x=y>;q=0.5, <sip:b@h>;expires=60',
    'Route: <sip:p1.example;lr>,<sip:p2.example;lr>',
    'Expires: 60',
    'Date: Sat, 13 Nov 2010 23:29:00 GMT',
    'Supported:',
    'Authorization: Digest username="a", realm="b", nonce="c", uri="sip:d", response="e"',
  ),
  wire(
    [
      'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
      'TO :',
      ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
      'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
      '  ;',
      '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068',
      'Call-ID: wsinv.ndaksdj@192.0.2.1',
      'cseq: 0009',
      '  INVITE',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
      '  branch  =   z9hG4bK9ikj8  ,',
      ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
      ' z9hG4bK30239',
      'l: 2',
    ],
    'v=',
  ),
];

/** What often hides trouble in SIP. */
const FRAGMENTS = [
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  '\r\n ',
  ' ',
  '\t',
  ',',
  ';',
  ';;',
  ':',
  '"',
  '\\',
  '<',
  '>',
  '@',
  '%',
  '%00',
  '%4',
  '=',
  '?',
  '&',
  '[',
  ']',
  '\u0000',
  '\u007f',
  'é',
  '\u{1f600}',
  'SIP/2.0',
  'sip:',
  'Via: ',
  'v:',
  'Content-Length: ',
  'l: 99999999999999999999',
  '-1',
  '*',
  '/',
  '2.0',
].map((text) => Buffer.from(text));

type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'delete' | 'duplicate'; readonly at: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'splice'; readonly at: number; readonly seed: number; readonly from: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const length = fc.integer({ min: 1, max: 60 });
const inserted = fc.oneof(
  fc.constantFrom(...FRAGMENTS),
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
  fc
    .tuple(fc.constantFrom(...FRAGMENTS), fc.integer({ min: 1, max: 2000 }))
    .map(([part, times]) => Buffer.concat(new Array(times).fill(part))),
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes: inserted }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'duplicate' as const), at: place, length }),
  fc.record({ kind: fc.constant('truncate' as const), at: place }),
  fc.record({ kind: fc.constant('splice' as const), at: place, seed: fc.nat(SEEDS.length - 1), from: place }),
);

function mutate(bytes: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * bytes.length);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (change.kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = copy[at]! ^ (1 << change.bit);
      return copy;
    }
    case 'insert':
      return Buffer.concat([head, change.bytes, tail]);
    case 'delete':
      return Buffer.concat([head, tail.subarray(change.length)]);
    case 'duplicate':
      return Buffer.concat([head, tail.subarray(0, change.length), tail]);
    case 'truncate':
      return head;
    case 'splice': {
      const other = SEEDS[change.seed]!;
      return Buffer.concat([head, other.subarray(Math.floor(change.from * other.length))]);
    }
  }
}

const mutated = fc
  .tuple(fc.nat(SEEDS.length - 1), fc.array(mutation, { minLength: 0, maxLength: 4 }))
  .map(([seed, changes]) => changes.reduce(mutate, SEEDS[seed]!));
const anyBytes = fc.oneof(
  { weight: 6, arbitrary: mutated },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 60 }).map((parts) => Buffer.concat(parts)),
  },
);

const TEXTS = [
  'sip:alice:pw@[2001:db8::1]:5061;transport=tcp;gr=%20?to=a&b=c',
  'tel:+1-201-555-0123;phone-context=example.com',
  'xmpp:romeo@example.net/orchard?message',
  '"A. G. \\"Bell\\"" <sip:agb@bell-telephone.com;lr> ;tag=a48s;x="y;z"',
  'Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8',
  'SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1;rport',
];
const anyText = fc.oneof(
  fc
    .tuple(fc.constantFrom(...TEXTS), fc.array(mutation, { maxLength: 3 }))
    .map(([text, changes]) => changes.reduce(mutate, Buffer.from(text)).toString()),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map((parts) => Buffer.concat(parts).toString()),
);

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: RUNS });
}

describe('fuzz: octets into parseSip', function () {
  this.timeout(0);

  it('never throw; what is read is whole, is written, and is read again as the same', () => {
    check(anyBytes, (bytes) => {
      const first = parseSip(bytes);
      if (!first.ok) {
        assert.ok([400, 413, 414, 505, 513].includes(first.error.status));
        assert.match(first.error.text, /^[\x20-\x7e]{1,200}$/, 'fits a reason phrase');
        const { answerable } = first.error;
        if (answerable !== undefined) serialize(responseTo(answerable, first.error.status, { toTag: 'x' }));
        return;
      }
      const message = first.value;
      const {
        topVia,
        from,
        to,
        callId,
        cseq,
        maxForwards,
        contentType,
        contacts,
        routes,
        recordRoutes,
        expires,
        date,
      } = message;
      assert.ok([topVia, from, to, callId, cseq, contacts, routes, recordRoutes].every((value) => value !== undefined));
      assert.ok([maxForwards, contentType, expires, date].every((value) => value !== null));
      if (message instanceof SipRequest) serialize(responseTo(message, 200, { toTag: 'x' }));
      const written = serialize(message);
      const second = parseSip(written);
      assert.ok(second.ok, second.ok ? '' : second.error.text);
      assert.deepEqual(serialize(second.value), written);
      assert.deepEqual(second.value.body, written.subarray(written.length - message.body.length));
    });
  });
});

describe('fuzz: octets into SipFramer', function () {
  this.timeout(0);

  const chunked = fc.tuple(
    fc.array(anyBytes, { minLength: 1, maxLength: 4 }),
    fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
  );

  it('never throw; chunks make no difference; memory is bounded', () => {
    check(chunked, ([parts, sizes]) => {
      const stream = Buffer.concat(parts);
      const whole = new SipFramer().push(stream);
      const framer = new SipFramer();
      const events: FramerEvent[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length]!;
        events.push(...framer.push(stream.subarray(at, at + size)));
        assert.ok(framer.pendingOctets <= DEFAULT_SIP_LIMITS.maxMessageOctets);
        at += size;
      }
      assert.deepEqual(events.map(summary), whole.map(summary));
    });
  });

  /** A limit can be passed with more or less of the stream at hand, so of failures only their being there compares. */
  function summary(event: FramerEvent): string {
    return event.kind === 'message' ? event.bytes.toString('latin1') : event.kind;
  }
});

describe('fuzz: texts into the parsers of values', function () {
  this.timeout(0);

  const parsers: [string, (text: string) => Result<{ toString(): string }, string>][] = [
    ['Uri.parse', (text) => Uri.parse(text)],
    ['NameAddr.parse', (text) => NameAddr.parse(text)],
    ['Via.parse', (text) => Via.parse(text)],
  ];
  for (const [name, parse] of parsers) {
    it(`${name} never throws, and reads again what it wrote`, () => {
      check(anyText, (text) => {
        const first = parse(text);
        if (!first.ok) return;
        const written = first.value.toString();
        const second = parse(written);
        assert.ok(second.ok, second.ok ? '' : `${JSON.stringify(written)}: ${second.error}`);
        assert.equal(second.value.toString(), written);
      });
    });
  }

  it('Uri.equals is reflexive over writing, and symmetric', () => {
    check(fc.tuple(anyText, anyText), ([left, right]) => {
      const [a, b] = [Uri.parse(left), Uri.parse(right)];
      if (!a.ok) return;
      const again = Uri.parse(a.value.with({}).toString());
      assert.ok(again.ok && again.value.equals(a.value));
      if (b.ok) assert.equal(a.value.equals(b.value), b.value.equals(a.value));
    });
  });
});
