/** Verona finds a SIP domain by DNS (RFC 3263), with dnsmasq as its name server. */
import assert from 'node:assert/strict';
import { Dnsmasq, type Records } from '../support/peers/dnsmasq.js';
import { describeWithPeers } from '../support/peers/installed.js';
import { freeSipPort, freeTcpPort } from '../support/peers/ports.js';
import { secret } from '../support/peers/secret.js';
import { Sipp } from '../support/peers/sipp.js';
import { SlixmppUser } from '../support/peers/slixmpp.js';
import { Verona } from '../support/peers/verona.js';

describeWithPeers('SIP domains in the DNS', ['dnsmasq', 'sipp', 'slixmpp'], () => {
  let dnsmasq: Dnsmasq;
  let gateway: Verona;
  let juliet: SlixmppUser;
  const ports = { srv: 0, naptr: 0, second: 0, dead: 0 };

  before(async () => {
    for (const name of ['srv', 'naptr', 'second', 'dead'] as const) ports[name] = await freeSipPort();
    const records: Records = {
      a: { 'ua.example.net': '127.0.0.1' },
      srv: [
        { name: '_sip._udp.srv.example.net', target: 'ua.example.net', port: ports.srv },
        { name: '_sip._tcp.naptr.example.net', target: 'ua.example.net', port: ports.naptr },
        { name: '_sip._tcp.two.example.net', target: 'ua.example.net', port: ports.dead, priority: 10 },
        { name: '_sip._tcp.two.example.net', target: 'ua.example.net', port: ports.second, priority: 20 },
      ],
      naptr: [
        { name: 'naptr.example.net', order: 10, service: 'SIP+D2T', replacement: '_sip._tcp.naptr.example.net' },
        { name: 'two.example.net', order: 10, service: 'SIP+D2T', replacement: '_sip._tcp.two.example.net' },
      ],
    };
    dnsmasq = await Dnsmasq.start(records);
    const c2sPort = await freeTcpPort();
    const password = secret();
    gateway = await Verona.ready({
      config: {
        domains: {
          xmpp: ['example.com'],
          sip: ['srv.example.net', 'naptr.example.net', 'two.example.net', 'none.example.net'],
        },
        xmpp: { server: { c2s: { listen: `127.0.0.1:${c2sPort}` } } },
        sip: { registrar: { enabled: false }, dns: { servers: [dnsmasq.address] } },
        users: [{ jid: 'juliet@example.com', password }],
      },
    });
    juliet = await SlixmppUser.online({
      jid: 'juliet@example.com/balcony',
      password,
      host: '127.0.0.1',
      port: c2sPort,
      caFile: gateway.caFile,
    });
  });
  after(async () => {
    await juliet?.stop();
    await gateway?.stop();
    await dnsmasq?.stop();
  });

  for (const [title, domain, transport, portName] of [
    ['by SRV', 'srv.example.net', 'udp', 'srv'],
    ['by NAPTR and SRV, which ask for TCP', 'naptr.example.net', 'tcp', 'naptr'],
    ['at the second of two servers when the first is dead', 'two.example.net', 'tcp', 'second'],
  ] as const) {
    it(`finds the servers of a domain ${title}`, async () => {
      const uas = await Sipp.server({ scenario: 'message-uas.xml', transport, port: ports[portName] });
      juliet.send(`romeo@${domain}`, 'Wherefore art thou?');
      const [request] = await uas.finished();
      await uas.stop();
      assert.equal(request?.startLine, `MESSAGE sip:romeo@${domain} SIP/2.0`);
      assert.match(request?.header('Via') ?? '', new RegExp(`^SIP/2\\.0/${transport.toUpperCase()} `));
      assert.ok(dnsmasq.queries.includes(`query[SRV] _sip._${transport}.${domain}`), dnsmasq.queries.join('\n'));
    });
  }

  it('tells the sender when the domain does not exist', async () => {
    const error = await juliet.errorOf(juliet.send('romeo@none.example.net', 'lost'));
    assert.equal(error.condition, 'remote-server-not-found');
  });
});
