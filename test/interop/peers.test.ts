/** The peers with each other, without the gateway: when this fails, the other suites of this folder tell nothing. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { Dnsmasq } from '../support/peers/dnsmasq.js';
import { Ejabberd } from '../support/peers/ejabberd.js';
import { GoSendxmpp } from '../support/peers/go-sendxmpp.js';
import { describeWithPeers } from '../support/peers/installed.js';
import { Kamailio } from '../support/peers/kamailio.js';
import { Linphone } from '../support/peers/linphone.js';
import { Prosody } from '../support/peers/prosody.js';
import { Sipp } from '../support/peers/sipp.js';
import { SlixmppUser } from '../support/peers/slixmpp.js';

const NOBODY_THERE = { host: '127.0.0.2', port: 9 };

describeWithPeers('SIPp with SIPp', ['sipp'], () => {
  for (const transport of ['udp', 'tcp'] as const) {
    it(`sends and answers a MESSAGE over ${transport}`, async () => {
      const server = await Sipp.server({ scenario: 'message-uas.xml', transport, answer: '486 Busy Here' });
      const sent = await Sipp.run({
        scenario: 'message-uac.xml',
        transport,
        remote: server,
        user: 'romeo',
        keys: { from: 'juliet', from_domain: 'example.com', domain: 'example.net', text: 'Art thou not Romeo' },
      });
      assert.deepEqual(
        sent.filter(({ direction }) => direction === 'received').map(({ status }) => status),
        [486],
      );
      const [received] = await server.finished();
      assert.equal(received?.body, 'Art thou not Romeo 1');
      assert.equal(received?.header('From'), '<sip:juliet@example.com>;tag=1');
      await server.stop();
    });
  }

  it('loses its first response on purpose', async () => {
    const server = await Sipp.server({ scenario: 'message-lossy-uas.xml', retransmissions: false });
    const sent = await Sipp.run({
      scenario: 'message-uac.xml',
      remote: server,
      user: 'romeo',
      keys: { from: 'juliet', from_domain: 'example.com', domain: 'example.net', text: 'again' },
    });
    const received = await server.finished();
    assert.equal(sent.filter(({ direction }) => direction === 'sent').length, 2, 'the request and its retransmission');
    assert.equal(sent.at(-1)?.status, 200);
    assert.equal(received.filter(({ direction }) => direction === 'received').length, 2);
    await server.stop();
  });
});

describeWithPeers('Kamailio with SIPp and linphone', ['kamailio', 'sipp', 'linphone'], () => {
  let kamailio: Kamailio;
  const phones: Linphone[] = [];

  before(async () => {
    kamailio = await Kamailio.start({ users: ['romeo', 'mercutio', 'tybalt'], gateway: NOBODY_THERE });
    const password = kamailio.password;
    for (const user of ['romeo', 'mercutio']) {
      phones.push(await Linphone.registered({ user, domain: 'example.net', password, registrar: kamailio }));
    }
  });
  after(async () => {
    for (const phone of phones) await phone.stop();
    await kamailio?.stop();
  });

  it('carries a message from phone to phone', async () => {
    assert.equal(await phones[0]!.send('sip:mercutio@example.net', 'hello there'), 'Delivered');
    assert.equal((await phones[1]!.message('hello there')).from, 'sip:romeo@example.net');
  });

  it('tells a phone that its message was not delivered', async () => {
    assert.equal(await phones[0]!.send('sip:nobody@example.net', 'lost'), 'NotDelivered');
  });

  it('registers a SIPp user agent by digest', async () => {
    const server = await Sipp.server({ scenario: 'message-uas.xml' });
    await Sipp.run({
      scenario: 'register-uac.xml',
      remote: kamailio,
      user: 'tybalt',
      authentication: { username: 'tybalt', password: kamailio.password },
      keys: { domain: 'example.net', contact: `${server.host}:${server.port}` },
    });
    assert.equal(await phones[0]!.send('sip:tybalt@example.net', 'peace'), 'Delivered');
    assert.equal((await server.finished())[0]?.body, 'peace');
    await server.stop();
  });

  it('challenges who sends for one of its users', async () => {
    const keys = { from: 'romeo', from_domain: 'example.net', domain: 'example.net', text: 'false' };
    const sent = await Sipp.run({ scenario: 'message-uac.xml', remote: kamailio, user: 'mercutio', keys });
    assert.equal(sent.at(-1)?.status, 407);
  });
});

describeWithPeers('Prosody with slixmpp and go-sendxmpp', ['prosody', 'slixmpp', 'go-sendxmpp'], () => {
  let prosody: Prosody;
  let juliet: SlixmppUser;
  let nurse: GoSendxmpp;

  before(async () => {
    prosody = await Prosody.start({ domain: 'example.com', component: 'example.net' });
    const { host, c2sPort: port, caFile } = prosody;
    const password = await prosody.addUser('juliet');
    juliet = await SlixmppUser.online({ jid: 'juliet@example.com/balcony', password, host, port, caFile });
    nurse = await GoSendxmpp.make({ jid: 'nurse@example.com', password: await prosody.addUser('nurse'), host, port });
  });
  after(async () => {
    await nurse?.stop();
    await juliet?.stop();
    await prosody?.stop();
  });

  it('carries messages both ways', async () => {
    await nurse.send('juliet@example.com', 'Madam!');
    assert.equal((await juliet.message('Madam!')).from.split('/')[0], 'nurse@example.com');
    const listener = nurse.listen();
    await listener.line(/roster|presence/);
    juliet.send('nurse@example.com', 'Anon, good nurse!');
    await listener.line(/juliet@example\.com.*: Anon, good nurse!/);
  });

  it('answers for a user that does not exist', async () => {
    const error = await juliet.errorOf(juliet.send('nobody@example.com', 'lost'));
    assert.equal(error.condition, 'service-unavailable');
  });
});

describeWithPeers('ejabberd with slixmpp', ['ejabberd', 'slixmpp'], () => {
  it('signs a user in and answers for one that does not exist', async () => {
    const ejabberd = await Ejabberd.start({ domain: 'example.com', component: 'example.net' });
    const { host, c2sPort: port, caFile } = ejabberd;
    const password = await ejabberd.addUser('juliet');
    const juliet = await SlixmppUser.online({ jid: 'juliet@example.com/balcony', password, host, port, caFile });
    const error = await juliet.errorOf(juliet.send('nobody@example.com', 'lost'));
    assert.equal(error.condition, 'service-unavailable');
    await juliet.stop();
    await ejabberd.stop();
  });
});

describeWithPeers('dnsmasq', ['dnsmasq'], () => {
  it('answers with the records that it was given, and with nothing else', async () => {
    const dnsmasq = await Dnsmasq.start({
      a: { 'ua.example.net': '127.0.0.1' },
      srv: [{ name: '_sip._udp.example.net', target: 'ua.example.net', port: 5070 }],
      naptr: [{ name: 'example.net', order: 10, service: 'SIP+D2U', replacement: '_sip._udp.example.net' }],
    });
    const resolver = new Resolver();
    resolver.setServers([dnsmasq.address]);
    assert.deepEqual(await resolver.resolve4('ua.example.net'), ['127.0.0.1']);
    assert.equal((await resolver.resolveSrv('_sip._udp.example.net'))[0]?.port, 5070);
    assert.equal((await resolver.resolveNaptr('example.net'))[0]?.replacement, '_sip._udp.example.net');
    await assert.rejects(resolver.resolve4('elsewhere.example.org'), { code: 'ENOTFOUND' });
    assert.ok(dnsmasq.queries.includes('query[SRV] _sip._udp.example.net'));
    await dnsmasq.stop();
  });
});
