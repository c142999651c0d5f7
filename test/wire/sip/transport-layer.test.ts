import assert from 'node:assert/strict';
import { noMetrics } from '../../../src/base/metrics.js';
import type { Hop } from '../../../src/sip/locate/locate.js';
import { responseTo, type SipRequest, type SipResponse, serialize } from '../../../src/sip/message/message.js';
import { Via } from '../../../src/sip/message/via.js';
import { parseListenAddress } from '../../../src/wire/sip/listen-address.js';
import {
  advertisedSentBy,
  type Source,
  stampedVia,
  TransportLayer,
  type TransportOptions,
} from '../../../src/wire/sip/transport-layer.js';
import { RawTcpPeer, RawTcpServer, RawUdpPeer, until } from '../../support/raw-sip-peer.js';
import { request } from '../../support/sip-messages.js';

/** A transport layer that answers every request 200, statelessly, and keeps what it saw. */
class Echo {
  readonly requests: SipRequest[] = [];
  readonly responses: SipResponse[] = [];
  readonly sources: Source[] = [];
  readonly layer: TransportLayer;

  constructor(options: Partial<TransportOptions> = {}) {
    this.layer = new TransportLayer(
      { listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'], ...options },
      {
        request: (received, source) => {
          this.requests.push(received);
          this.sources.push(source);
          this.#reply(received, source, 200);
        },
        response: (received) => this.responses.push(received),
        malformed: (failure, answerable, source) => this.#reply(answerable, source, failure.status),
      },
      noMetrics,
    );
  }

  #reply(received: SipRequest, source: Source, status: number): void {
    const outlet = this.layer.replyTo(received, source);
    const response = responseTo(received, status, { toTag: 'echo' });
    outlet.stamp(response, received);
    outlet.send(serialize(response), undefined);
  }

  port(transport: 'udp' | 'tcp'): number {
    const text = this.layer.listening.find((listener) => listener.startsWith(transport)) as string;
    return Number(text.slice(text.lastIndexOf(':') + 1));
  }
}

const text = (parts: Parameters<typeof request>[0]) => serialize(request(parts)).toString();
const firstVia = (message: string) => /^Via: (.*)\r$/m.exec(message)?.[1];

describe('SIP transports over loopback', () => {
  const open: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.stop();
  });
  const start = async (options: Partial<TransportOptions> = {}): Promise<Echo> => {
    const echo = new Echo(options);
    await echo.layer.start();
    open.push(echo.layer);
    return echo;
  };
  const udp = async (): Promise<RawUdpPeer> => {
    const peer = await RawUdpPeer.open();
    open.push(peer);
    return peer;
  };
  const tcp = async (echo: Echo): Promise<RawTcpPeer> => {
    const peer = await RawTcpPeer.open(echo.port('tcp'));
    open.push(peer);
    return peer;
  };

  describe('RFC 3581 §4, RFC 3261 §18.2: where responses go over UDP', () => {
    it('with rport to the port that the request came from', async () => {
      const echo = await start();
      const phone = await udp();
      phone.send(text({ via: 'SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bK1' }), echo.port('udp'));
      const response = await phone.next();
      assert.equal(
        firstVia(response),
        `SIP/2.0/UDP 10.1.1.1:4540;rport=${phone.port};branch=z9hG4bK1;received=127.0.0.1`,
      );
    });

    it('without rport to the port of sent-by', async () => {
      const echo = await start();
      const [from, at] = [await udp(), await udp()];
      from.send(text({ via: `SIP/2.0/UDP 127.0.0.1:${at.port};branch=z9hG4bK1` }), echo.port('udp'));
      assert.equal(firstVia(await at.next()), `SIP/2.0/UDP 127.0.0.1:${at.port};branch=z9hG4bK1`);
      assert.equal(from.received.length, 0);
    });

    it('a host name in sent-by gets received', async () => {
      const echo = await start();
      const [from, at] = [await udp(), await udp()];
      from.send(text({ via: `SIP/2.0/UDP phone.test:${at.port};branch=z9hG4bK1` }), echo.port('udp'));
      assert.equal(firstVia(await at.next()), `SIP/2.0/UDP phone.test:${at.port};branch=z9hG4bK1;received=127.0.0.1`);
    });

    it('only the top Via is marked', async () => {
      const echo = await start();
      const phone = await udp();
      const via = 'SIP/2.0/UDP 10.1.1.1;rport;branch=z9hG4bK2, SIP/2.0/TCP 10.2.2.2;rport;branch=z9hG4bK1';
      phone.send(text({ via }), echo.port('udp'));
      const response = await phone.next();
      assert.match(response, new RegExp(`;rport=${phone.port};`));
      assert.match(response, /SIP\/2\.0\/TCP 10\.2\.2\.2;rport;branch=z9hG4bK1/);
    });
  });

  for (const [what, via, expected] of [
    ['same address', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
    [
      'same IPv6 address, spelled otherwise',
      'SIP/2.0/UDP [2001:DB8:0::1];branch=z9hG4bK1',
      'SIP/2.0/UDP [2001:db8:0::1];branch=z9hG4bK1',
    ],
    [
      'rport',
      'SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1',
      'SIP/2.0/UDP 192.0.2.1;rport=4000;branch=z9hG4bK1;received=192.0.2.1',
    ],
    [
      'forged received',
      'SIP/2.0/UDP a.test;received=203.0.113.1;branch=z9hG4bK1',
      'SIP/2.0/UDP a.test;received=192.0.2.1;branch=z9hG4bK1',
    ],
    [
      'forged rport',
      'SIP/2.0/UDP 192.0.2.1;rport=99;branch=z9hG4bK1',
      'SIP/2.0/UDP 192.0.2.1;rport=4000;branch=z9hG4bK1;received=192.0.2.1',
    ],
  ] as const) {
    it(`marking a Via: ${what}`, () => {
      const parsed = Via.parse(via);
      assert.ok(parsed.ok);
      const source = via.includes('[') ? '2001:db8::1' : '192.0.2.1';
      assert.equal(stampedVia(parsed.value, source, 4000).toString(), expected);
    });
  }

  it('datagrams that only keep a binding alive are passed over', async () => {
    const echo = await start();
    const phone = await udp();
    for (const ping of ['\r\n\r\n', '\r\n', '\0\0\0\0', '\0']) phone.send(ping, echo.port('udp'));
    phone.send(text({ via: 'SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1' }), echo.port('udp'));
    assert.match(await phone.next(), /^SIP\/2\.0 200 /);
    assert.equal(phone.received.length, 1);
  });

  it('what is no SIP costs its sender an answer if it can be answered, and nobody else anything', async () => {
    const echo = await start();
    const phone = await udp();
    phone.send('GET / HTTP/1.1\r\n\r\n', echo.port('udp'));
    phone.send(Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 4]), echo.port('udp'));
    phone.send(
      text({ via: 'SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1' }).replace('CSeq: 1 MESSAGE', 'CSeq: 1 OPTIONS'),
      echo.port('udp'),
    );
    assert.match(await phone.next(), /^SIP\/2\.0 400 /);
    phone.send(text({ via: 'SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK2' }), echo.port('udp'));
    assert.match(await phone.next(), /^SIP\/2\.0 200 /);
    assert.equal(echo.requests.length, 1);
  });

  it('a response whose top Via is not ours is dropped (RFC 3261 §18.1.2)', async () => {
    const echo = await start();
    const peer = await udp();
    const ours = `SIP/2.0/UDP 127.0.0.1:${echo.port('udp')};branch=z9hG4bK1`;
    const answer = (via: string) => serialize(responseTo(request({ via }), 200));
    peer.send(answer('SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK1'), echo.port('udp'));
    peer.send(answer(ours), echo.port('udp'));
    await until(() => echo.responses.length > 0);
    assert.deepEqual(
      echo.responses.map((response) => response.topVia.host),
      ['127.0.0.1'],
    );
  });

  describe('RFC 3261 §18.3: TCP', () => {
    it('a request cut at any octet arrives whole', async () => {
      const echo = await start();
      const peer = await tcp(echo);
      const whole = Buffer.from(text({ via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKcut', body: 'č'.repeat(20) }));
      for (let cut = 1; cut < whole.length; cut++) {
        peer.write(whole.subarray(0, cut));
        if (cut % 8 === 0) await new Promise(setImmediate); // lets some cuts reach the peer as they are
        peer.write(whole.subarray(cut));
        assert.match(await peer.next(), /^SIP\/2\.0 200 /);
      }
      assert.equal(echo.requests.length, whole.length - 1);
      assert.ok(echo.requests.every((received) => Buffer.from(received.body).toString() === 'č'.repeat(20)));
    });

    it('octet by octet, too', async () => {
      const echo = await start();
      const peer = await tcp(echo);
      for (const octet of Buffer.from(text({ via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1' }))) {
        peer.write(Buffer.from([octet]));
        await new Promise(setImmediate);
      }
      assert.match(await peer.next(), /^SIP\/2\.0 200 /);
    });

    it('several requests in one write are answered in order', async () => {
      const echo = await start();
      const peer = await tcp(echo);
      peer.write([1, 2, 3].map((cseq) => text({ via: `SIP/2.0/TCP a.test;branch=z9hG4bK${cseq}`, cseq })).join(''));
      for (const cseq of [1, 2, 3]) assert.match(await peer.next(), new RegExp(`CSeq: ${cseq} MESSAGE`));
    });

    it('garbage is answered if it can be, and closes that connection alone', async () => {
      const echo = await start();
      const [bad, good] = [await tcp(echo), await tcp(echo)];
      bad.write(
        text({ via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1' }).replace(/Content-Length: \d+/, 'Content-Length: x'),
      );
      assert.match(await bad.next(), /^SIP\/2\.0 400 /);
      bad.socket.end();
      await bad.closed;
      good.write(text({ via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK2' }));
      assert.match(await good.next(), /^SIP\/2\.0 200 /);
    });

    it('what cannot be answered just closes', async () => {
      const echo = await start();
      const bad = await tcp(echo);
      bad.write('GET / HTTP/1.1\r\n\r\n');
      bad.socket.end();
      await bad.closed;
      assert.equal(bad.received.length, 0);
      await until(() => echo.layer.connections === 0);
    });

    it('a double CRLF is answered by one (RFC 5626 §4.4.1)', async () => {
      const echo = await start();
      const peer = await tcp(echo);
      peer.write('\r\n\r\n');
      assert.equal(await peer.next(), 'pong');
    });

    it('a connection closes that says nothing, that begins a message and never ends it, and that rests too long', async () => {
      const strict = await start({ messageTimeoutMs: 30 });
      const [silent, begun] = [await tcp(strict), await tcp(strict)];
      begun.write('MESSAGE sip:a@b SIP/2.0\r\n');
      await Promise.all([silent.closed, begun.closed]);
      const resting = await tcp(await start({ idleTimeoutMs: 30 }));
      resting.write(text({ via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1' }));
      assert.match(await resting.next(), /^SIP\/2\.0 200 /);
      await resting.closed;
    });

    it('connections are bounded', async () => {
      const echo = await start({ maxConnections: 2 });
      const [first, second] = [await tcp(echo), await tcp(echo)];
      await until(() => echo.layer.connections === 2);
      const third = await tcp(echo);
      await third.closed;
      for (const peer of [first, second]) {
        peer.write(text({ via: 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1' }));
        assert.match(await peer.next(), /^SIP\/2\.0 200 /);
      }
    });
  });

  describe('sending over TCP', () => {
    const recorder = () => {
      const failures: boolean[] = [];
      return { failures, transportFailed: (mayHaveArrived: boolean) => void failures.push(mayHaveArrived) };
    };
    const octets = serialize(request());

    it('one connection to a peer serves every request', async () => {
      const echo = await start();
      const server = await RawTcpServer.open();
      open.push(server);
      const hop: Hop = { transport: 'tcp', address: '127.0.0.1', port: server.port };
      const accepted = server.accept();
      echo.layer.outletTo(hop).send(octets, recorder());
      echo.layer.outletTo(hop).send(octets, recorder());
      const peer = await accepted;
      await peer.next();
      await peer.next();
      assert.equal(server.connections, 1);
    });

    it('a connection that the peer opened serves as well', async () => {
      const echo = await start();
      const peer = await tcp(echo);
      await until(() => echo.layer.connections === 1);
      const port = peer.socket.localPort as number;
      assert.equal(echo.layer.isConnected('127.0.0.1', port), true);
      echo.layer.outletTo({ transport: 'tcp', address: '127.0.0.1', port }).send(octets, recorder());
      assert.match(await peer.next(), /^MESSAGE /);
    });

    it('a refused connection fails before anything left', async () => {
      const echo = await start();
      const server = await RawTcpServer.open();
      const { port } = server;
      await server.stop();
      const sender = recorder();
      echo.layer.outletTo({ transport: 'tcp', address: '127.0.0.1', port }).send(octets, sender);
      await until(() => sender.failures.length > 0);
      assert.deepEqual(sender.failures, [false]);
    });

    it('a connection that breaks fails what waits on it, as possibly arrived, and not what is done', async () => {
      const echo = await start();
      const server = await RawTcpServer.open();
      open.push(server);
      const hop: Hop = { transport: 'tcp', address: '127.0.0.1', port: server.port };
      const [waiting, done] = [recorder(), recorder()];
      const accepted = server.accept();
      const outlets = [echo.layer.outletTo(hop), echo.layer.outletTo(hop)];
      outlets[0]!.send(octets, waiting);
      outlets[1]!.send(octets, done);
      const peer = await accepted;
      await peer.next();
      await peer.next();
      outlets[1]!.release(done);
      peer.socket.destroy();
      await until(() => waiting.failures.length > 0);
      assert.deepEqual([waiting.failures, done.failures], [[true], []]);
    });

    it('a peer that does not read fills its queue, and further sending fails', async () => {
      const echo = await start({ maxQueuedOctets: 64 * 1024 });
      const server = await RawTcpServer.open();
      open.push(server);
      const accepted = server.accept();
      const hop: Hop = { transport: 'tcp', address: '127.0.0.1', port: server.port };
      const large = Buffer.alloc(64 * 1024, 'x');
      const sender = recorder();
      echo.layer.outletTo(hop).send(large, sender);
      (await accepted).socket.pause();
      for (let sent = 0; sender.failures.length === 0; sent++) {
        assert.ok(sent < 2000, 'the queue has no bound');
        echo.layer.outletTo(hop).send(large, sender);
        await new Promise(setImmediate);
      }
      assert.equal(sender.failures[0], false);
    });

    it('a response whose connection is gone goes to where the client listens (RFC 3261 §18.2.2)', async () => {
      const held: (() => void)[] = [];
      const layer = new TransportLayer(
        { listen: ['tcp:127.0.0.1:0'] },
        {
          request: (received, source) => {
            const outlet = layer.replyTo(received, source);
            held.push(() => outlet.send(serialize(responseTo(received, 200)), undefined));
          },
          response: () => {},
          malformed: () => {},
        },
        noMetrics,
      );
      await layer.start();
      open.push(layer);
      const home = await RawTcpServer.open();
      open.push(home);
      const peer = await RawTcpPeer.open(Number((layer.listening[0] as string).split(':').at(-1)));
      peer.write(text({ via: `SIP/2.0/TCP 127.0.0.1:${home.port};branch=z9hG4bK1` }));
      await until(() => held.length > 0);
      await peer.stop();
      await until(() => layer.connections === 0);
      const accepted = home.accept();
      held[0]!();
      assert.match(await (await accepted).next(), /^SIP\/2\.0 200 /);
    });
  });

  it('IPv6 listens beside IPv4 on the same port, with brackets where SIP wants them', async () => {
    const echo = await start();
    const port = echo.port('udp');
    const both = await start({ listen: [`udp:[::1]:${port}`] });
    assert.deepEqual(both.layer.listening, [`udp:[::1]:${port}`]);
    const peer = await RawUdpPeer.open('::1');
    open.push(peer);
    peer.send(text({ via: 'SIP/2.0/UDP pc.test;rport;branch=z9hG4bK1' }), port, '::1');
    assert.match(firstVia(await peer.next()) as string, /;received=::1$/);
    assert.deepEqual(both.layer.sentByTo({ transport: 'udp', address: '::1', port: 5060 }), {
      transport: 'UDP',
      sentBy: `[::1]:${port}`,
    });
    assert.equal(both.layer.sentByTo({ transport: 'udp', address: '127.0.0.1', port: 5060 }), undefined);
  });

  it('a port that is taken stops the start, and leaves nothing open', async () => {
    const echo = await start();
    const second = new Echo({ listen: ['udp:127.0.0.1:0', `tcp:127.0.0.1:${echo.port('tcp')}`] });
    await assert.rejects(second.layer.start(), /EADDRINUSE/);
  });
});

describe('SIP listeners as configured', () => {
  for (const [text, transport, host, port] of [
    ['udp:127.0.0.1:5060', 'udp', '127.0.0.1', 5060],
    ['tcp:[::1]:5060', 'tcp', '::1', 5060],
    ['udp:0.0.0.0:0', 'udp', '0.0.0.0', 0],
    ['tcp:sip.example.net:5060', 'tcp', 'sip.example.net', 5060],
  ] as const) {
    it(`${text} is read`, () => {
      assert.deepEqual(parseListenAddress(text), { ok: true, value: { transport, host, port } });
    });
  }

  for (const [text, why] of [
    ['tls:127.0.0.1:5061', /not served by this version/],
    ['wss:127.0.0.1:443', /not served by this version/],
    ['sctp:127.0.0.1:5060', /no SIP transport sctp/],
    ['udp:127.0.0.1', /is no SIP listener/],
    ['udp:::1:5060', /is no SIP listener/],
    ['udp:127.0.0.1:65536', /is no SIP listener/],
    ['127.0.0.1:5060', /is no SIP/],
  ] as const) {
    it(`${text} is refused with a remedy`, () => {
      const parsed = parseListenAddress(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.error, why);
      assert.throws(() => new Echo({ listen: [text] }), why);
    });
  }

  for (const [advertise, address, port, sentBy] of [
    [undefined, '127.0.0.1', 5060, '127.0.0.1:5060'],
    [undefined, '::1', 5060, '[::1]:5060'],
    ['GW.example.net', '0.0.0.0', 5070, 'gw.example.net:5070'],
    ['gw.example.net:5080', '0.0.0.0', 5070, 'gw.example.net:5080'],
    ['2001:db8::1', '::', 5060, '[2001:db8::1]:5060'],
    ['[2001:db8::1]:5080', '::', 5060, '[2001:db8::1]:5080'],
  ] as const) {
    it(`${address}:${port}${advertise ? ` advertised as ${advertise}` : ''} is ${sentBy} in Via`, () => {
      assert.equal(advertisedSentBy(advertise, address, port), sentBy);
    });
  }

  it('a listener on all interfaces is told by an address, not by 0.0.0.0', () => {
    assert.doesNotMatch(advertisedSentBy(undefined, '0.0.0.0', 5060), /^0\.0\.0\.0/);
  });
});
