import assert from 'node:assert/strict';
import type { DnsAnswer, ServiceRecord } from '../../../src/sip/locate/dns-answer.js';
import { type Hop, inOrderOfUse, type LocateOptions, type Location, locate } from '../../../src/sip/locate/locate.js';
import { SeededRandom } from '../../support/seeded-random.js';
import { uri } from '../../support/sip-messages.js';

type Zone = Readonly<Record<string, readonly string[] | 'failed'>>;

const OPTIONS: LocateOptions = { transports: ['tcp', 'udp'], families: [4, 6], random: new SeededRandom() };

/** A zone's line for SRV is "priority weight port target". */
function answer(zone: Zone, type: string, name: string): DnsAnswer {
  const records = zone[`${type} ${name}`];
  if (records === 'failed') return { kind: 'failed' };
  if (records === undefined) return { kind: 'none' };
  if (type !== 'SRV') return { kind: 'addresses', addresses: records };
  const services = records.map((record): ServiceRecord => {
    const [priority, weight, port, target] = record.split(' ');
    return { priority: Number(priority), weight: Number(weight), port: Number(port), target: target as string };
  });
  return { kind: 'services', services };
}

function run(text: string, zone: Zone, options: Partial<LocateOptions> = {}): { location: Location; asked: string[] } {
  const asked: string[] = [];
  const locating = locate(uri(text), { ...OPTIONS, ...options });
  let turn = locating.next();
  while (!turn.done) {
    asked.push(`${turn.value.type} ${turn.value.name}`);
    turn = locating.next(answer(zone, turn.value.type, turn.value.name));
  }
  return { location: turn.value, asked };
}

const show = (hop: Hop) => `${hop.transport} ${hop.address} ${hop.port}`;

function hops(text: string, zone: Zone = {}, options: Partial<LocateOptions> = {}): readonly string[] | string {
  const { location } = run(text, zone, options);
  return location.ok ? location.value.map(show) : location.error;
}

describe('RFC 3263 §4: locating a SIP server', () => {
  const zone: Zone = {
    'SRV _sip._udp.both.test': ['10 0 5070 a.test'],
    'SRV _sip._tcp.both.test': ['10 0 5080 a.test'],
    'SRV _sip._udp.udp.test': ['10 0 5070 a.test', '20 0 5071 b.test'],
    'SRV _sip._udp.none.test': ['0 0 0 .'],
    'SRV _sip._udp.lame.test': 'failed',
    'A lame.test': ['192.0.2.9'],
    'SRV _sip._udp.dead.test': 'failed',
    'SRV _sip._udp.numeric.test': ['10 0 5070 192.0.2.77'],
    'SRV _sip._udp.dangling.test': ['10 0 5070 nowhere.test'],
    'A a.test': ['192.0.2.1', '192.0.2.2'],
    'AAAA a.test': ['2001:db8::1'],
    'A b.test': ['192.0.2.3'],
    'A host.test': ['192.0.2.4'],
    'AAAA six.test': ['2001:db8::6'],
  };
  for (const [target, expected] of [
    // numeric: no question at all
    ['sip:192.0.2.7', ['udp 192.0.2.7 5060']],
    ['sip:192.0.2.7:5090', ['udp 192.0.2.7 5090']],
    ['sip:192.0.2.7;transport=tcp', ['tcp 192.0.2.7 5060']],
    ['sip:a@[2001:db8::7]:5090;transport=TCP', ['tcp 2001:db8::7 5090']],
    ['sip:name.test;maddr=192.0.2.8', ['udp 192.0.2.8 5060']],
    // a port: a host, not a domain
    ['sip:host.test:5090', ['udp 192.0.2.4 5090']],
    ['sip:host.test:5090;transport=tcp', ['tcp 192.0.2.4 5090']],
    // SRV
    [
      'sip:both.test',
      [
        'tcp 192.0.2.1 5080',
        'tcp 192.0.2.2 5080',
        'tcp 2001:db8::1 5080',
        'udp 192.0.2.1 5070',
        'udp 192.0.2.2 5070',
        'udp 2001:db8::1 5070',
      ],
    ],
    ['sip:both.test;transport=udp', ['udp 192.0.2.1 5070', 'udp 192.0.2.2 5070', 'udp 2001:db8::1 5070']],
    ['sip:udp.test', ['udp 192.0.2.1 5070', 'udp 192.0.2.2 5070', 'udp 2001:db8::1 5070', 'udp 192.0.2.3 5071']],
    ['sip:numeric.test', ['udp 192.0.2.77 5070']],
    // no SRV: the name is a host
    ['sip:host.test', ['udp 192.0.2.4 5060']],
    ['sip:host.test;transport=tcp', ['tcp 192.0.2.4 5060']],
    ['sip:six.test', ['udp 2001:db8::6 5060']],
    ['sip:lame.test', ['udp 192.0.2.9 5060']],
    // nothing
    ['sip:nowhere.test', 'no-such-domain'],
    ['sip:nowhere.test:5060', 'no-such-domain'],
    ['sip:none.test', 'no-such-domain'],
    ['sip:dangling.test', 'no-such-domain'],
    ['sip:dead.test', 'dns-failure'],
    ['sips:host.test', 'unsupported'],
    ['sip:192.0.2.7;transport=tls', 'unsupported'],
    ['sip:192.0.2.7;transport=sctp', 'unsupported'],
  ] as const) {
    it(`${target}: ${Array.isArray(expected) ? expected.join(', ') : expected}`, () => {
      assert.deepEqual(hops(target, zone), expected);
    });
  }

  it('numeric hosts ask nothing', () => {
    assert.deepEqual(run('sip:192.0.2.7', {}).asked, []);
  });

  it('a name without port asks for SRV of each transport, then for addresses of each family', () => {
    assert.deepEqual(run('sip:host.test', {}).asked, [
      'SRV _sip._tcp.host.test',
      'SRV _sip._udp.host.test',
      'A host.test',
      'AAAA host.test',
    ]);
  });

  it('the order of families is ours', () => {
    assert.deepEqual(hops('sip:a.test:5060', zone, { families: [6, 4] }), [
      'udp 2001:db8::1 5060',
      'udp 192.0.2.1 5060',
      'udp 192.0.2.2 5060',
    ]);
    assert.deepEqual(hops('sip:a.test:5060', zone, { families: [6] }), ['udp 2001:db8::1 5060']);
  });

  it('an address of a family that we have not is unsupported', () => {
    assert.equal(hops('sip:[2001:db8::7]', {}, { families: [4] }), 'unsupported');
  });

  it('without UDP everything goes by TCP', () => {
    assert.deepEqual(hops('sip:192.0.2.7', {}, { transports: ['tcp'] }), ['tcp 192.0.2.7 5060']);
    assert.equal(hops('sip:192.0.2.7;transport=udp', {}, { transports: ['tcp'] }), 'unsupported');
  });

  it('hops and SRV records are bounded', () => {
    const many: Zone = {
      'SRV _sip._udp.many.test': Array.from({ length: 50 }, (_, n) => `${n} 0 5060 h${n}.test`),
      ...Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`A h${n}.test`, ['192.0.2.1', '192.0.2.2']])),
    };
    const { location, asked } = run('sip:many.test;transport=udp', many);
    assert.ok(location.ok);
    assert.equal(location.value.length, 8);
    assert.ok(asked.length <= 1 + 8 * 2);
  });
});

describe('RFC 2782: the order of SRV records', () => {
  const record = (target: string, priority: number, weight: number): ServiceRecord => ({
    target,
    priority,
    weight,
    port: 5060,
  });

  it('lower priorities first', () => {
    const records = [record('c', 30, 0), record('a', 10, 0), record('b', 20, 9)];
    assert.deepEqual(
      inOrderOfUse(records, new SeededRandom()).map(({ target }) => target),
      ['a', 'b', 'c'],
    );
  });

  it('among equals by weight: about three of four times the heavier first', () => {
    const random = new SeededRandom(3);
    let heavy = 0;
    for (let n = 0; n < 2000; n++) {
      const [first] = inOrderOfUse([record('light', 1, 25), record('heavy', 1, 75)], random);
      if (first?.target === 'heavy') heavy++;
    }
    assert.ok(heavy > 1400 && heavy < 1600, `${heavy} of 2000`);
  });

  it('weight 0 has a small chance, and every record is used once', () => {
    const random = new SeededRandom(5);
    let zeroFirst = 0;
    for (let n = 0; n < 2000; n++) {
      const ordered = inOrderOfUse([record('zero', 1, 0), record('ten', 1, 10), record('twenty', 1, 20)], random);
      assert.deepEqual(ordered.map(({ target }) => target).sort(), ['ten', 'twenty', 'zero']);
      if (ordered[0]?.target === 'zero') zeroFirst++;
    }
    assert.ok(zeroFirst > 0 && zeroFirst < 200, `${zeroFirst} of 2000`);
  });
});
