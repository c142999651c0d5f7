import assert from 'node:assert/strict';
import type { DnsAnswer } from '../../src/sip/locate/dns-answer.js';
import { DnsResolver } from '../../src/wire/dns.js';
import { type DnsZone, REFUSED, SERVFAIL, TestDnsServer } from '../support/dns-server.js';
import { FakeScheduler } from '../support/fake-scheduler.js';

const ZONE: DnsZone = {
  'A a.test': ['192.0.2.1', '192.0.2.2'],
  'AAAA a.test': ['2001:db8::1'],
  'SRV _sip._udp.a.test': ['10 5 5070 sip.a.test', '20 0 5071 b.test'],
  'A refused.test': REFUSED,
  'A broken.test': SERVFAIL,
};

describe('asking the DNS', () => {
  let server: TestDnsServer;
  let clock: FakeScheduler;
  let resolver: DnsResolver;
  beforeEach(async () => {
    server = await TestDnsServer.open({ ...ZONE });
    clock = new FakeScheduler();
    resolver = new DnsResolver(clock, { servers: [server.server], timeoutMs: 100 });
  });
  afterEach(async () => {
    resolver.close();
    await server.close();
  });

  for (const [type, name, expected] of [
    ['A', 'a.test', { kind: 'addresses', addresses: ['192.0.2.1', '192.0.2.2'] }],
    ['AAAA', 'a.test', { kind: 'addresses', addresses: ['2001:db8::1'] }],
    [
      'SRV',
      '_sip._udp.a.test',
      {
        kind: 'services',
        services: [
          { priority: 10, weight: 5, port: 5070, target: 'sip.a.test' },
          { priority: 20, weight: 0, port: 5071, target: 'b.test' },
        ],
      },
    ],
    ['A', 'nowhere.test', { kind: 'none' }],
    ['SRV', 'a.test', { kind: 'none' }],
    ['A', 'refused.test', { kind: 'none' }],
    ['A', 'broken.test', { kind: 'failed' }],
    ['A', 'localhost', { kind: 'addresses', addresses: ['127.0.0.1'] }],
    ['AAAA', 'phone.localhost', { kind: 'addresses', addresses: ['::1'] }],
    ['SRV', '_sip._udp.localhost', { kind: 'none' }],
  ] as const) {
    it(`${type} ${name}: ${expected.kind}`, async () => {
      assert.deepEqual(await resolver.query({ type, name }), expected as DnsAnswer);
      assert.deepEqual(resolver.cached({ type, name }), expected as DnsAnswer);
    });
  }

  it('remembers as long as the record lives', async () => {
    const question = { type: 'A', name: 'a.test' } as const;
    server.ttlSeconds = 20;
    await resolver.query(question);
    clock.advance(19_999);
    await resolver.query({ type: 'A', name: 'A.test' });
    assert.equal(server.asked.length, 1);
    clock.advance(1);
    assert.equal(resolver.cached(question), undefined);
    await resolver.query(question);
    assert.equal(server.asked.length, 2);
  });

  it('remembers that there is nothing, for a shorter while (RFC 2308)', async () => {
    const question = { type: 'A', name: 'nowhere.test' } as const;
    await resolver.query(question);
    clock.advance(29_999);
    assert.deepEqual(resolver.cached(question), { kind: 'none' });
    clock.advance(1);
    assert.equal(resolver.cached(question), undefined);
  });

  it('asks once for those who ask at once', async () => {
    const question = { type: 'A', name: 'a.test' } as const;
    const answers = await Promise.all([1, 2, 3].map(() => resolver.query(question)));
    assert.equal(server.asked.length, 1);
    assert.deepEqual(answers[0], answers[2]);
  });

  it('a server that says nothing is a failure, which is soon tried again', async () => {
    server.silent = true;
    const question = { type: 'A', name: 'a.test' } as const;
    assert.deepEqual(await resolver.query(question), { kind: 'failed' });
    server.silent = false;
    assert.deepEqual(await resolver.query(question), { kind: 'failed' });
    clock.advance(2000);
    assert.equal((await resolver.query(question)).kind, 'addresses');
  });

  it('its memory is bounded', async () => {
    const small = new DnsResolver(clock, { servers: [server.server], maxEntries: 2 });
    for (const name of ['a.test', 'b.test', 'c.test']) await small.query({ type: 'A', name });
    assert.equal(small.cached({ type: 'A', name: 'a.test' }), undefined);
    assert.notEqual(small.cached({ type: 'A', name: 'c.test' }), undefined);
  });
});
