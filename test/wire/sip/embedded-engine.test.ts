import assert from 'node:assert/strict';
import type { IncomingMessage, SipOutcome } from '../../../src/sip/engine.js';
import { responseTo, type SipRequest } from '../../../src/sip/message/message.js';
import { MemoryStore } from '../../../src/store/memory-store.js';
import { SystemScheduler } from '../../../src/wire/clock.js';
import { DnsResolver } from '../../../src/wire/dns.js';
import { SystemRandom } from '../../../src/wire/random.js';
import type { EmbeddedSipEngine } from '../../../src/wire/sip/embedded-engine.js';
import type { SipUserAgent } from '../../../src/wire/sip/user-agent.js';
import { TestDnsServer } from '../../support/dns-server.js';
import { RawTcpPeer, RawTcpServer, RawUdpPeer, until } from '../../support/raw-sip-peer.js';
import { messageTo, openEngine, openPhone, PASSWORD, portOf } from '../../support/sip-engine.js';
import { read, readResponse } from '../../support/sip-messages.js';

const FAST = { t1Ms: 5, t2Ms: 40, t4Ms: 50 }; // a timeout after 320 ms

describe('the embedded SIP engine over loopback', () => {
  const open: { stop(ms?: number): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.stop(0);
  });
  const engineWith = async (parts: Parameters<typeof openEngine>[0] = {}): Promise<EmbeddedSipEngine> => {
    const { engine } = await openEngine(parts);
    open.push(engine);
    return engine;
  };
  const phone = async (...args: Parameters<typeof openPhone>): Promise<SipUserAgent> => {
    const agent = await openPhone(...args);
    open.push(agent);
    return agent;
  };
  const udp = async (): Promise<RawUdpPeer> => {
    const peer = await RawUdpPeer.open();
    open.push(peer);
    return peer;
  };
  const tcpServer = async (port = 0): Promise<RawTcpServer> => {
    const server = await RawTcpServer.open(port);
    open.push(server);
    return server;
  };
  /** What the listener took. */
  const listen = (engine: EmbeddedSipEngine, status = 200): IncomingMessage[] => {
    const taken: IncomingMessage[] = [];
    engine.onMessage(async (incoming) => {
      taken.push(incoming);
      return { status };
    });
    return taken;
  };
  const told = (outcome: SipOutcome) => (outcome.kind === 'final' ? outcome.response.status : outcome.cause);

  for (const transport of ['udp', 'tcp'] as const) {
    it(`a registered phone sends to an XMPP user and gets the listener's answer (${transport})`, async () => {
      const engine = await engineWith();
      const taken = listen(engine, 202);
      const romeo = await phone(engine, 'romeo', transport);
      assert.equal((await romeo.register()).status, 200);
      const response = await romeo.message('sip:juliet@example.com', 'Neither, fair saint');
      assert.equal(response.status, 202);
      assert.equal(response.headers.has('Contact'), false); // RFC 3428 §7
      assert.ok(response.to.tag);
      assert.equal(taken.length, 1);
      assert.equal(Buffer.from(taken[0]!.request.body).toString(), 'Neither, fair saint');
      assert.equal(taken[0]!.origin.proof, 'digest');
      assert.equal(taken[0]!.origin.transport, transport);
    });

    it(`an XMPP user's message reaches the registered phone (${transport})`, async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo', transport);
      await romeo.register();
      const heard: SipRequest[] = [];
      romeo.onMessage((request) => {
        heard.push(request);
        return 200;
      });
      assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net', { callId: 'thread-1' }))), 200);
      assert.equal(heard.length, 1);
      const [request] = heard as [SipRequest];
      assert.equal(request.requestUri.toString(), romeo.contact);
      assert.equal(request.to.uri.toString(), 'sip:romeo@example.net');
      assert.equal(request.from.uri.toString(), 'sip:juliet@example.com');
      assert.equal(request.callId, 'thread-1');
      assert.equal(request.maxForwards, 70);
    });
  }

  it('two messages of one thread differ in From tag and CSeq', async () => {
    const engine = await engineWith();
    const romeo = await phone(engine, 'romeo');
    await romeo.register();
    const heard: SipRequest[] = [];
    romeo.onMessage((request) => {
      heard.push(request);
      return 200;
    });
    await engine.sendMessage(messageTo('sip:romeo@example.net', { callId: 'thread-1' }));
    await engine.sendMessage(messageTo('sip:romeo@example.net', { callId: 'thread-1' }));
    const [first, second] = heard as [SipRequest, SipRequest];
    assert.notEqual(first.from.tag, second.from.tag); // else they were merged requests: 482
    assert.ok(second.cseq.number > first.cseq.number);
  });

  describe('SIP to SIP (RFC 7332 §5)', () => {
    it('two registered phones talk', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo', 'udp');
      const mercutio = await phone(engine, 'mercutio', 'tcp');
      await romeo.register();
      await mercutio.register();
      const hops: (number | undefined)[] = [];
      mercutio.onMessage((request) => {
        hops.push(request.maxForwards);
        return 486;
      });
      const response = await romeo.message('sip:mercutio@example.net', 'Peace, peace', { maxForwards: 9 });
      assert.equal(response.status, 486);
      assert.deepEqual(hops, [8]);
    });

    for (const [to, status] of [
      ['sip:tybalt@example.net', 480],
      ['sip:nobody@example.net', 404],
      ['sip:somebody@elsewhere.test', 404],
      ['sips:tybalt@example.net', 480],
    ] as const) {
      it(`to ${to}: ${status}`, async () => {
        const romeo = await phone(await engineWith(), 'romeo');
        assert.equal((await romeo.message(to, 'Peace')).status, status);
      });
    }

    it('what a trusted peer sent never goes back to the proxy', async () => {
      const proxy = await udp();
      const engine = await engineWith({
        options: { trustedPeers: ['127.0.0.1/32'], outboundProxy: `sip:127.0.0.1:${proxy.port}` },
      });
      const romeo = await phone(engine, 'romeo');
      assert.equal((await romeo.message('sip:tybalt@example.net', 'Peace')).status, 480);
      assert.equal((await romeo.message('sip:nobody@example.net', 'Peace')).status, 404);
      assert.equal(proxy.received.length, 0);
    });

    describe('Contacts that lead back here (RFC 5393)', () => {
      /** The names of the SIP domain lead to the engine itself, which trusts itself. */
      const looping = () =>
        engineWith({
          dns: {
            cached: ({ type }) => (type === 'A' ? { kind: 'addresses', addresses: ['127.0.0.1'] } : { kind: 'none' }),
            query: async () => ({ kind: 'none' }),
          },
          options: { trustedPeers: ['127.0.0.1/32'] },
        });
      const lead = async (engine: EmbeddedSipEngine, user: string, ...targets: readonly string[]) => {
        const agent = await phone(engine, user);
        const contacts = targets.map((target) => `<sip:${target}@example.net:${portOf(engine, 'udp')}>`);
        assert.equal((await agent.register(3600, contacts.join(', '))).status, 200);
        return agent;
      };

      it('to the same AOR: 482', async () => {
        const engine = await looping();
        const romeo = await lead(engine, 'romeo', 'romeo');
        assert.equal((await romeo.message('sip:romeo@example.net', 'echo')).status, 482);
      });

      it('round over three AORs, forking on the way: ends, with few messages', async () => {
        const engine = await looping();
        const romeo = await lead(engine, 'romeo', 'mercutio', 'tybalt');
        await lead(engine, 'mercutio', 'romeo', 'tybalt');
        await lead(engine, 'tybalt', 'romeo', 'mercutio');
        assert.equal((await romeo.message('sip:romeo@example.net', 'echo')).status, 482);
        assert.ok(engine.stats.lingeringServerTransactions < 30);
      });
    });
  });

  describe('who may send', () => {
    it('a stranger is refused, whatever the target', async () => {
      const engine = await engineWith();
      const taken = listen(engine);
      const romeo = await phone(engine, 'romeo');
      const answer = await romeo.message('sip:juliet@example.com', 'Hi', { from: 'sip:stranger@elsewhere.test' });
      assert.equal(answer.status, 403);
      assert.equal(taken.length, 0);
    });

    it('the right password of one user does not speak for another', async () => {
      const engine = await engineWith();
      const taken = listen(engine);
      const tybalt = await phone(engine, 'tybalt');
      assert.equal(
        (await tybalt.message('sip:juliet@example.com', 'Hi', { from: 'sip:romeo@example.net' })).status,
        403,
      );
      assert.equal(taken.length, 0);
    });

    it('a wrong password is challenged again', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo', 'udp', { password: 'wrong' });
      assert.equal((await romeo.message('sip:juliet@example.com', 'Hi')).status, 401);
      assert.equal((await romeo.register()).status, 401);
    });

    it('a trusted peer speaks for SIP users, and for strangers', async () => {
      const engine = await engineWith({ options: { trustedPeers: ['127.0.0.0/8'] } });
      const taken = listen(engine);
      const peer = await phone(engine, 'romeo', 'udp', { password: '' });
      for (const from of ['sip:romeo@example.net', 'sip:anybody@elsewhere.test']) {
        assert.equal((await peer.message('sip:juliet@example.com', 'Hi', { from })).status, 200);
      }
      assert.deepEqual(
        taken.map(({ origin }) => origin.proof),
        ['trusted-peer', 'trusted-peer'],
      );
    });

    it('nobody speaks for an XMPP user from the SIP side', async () => {
      const engine = await engineWith({ options: { trustedPeers: ['127.0.0.1'] } });
      const taken = listen(engine);
      const peer = await phone(engine, 'romeo');
      const answer = await peer.message('sip:romeo@example.net', 'Hi', { from: 'sip:juliet@example.com' });
      assert.equal(answer.status, 403);
      assert.equal(taken.length, 0);
    });
  });

  describe('the registrar over UDP', () => {
    it('offers SHA-256 and MD5, and takes either (RFC 8760 §2)', async () => {
      const engine = await engineWith();
      for (const [algorithm, user] of [
        ['SHA-256', 'romeo'],
        ['MD5', 'mercutio'],
      ] as const) {
        const agent = await phone(engine, user, 'udp', algorithm === 'MD5' ? { algorithms: ['MD5'] } : {});
        const sent: string[] = [];
        agent.onWire((direction, text) => {
          if (direction === 'sent') sent.push(text);
        });
        assert.equal((await agent.register()).status, 200);
        assert.match(sent[1] as string, new RegExp(`^Authorization: Digest .*algorithm=${algorithm}`, 'm'));
      }
    });

    it('a replayed request is challenged as stale, in a new transaction', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo');
      let proven = '';
      romeo.onWire((direction, text) => {
        if (direction === 'sent' && text.includes('\r\nAuthorization:')) proven = text;
      });
      await romeo.register();
      const thief = await udp();
      thief.send(
        proven.replace(/branch=[^;\r]+/, 'branch=z9hG4bKstolen').replace(/^CSeq: \d+/m, 'CSeq: 99'),
        portOf(engine, 'udp'),
      );
      const response = readResponse(await thief.next());
      assert.equal(response.status, 401);
      assert.match(response.headers.get('WWW-Authenticate') as string, /stale=true/);
    });

    it('a retransmission is answered by the same octets, and registers once', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo');
      let proven = '';
      const answers: string[] = [];
      romeo.onWire((direction, text) => {
        if (direction === 'sent' && text.includes('\r\nAuthorization:')) proven = text;
        if (direction === 'received') answers.push(text);
      });
      await romeo.register();
      const again = await udp();
      again.send(proven, portOf(engine, 'udp')); // the answer goes to where the first copy came from
      await until(() => answers.length === 3);
      assert.equal(answers[2], answers[1]);
    });

    it('says what is bound, and forgets it on demand', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo');
      const listing = await romeo.register(600);
      assert.equal(listing.headers.get('Contact'), `<${romeo.contact}>;expires=600`);
      assert.equal((await romeo.unregister()).headers.has('Contact'), false);
      assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 'not-registered');
    });

    it('a user registers no AOR but his own: 403', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo', 'udp', { aor: 'sip:tybalt@example.net' });
      assert.equal((await romeo.register()).status, 200);
      const thief = await phone(engine, 'romeo', 'udp');
      const raw = await udp();
      raw.send(
        [
          'REGISTER sip:example.net SIP/2.0',
          `Via: SIP/2.0/UDP 127.0.0.1:${raw.port};branch=z9hG4bKr1;rport`,
          'From: <sip:romeo@example.net>;tag=1',
          'To: <sip:romeo@elsewhere.test>',
          'Call-ID: r1',
          'CSeq: 1 REGISTER',
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
        portOf(engine, 'udp'),
      );
      assert.equal(readResponse(await raw.next()).status, 404);
      assert.equal((await thief.register()).status, 200);
    });

    it('keeps its bindings over a restart', async () => {
      const store = new MemoryStore();
      const { engine: first } = await openEngine({ store });
      const romeo = await phone(first, 'romeo');
      await romeo.register();
      await first.stop(0);
      const second = await engineWith({ store });
      assert.equal(told(await second.sendMessage(messageTo('sip:romeo@example.net'))), 200);
    });

    it('a phone behind a NAT is reached where its REGISTER came from', async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo');
      await romeo.register(3600, '<sip:romeo@10.255.255.1:5060>');
      assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 200);
    });
  });

  describe('forking to several devices (RFC 3261 §16.6, §16.7)', () => {
    const devices = async (engine: EmbeddedSipEngine, ...statuses: number[]): Promise<SipUserAgent[]> => {
      const agents: SipUserAgent[] = [];
      for (const [index, status] of statuses.entries()) {
        const agent = await phone(engine, 'romeo', index % 2 === 0 ? 'udp' : 'tcp');
        agent.onMessage(() => status);
        await agent.register(3600, `<${agent.contact}>;+sip.instance="<urn:uuid:${index}>"`);
        agents.push(agent);
      }
      return agents;
    };

    for (const [statuses, best] of [
      [[486, 200, 404], 200],
      [[486, 603], 603],
      [[500, 404], 404],
      [[404, 415], 415],
    ] as const) {
      it(`${statuses.join(', ')}: ${best}`, async () => {
        const engine = await engineWith();
        await devices(engine, ...statuses);
        assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), best);
      });
    }

    it('a 2xx does not wait for a device that is silent', async () => {
      const engine = await engineWith();
      await devices(engine, 200);
      const silent = await udp();
      const romeo = await phone(engine, 'romeo');
      await romeo.register(3600, `<sip:romeo@127.0.0.1:${silent.port}>`);
      assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 200);
    });

    it('a gr parameter picks one device (RFC 5627)', async () => {
      const engine = await engineWith();
      const [first, second] = (await devices(engine, 200, 200)) as [SipUserAgent, SipUserAgent];
      const heard: string[] = [];
      first.onMessage(() => {
        heard.push('first');
        return 200;
      });
      second.onMessage(() => {
        heard.push('second');
        return 200;
      });
      await engine.sendMessage(messageTo('sip:romeo@example.net;gr=urn:uuid:1'));
      assert.deepEqual(heard, ['second']);
    });
  });

  describe('where requests for others go', () => {
    const proxied = async (proxy: RawUdpPeer, extra: object = {}) =>
      engineWith({
        options: { outboundProxy: `sip:127.0.0.1:${proxy.port};transport=udp;lr`, ...extra },
      });

    it('to the outbound proxy, with a route through it', async () => {
      const proxy = await udp();
      proxy.answer = () => 200;
      const engine = await proxied(proxy);
      assert.equal(told(await engine.sendMessage(messageTo('sip:benvolio@elsewhere.test'))), 200);
      const request = read(proxy.received[0] as string) as SipRequest;
      assert.equal(request.requestUri.toString(), 'sip:benvolio@elsewhere.test');
      assert.deepEqual(request.headers.getAll('Route'), [`<sip:127.0.0.1:${proxy.port};transport=udp;lr>`]);
      assert.equal(request.topVia.rport, '');
    });

    it('also for our own users who are not registered here', async () => {
      const proxy = await udp();
      proxy.answer = () => 404;
      const engine = await proxied(proxy);
      assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 404);
    });

    it('a challenge of the proxy is answered once', async () => {
      const proxy = await udp();
      let tries = 0;
      proxy.answer = (request) => {
        tries++;
        if (request.headers.has('Proxy-Authorization') && tries === 2) return 200;
        return responseTo(request, 407, {
          toTag: 'p',
          headers: [['Proxy-Authenticate', 'Digest realm="p", nonce="n", qop="auth"']],
        });
      };
      const engine = await proxied(proxy, { outboundProxyCredentials: { username: 'verona', password: PASSWORD } });
      assert.equal(told(await engine.sendMessage(messageTo('sip:benvolio@elsewhere.test'))), 200);
      const [first, second] = proxy.received.map((text) => read(text) as SipRequest) as [SipRequest, SipRequest];
      assert.equal(second.callId, first.callId);
      assert.equal(second.from.tag, first.from.tag); // RFC 3261 §22.2
      assert.ok(second.cseq.number > first.cseq.number);
      assert.notEqual(second.topVia.branch, first.topVia.branch);
      tries = 2; // refused from now on
      assert.equal(told(await engine.sendMessage(messageTo('sip:benvolio@elsewhere.test'))), 407);
      assert.equal(proxy.received.length, 4);
    });

    it('without credentials the challenge is passed up', async () => {
      const proxy = await udp();
      proxy.answer = () => 407;
      const engine = await proxied(proxy);
      assert.equal(told(await engine.sendMessage(messageTo('sip:benvolio@elsewhere.test'))), 407);
    });

    it('silence is a timeout, after retransmissions', async () => {
      const proxy = await udp();
      const engine = await proxied(proxy, { timers: FAST });
      assert.equal(told(await engine.sendMessage(messageTo('sip:benvolio@elsewhere.test'))), 'timeout');
      assert.ok(proxy.received.length > 5);
      assert.equal(new Set(proxy.received).size, 1);
    });

    it('an XMPP domain is never sent to SIP', async () => {
      const proxy = await udp();
      const engine = await proxied(proxy);
      assert.equal(told(await engine.sendMessage(messageTo('sip:juliet@example.com'))), 'no-such-domain');
      assert.equal(proxy.received.length, 0);
    });

    for (const [to, cause] of [
      ['sip:benvolio@elsewhere.test', 'no-such-domain'],
      ['sip:tybalt@example.net', 'not-registered'],
      ['sip:nobody@example.net', 'no-such-user'],
      ['sips:benvolio@127.0.0.1', 'transport-error'],
    ] as const) {
      it(`without proxy and DNS, ${to}: ${cause}`, async () => {
        assert.equal(told(await (await engineWith()).sendMessage(messageTo(to))), cause);
      });
    }
  });

  it('finds a server by SRV and address records of a real DNS server (RFC 3263 §4)', async () => {
    const peer = await udp();
    peer.answer = () => 200;
    const server = await TestDnsServer.open({
      'SRV _sip._udp.elsewhere.test': [`10 0 ${peer.port} sip.elsewhere.test`],
      'A sip.elsewhere.test': ['127.0.0.1'],
    });
    const dns = new DnsResolver(new SystemScheduler(), { servers: [server.server] });
    try {
      const engine = await engineWith({ dns });
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@elsewhere.test'))), 200);
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@nowhere.test'))), 'no-such-domain');
      const asked = server.asked.length;
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@elsewhere.test'))), 200);
      assert.equal(server.asked.length, asked); // remembered
    } finally {
      dns.close();
      await server.close();
    }
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`serves phones over IPv6 (${transport})`, async () => {
      const engine = await engineWith({ options: { listen: [`${transport}:[::1]:0`] } });
      listen(engine);
      const registrar = { host: '::1', port: portOf(engine, transport), transport };
      const romeo = await phone(engine, 'romeo', transport, { registrar });
      assert.equal((await romeo.register()).status, 200);
      assert.equal((await romeo.message('sip:juliet@example.com', 'Hi')).status, 200);
      assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 200);
    });
  }

  describe('failover (RFC 3263 §4.3)', () => {
    const addresses = async (ports: readonly number[], transport: 'udp' | 'tcp', options: object = {}) => {
      const services = ports.map((port, priority) => ({ priority, weight: 0, port, target: '127.0.0.1' }));
      const answer = (name: string) =>
        name === `_sip._${transport}.elsewhere.test`
          ? ({ kind: 'services', services } as const)
          : ({ kind: 'none' } as const);
      return engineWith({
        dns: { cached: ({ name }) => answer(name), query: async ({ name }) => answer(name) },
        options,
      });
    };

    it('a 503 goes on to the next server, and the last one stands', async () => {
      const [first, second] = [await udp(), await udp()];
      first.answer = () => 503;
      second.answer = () => 200;
      const engine = await addresses([first.port, second.port], 'udp');
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@elsewhere.test'))), 200);
      second.answer = () => 503;
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@elsewhere.test'))), 503);
    });

    it('any other answer stands', async () => {
      const [first, second] = [await udp(), await udp()];
      first.answer = () => 500;
      const engine = await addresses([first.port, second.port], 'udp');
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@elsewhere.test'))), 500);
      assert.equal(second.received.length, 0);
    });

    it('silence goes on to the next server', async () => {
      const [first, second] = [await udp(), await udp()];
      second.answer = () => 200;
      const engine = await addresses([first.port, second.port], 'udp', { timers: FAST });
      assert.equal(told(await engine.sendMessage(messageTo('sip:b@elsewhere.test'))), 200);
      const branches = [first, second].map((peer) => (read(peer.received[0] as string) as SipRequest).topVia.branch);
      assert.notEqual(branches[0], branches[1]); // a new transaction
    });

    it('a refused connection goes on, one that breaks after the request does not', async () => {
      const closed = await RawTcpServer.open();
      const { port } = closed;
      await closed.stop();
      const [breaking, last] = [await tcpServer(), await tcpServer()];
      const engine = await addresses([port, breaking.port, last.port], 'tcp');
      const accepted = breaking.accept();
      const outcome = engine.sendMessage(messageTo('sip:b@elsewhere.test'));
      const peer = await accepted;
      await peer.next();
      peer.socket.destroy();
      assert.equal(told(await outcome), 'transport-error');
      assert.equal(last.connections, 0);
    });
  });

  describe('size (RFC 3428 §8, RFC 3261 §18.1.1)', () => {
    /** The size of a request with an empty body on the way to `peer`. */
    const overhead = async (engine: EmbeddedSipEngine, peer: RawUdpPeer): Promise<number> => {
      await engine.sendMessage(
        messageTo(`sip:b@127.0.0.1:${peer.port}`, { callId: 'size', body: Buffer.from('x'.repeat(100)) }),
      );
      return Buffer.byteLength(peer.received.at(-1) as string) - 100;
    };

    for (const [size, result] of [
      [1299, 200],
      [1300, 200],
      [1301, 'too-large'],
    ] as const) {
      it(`${size} octets: ${result}`, async () => {
        const engine = await engineWith();
        const peer = await udp();
        peer.answer = () => 200;
        const body = Buffer.from('č'.repeat(Math.floor((size - (await overhead(engine, peer))) / 2)));
        const padded = Buffer.concat([body, Buffer.from('x'.repeat((size - (await overhead(engine, peer))) % 2))]);
        const before = peer.received.length;
        const outcome = await engine.sendMessage(
          messageTo(`sip:b@127.0.0.1:${peer.port}`, { callId: 'size', body: padded }),
        );
        assert.equal(told(outcome), result);
        assert.equal(peer.received.length - before, result === 200 ? 1 : 0);
        if (result === 200) assert.equal(Buffer.byteLength(peer.received.at(-1) as string), size);
      });
    }

    it('where larger ones are allowed they go by TCP, and by UDP when that is refused', async () => {
      const engine = await engineWith({ options: { limits: { maxMessageOctets: 4000 } } });
      const peer = await udp();
      peer.answer = () => 200;
      const large = messageTo(`sip:b@127.0.0.1:${peer.port};transport=udp`, { body: Buffer.alloc(2000, 'x') });
      assert.equal(told(await engine.sendMessage(large)), 200);
      assert.match(peer.received[0] as string, /^Via: SIP\/2\.0\/UDP /m);
      const server = await tcpServer(peer.port);
      const accepted = server.accept();
      const outcome = engine.sendMessage(large);
      const connection = await accepted;
      const request = read(await connection.next()) as SipRequest;
      assert.equal(request.topVia.transport, 'TCP');
      connection.write(`${responseText(request, 202)}`);
      assert.equal(told(await outcome), 202);
      assert.equal(peer.received.length, 1);
    });
  });

  describe('requests that are no MESSAGE', () => {
    const ask = async (engine: EmbeddedSipEngine, lines: readonly string[], method: string): Promise<string> => {
      const peer = await udp();
      peer.send(
        [
          ...lines,
          `Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK${method}${Math.floor(lines.length)};rport`,
          'From: <sip:a@elsewhere.test>;tag=1',
          'To: <sip:b@example.com>',
          'Call-ID: x',
          `CSeq: 1 ${method}`,
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
        portOf(engine, 'udp'),
      );
      return peer.next();
    };

    it('OPTIONS to the gateway itself is answered, with no hops left too', async () => {
      const engine = await engineWith();
      const answer = await ask(engine, ['OPTIONS sip:127.0.0.1 SIP/2.0', 'Max-Forwards: 0'], 'OPTIONS');
      assert.match(answer, /^SIP\/2\.0 200 OK\r\n/);
      assert.match(answer, /^Allow: MESSAGE, OPTIONS, REGISTER\r$/m);
      assert.match(answer, /^Accept: text\/plain\r$/m);
    });

    it('CANCEL of nothing is 481', async () => {
      assert.match(await ask(await engineWith(), ['CANCEL sip:b@example.com SIP/2.0'], 'CANCEL'), /^SIP\/2\.0 481 /);
    });

    it('INVITE is 405 once for each copy, whether an ACK comes or not: a forged source is not showered', async () => {
      const engine = await engineWith({ options: { timers: FAST } });
      const peer = await udp();
      const invite = (method: string) =>
        [
          `${method} sip:b@example.com SIP/2.0`,
          'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKinv;rport',
          'From: <sip:a@elsewhere.test>;tag=1',
          'To: <sip:b@example.com>',
          'Call-ID: x',
          `CSeq: 1 ${method}`,
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n');
      peer.send(invite('INVITE'), portOf(engine, 'udp'));
      const first = await peer.next();
      assert.match(first, /^SIP\/2\.0 405 /);
      assert.match(first, /^Allow: MESSAGE, OPTIONS, REGISTER\r$/m);
      assert.deepEqual([engine.stats.openServerTransactions, engine.stats.lingeringServerTransactions], [0, 0]);
      peer.send(invite('INVITE'), portOf(engine, 'udp'));
      assert.equal(await peer.next(), first); // RFC 3261 §8.2.7: the same To tag
      peer.send(invite('ACK'), portOf(engine, 'udp'));
      assert.match(await ask(engine, ['OPTIONS sip:b@example.com SIP/2.0'], 'OPTIONS'), /^SIP\/2\.0 200 /);
      assert.equal(engine.stats.lingeringServerTransactions, 1);
    });

    it('a merged request is 482 (RFC 3261 §8.2.2.2)', async () => {
      const engine = await engineWith();
      await ask(engine, ['OPTIONS sip:b@example.com SIP/2.0'], 'OPTIONS');
      assert.match(
        await ask(engine, ['OPTIONS sip:b@example.com SIP/2.0', 'Max-Forwards: 3'], 'OPTIONS'),
        /^SIP\/2\.0 482 /,
      );
    });
  });

  describe('listeners that misbehave', () => {
    it('a rejection is answered 500 and logged', async () => {
      const { engine, log } = await openEngine({ options: { trustedPeers: ['127.0.0.1'] } });
      open.push(engine);
      engine.onMessage(() => Promise.reject(new Error('our bug')));
      const romeo = await phone(engine, 'romeo');
      assert.equal((await romeo.message('sip:juliet@example.com', 'Hi')).status, 500);
      assert.match(String(log.lines.at(-1)?.fields.stack), /our bug/);
    });

    it('without a listener it is 503', async () => {
      const engine = await engineWith({ options: { trustedPeers: ['127.0.0.1'] } });
      const romeo = await phone(engine, 'romeo');
      const answer = await romeo.message('sip:juliet@example.com', 'Hi');
      assert.deepEqual([answer.status, answer.headers.get('Retry-After')], [503, '10']);
    });

    it('a header with a line break is our own bug: sending rejects, and harms nothing', async () => {
      const engine = await engineWith();
      const bad = messageTo('sip:b@127.0.0.1', { headers: [['Subject', 'a\r\nb: c']] });
      await assert.rejects(engine.sendMessage(bad), /CR or LF/);
    });
  });

  describe('bounds and the end', () => {
    /** An engine whose listener answers when `release` is called. */
    const held = async (parts: Parameters<typeof openEngine>[0] = {}) => {
      const engine = await engineWith({ ...parts, options: { trustedPeers: ['127.0.0.1'], ...parts.options } });
      const waiting: (() => void)[] = [];
      engine.onMessage(() => new Promise((resolve) => waiting.push(() => resolve({ status: 200 }))));
      const release = () => {
        for (const each of waiting.splice(0)) each();
      };
      return { engine, waiting, release };
    };

    it('above the bound of open transactions it says 503 with Retry-After', async () => {
      const { engine, waiting, release } = await held({ options: { limits: { maxTransactions: 2 } } });
      const romeo = await phone(engine, 'romeo');
      const first = [1, 2].map((n) => romeo.message('sip:juliet@example.com', `${n}`));
      await until(() => waiting.length === 2);
      const refused = await romeo.message('sip:juliet@example.com', '3');
      assert.deepEqual([refused.status, refused.headers.get('Retry-After')], [503, '10']);
      release();
      assert.deepEqual(
        (await Promise.all(first)).map(({ status }) => status),
        [200, 200],
      );
      const later = romeo.message('sip:juliet@example.com', '4');
      await until(() => waiting.length === 1);
      release();
      assert.equal((await later).status, 200);
    });

    it('its own requests are bounded: overload', async () => {
      const silent = await udp();
      const engine = await engineWith({ options: { limits: { maxTransactions: 1 } } });
      const to = messageTo(`sip:b@127.0.0.1:${silent.port}`);
      void engine.sendMessage(to);
      assert.equal(told(await engine.sendMessage(to)), 'overload');
    });

    for (const transport of ['udp', 'tcp'] as const) {
      it(`draining refuses new work and lets what is open finish (${transport})`, async () => {
        const { engine, waiting, release } = await held();
        const romeo = await phone(engine, 'romeo', transport);
        const accepted = romeo.message('sip:juliet@example.com', 'before');
        await until(() => waiting.length === 1);
        let stopped = false;
        const stop = engine.stop(5000).then(() => {
          stopped = true;
        });
        assert.equal((await romeo.message('sip:juliet@example.com', 'after')).status, 503);
        assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 'draining');
        assert.equal(stopped, false);
        release();
        assert.equal((await accepted).status, 200);
        await stop;
      });
    }

    it('what does not finish in time ends as draining, once', async () => {
      const silent = await udp();
      const engine = await engineWith();
      const outcome = engine.sendMessage(messageTo(`sip:b@127.0.0.1:${silent.port}`));
      await silent.next();
      await engine.stop(20);
      assert.equal(told(await outcome), 'draining');
      assert.equal(engine.stats.openClientTransactions, 0);
    });

    it('what waits for the DNS as well', async () => {
      const engine = await engineWith({ dns: { cached: () => undefined, query: () => new Promise(() => {}) } });
      const outcome = engine.sendMessage(messageTo('sip:b@elsewhere.test'));
      await engine.stop(20);
      assert.equal(told(await outcome), 'draining');
    });
  });

  it('a bad option stops the construction with a remedy', async () => {
    await assert.rejects(engineWith({ options: { listen: ['tls:127.0.0.1:5061'] } }), /not served by this version/);
    await assert.rejects(engineWith({ options: { trustedPeers: ['localhost'] } }), /expected ADDRESS/);
    await assert.rejects(engineWith({ options: { outboundProxy: 'proxy.test' } }), /write it as in sip:/);
  });

  it('a connection that a phone opened is used to reach it', async () => {
    const engine = await engineWith({ random: new SystemRandom() });
    const romeo = await phone(engine, 'romeo', 'tcp');
    // nobody listens at the Contact: only the connection of the REGISTER leads to the phone
    await romeo.register(3600, '<sip:romeo@127.0.0.1:9;transport=tcp>');
    assert.equal(told(await engine.sendMessage(messageTo('sip:romeo@example.net'))), 200);
    const raw = await RawTcpPeer.open(portOf(engine, 'tcp'));
    open.push(raw);
    raw.write('\r\n\r\n');
    assert.equal(await raw.next(), 'pong');
  });
});

function responseText(request: SipRequest, status: number): string {
  return [
    `SIP/2.0 ${status} Accepted`,
    `Via: ${request.headers.get('Via')}`,
    `From: ${request.headers.get('From')}`,
    `To: ${request.headers.get('To')};tag=x`,
    `Call-ID: ${request.callId}`,
    `CSeq: ${request.headers.get('CSeq')}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
