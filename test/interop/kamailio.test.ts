/** Verona beside Kamailio, which is its outbound proxy and the phones' registrar. */
import assert from 'node:assert/strict';
import { describeWithPeers } from '../support/peers/installed.js';
import { Kamailio } from '../support/peers/kamailio.js';
import { Linphone } from '../support/peers/linphone.js';
import { freeSipPort, freeTcpPort } from '../support/peers/ports.js';
import { secret } from '../support/peers/secret.js';
import { Sipp } from '../support/peers/sipp.js';
import { SlixmppUser } from '../support/peers/slixmpp.js';
import { Verona } from '../support/peers/verona.js';

describeWithPeers('beside Kamailio, with linphone and slixmpp', ['kamailio', 'linphone', 'sipp', 'slixmpp'], () => {
  let kamailio: Kamailio;
  let gateway: Verona;
  let juliet: SlixmppUser;
  let romeo: Linphone;

  before(async () => {
    const password = secret();
    const c2sPort = await freeTcpPort();
    const place = { host: '127.0.0.2', port: await freeSipPort('127.0.0.2') };
    kamailio = await Kamailio.start({ users: ['romeo', 'mercutio'], gateway: place });
    gateway = await Verona.ready({
      ...place,
      config: {
        domains: { xmpp: ['example.com'], sip: ['example.net'] },
        xmpp: { server: { c2s: { listen: `127.0.0.1:${c2sPort}` } } },
        sip: {
          outboundProxy: `sip:${kamailio.host}:${kamailio.port};transport=udp;lr`,
          trustedPeers: [`${kamailio.host}/32`],
          registrar: { enabled: false },
        },
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
    romeo = await Linphone.registered({
      user: 'romeo',
      domain: 'example.net',
      password: kamailio.password,
      registrar: kamailio,
    });
  });
  after(async () => {
    await romeo?.stop();
    await juliet?.stop();
    await gateway?.stop();
    await kamailio?.stop();
  });

  it('takes a message of a phone at Kamailio to the XMPP user', async () => {
    assert.equal(await romeo.send('sip:juliet@example.com', 'Neither, fair saint'), 'Delivered');
    assert.equal((await juliet.message('Neither, fair saint')).from.split('/')[0], 'romeo@example.net');
  });

  it('takes a message of the XMPP user to the phone at Kamailio', async () => {
    const id = juliet.send('romeo@example.net', 'Art thou not Romeo?');
    const shown = await romeo.message('Art thou not Romeo?');
    assert.match(shown.from, /^<?sip:juliet@example\.com(;gr=\w+)?>?$/);
    await juliet.ping('example.com');
    assert.deepEqual(
      juliet.errors.filter((error) => error.id === id),
      [],
    );
  });

  for (const [user, condition] of [
    ['mercutio', 'recipient-unavailable'], // Kamailio answers 480: not registered
    ['nobody', 'item-not-found'], // Kamailio answers 404
  ] as const) {
    it(`tells the XMPP user that ${user} cannot be reached by ${condition}`, async () => {
      const error = await juliet.errorOf(juliet.send(`${user}@example.net`, 'lost'));
      assert.equal(error.from, `${user}@example.net`);
      assert.equal(error.condition, condition);
    });
  }

  it('tells the phone that there is no such XMPP user', async () => {
    assert.equal(await romeo.send('sip:nobody@example.com', 'lost'), 'NotDelivered');
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`takes a message of a SIPp user agent that proves itself to Kamailio over ${transport}`, async () => {
      const text = `by ${transport}`;
      const final = await Sipp.outcome({
        scenario: 'message-digest-uac.xml',
        transport,
        remote: kamailio,
        user: 'juliet',
        authentication: { username: 'mercutio', password: kamailio.password },
        keys: { from: 'mercutio', from_domain: 'example.net', domain: 'example.com', text },
      });
      assert.equal(final.status, 200);
      assert.equal((await juliet.message(`${text} 1`)).from, 'mercutio@example.net');
    });
  }

  it('takes nothing from a phone that goes past Kamailio', async () => {
    const final = await Sipp.outcome({
      scenario: 'message-uac.xml',
      remote: gateway,
      user: 'juliet',
      keys: { from: 'romeo', from_domain: 'example.net', domain: 'example.com', text: 'forged' },
    });
    assert.ok([401, 403, 407].includes(final.status ?? 0), String(final.status));
  });
});
