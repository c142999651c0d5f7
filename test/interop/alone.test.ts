/** Verona alone: phones register at it, XMPP clients sign in at it, and they write to each other. */
import assert from 'node:assert/strict';
import { GoSendxmpp } from '../support/peers/go-sendxmpp.js';
import { describeWithPeers } from '../support/peers/installed.js';
import { Linphone } from '../support/peers/linphone.js';
import { freeTcpPort } from '../support/peers/ports.js';
import { secret } from '../support/peers/secret.js';
import { Sipp } from '../support/peers/sipp.js';
import { SlixmppUser } from '../support/peers/slixmpp.js';
import { Verona } from '../support/peers/verona.js';

const passwords = { juliet: secret(), nurse: secret(), romeo: secret(), benvolio: secret() };
const ROMEO = { from: 'romeo', from_domain: 'example.net', domain: 'example.com' };

async function alone(): Promise<{ gateway: Verona; c2sPort: number }> {
  const c2sPort = await freeTcpPort();
  const gateway = await Verona.ready({
    config: {
      domains: { xmpp: ['example.com'], sip: ['example.net'] },
      xmpp: { server: { c2s: { listen: `127.0.0.1:${c2sPort}` } } },
      sip: { registrar: { enabled: true, realm: 'example.net' } },
      users: [
        { jid: 'juliet@example.com', password: passwords.juliet },
        { jid: 'nurse@example.com', password: passwords.nurse },
        { aor: 'sip:romeo@example.net', password: passwords.romeo },
        { aor: 'sip:benvolio@example.net', password: passwords.benvolio },
      ],
    },
  });
  return { gateway, c2sPort };
}

function client(user: 'juliet' | 'nurse', port: number) {
  return { jid: `${user}@example.com`, password: passwords[user], host: '127.0.0.1', port };
}

for (const transport of ['udp', 'tcp'] as const) {
  describeWithPeers(`alone, with linphone over ${transport} and slixmpp`, ['linphone', 'slixmpp'], () => {
    let gateway: Verona;
    let juliet: SlixmppUser;
    let romeo: Linphone;
    let c2sPort: number;

    before(async () => {
      const started = await alone();
      gateway = started.gateway;
      c2sPort = started.c2sPort;
      const registrar = { host: gateway.host, port: gateway.port, transport };
      juliet = await SlixmppUser.online({ ...client('juliet', started.c2sPort), caFile: gateway.caFile });
      romeo = await Linphone.registered({ user: 'romeo', domain: 'example.net', password: passwords.romeo, registrar });
    });
    after(async () => {
      await romeo?.stop();
      await juliet?.stop();
      await gateway?.stop();
    });

    it('takes a message of the phone to the XMPP user', async () => {
      const text = 'Neither, fair saint – <if> & either';
      assert.equal(await romeo.send('sip:juliet@example.com', text), 'Delivered');
      const message = await juliet.message(text);
      assert.equal(message.from.split('/')[0], 'romeo@example.net');
    });

    it('takes a message of the XMPP user to the phone', async () => {
      const text = 'Art thou not Romeo, & a <Montague>? – ♥';
      juliet.send('romeo@example.net', text);
      const shown = await romeo.message(text);
      assert.match(shown.from, /^<?sip:juliet@example\.com(;gr=\w+)?>?$/);
      assert.deepEqual(juliet.errors, []);
    });

    it('takes a long message of the phone to the XMPP user', async () => {
      const text = 'A pair of star-cross’d lovers. '.repeat(60).trim();
      assert.equal(await romeo.send('sip:juliet@example.com', text), 'Delivered');
      await juliet.message(text);
    });

    it('takes a message of the XMPP user that fits a MESSAGE to the phone, and refuses a longer one (RFC 3428 §8)', async () => {
      const sentence = 'A pair of star-cross’d lovers! ';
      const fitting = sentence.repeat(25).trim();
      juliet.send('romeo@example.net', fitting);
      await romeo.message(fitting);
      const error = await juliet.errorOf(juliet.send('romeo@example.net', sentence.repeat(60)));
      assert.equal(error.condition, 'policy-violation');
      assert.equal(error.errorType, 'modify');
    });

    it('tells the phone that there is no such XMPP user', async () => {
      assert.equal(await romeo.send('sip:nobody@example.com', 'lost'), 'NotDelivered');
    });

    it('lets no phone register with a wrong password', async () => {
      const registrar = { host: gateway.host, port: gateway.port, transport };
      await assert.rejects(
        Linphone.registered({ user: 'benvolio', domain: 'example.net', password: 'wrong', registrar }),
        /could not register/,
      );
    });

    it('keeps a message for an XMPP user who is away', async () => {
      assert.equal(await romeo.send('sip:nurse@example.com', 'Commend me to thy lady'), 'Delivered');
      const nurse = await SlixmppUser.online({ ...client('nurse', c2sPort), caFile: gateway.caFile });
      const message = await nurse.message('Commend me to thy lady');
      assert.match(message.xml, /urn:xmpp:delay/);
      await nurse.stop();
    });
  });
}

describeWithPeers('alone, with go-sendxmpp, slixmpp and linphone', ['go-sendxmpp', 'slixmpp', 'linphone'], () => {
  let gateway: Verona;
  let romeo: Linphone;
  let juliet: SlixmppUser;
  let nurse: GoSendxmpp;

  before(async () => {
    const started = await alone();
    gateway = started.gateway;
    juliet = await SlixmppUser.online({ ...client('juliet', started.c2sPort), caFile: gateway.caFile });
    nurse = await GoSendxmpp.make(client('nurse', started.c2sPort));
    const registrar = { host: gateway.host, port: gateway.port };
    romeo = await Linphone.registered({ user: 'romeo', domain: 'example.net', password: passwords.romeo, registrar });
  });
  after(async () => {
    await romeo?.stop();
    await nurse?.stop();
    await juliet?.stop();
    await gateway?.stop();
  });

  it('carries messages of two kinds of clients both ways', async () => {
    await nurse.send('juliet@example.com', 'Madam!');
    assert.equal((await juliet.message('Madam!')).from.split('/')[0], 'nurse@example.com');
    juliet.send('nurse@example.com', 'Anon, good nurse!'); // she is away: the server keeps it
    await juliet.ping('example.com');
    const listener = nurse.listen();
    await listener.line(/juliet@example\.com.*: Anon, good nurse!/);
    await listener.stop();
  });

  it('carries messages of a phone and go-sendxmpp both ways', async () => {
    assert.equal(await romeo.send('sip:nurse@example.com', 'What wilt thou tell her?'), 'Delivered');
    const listener = nurse.listen();
    await listener.line(/romeo@example\.net.*: What wilt thou tell her\?/);
    await listener.stop();
    await nurse.send('romeo@example.net', 'A word with you');
    assert.match((await romeo.message('A word with you')).from, /^<?sip:nurse@example\.com\b/);
  });

  // linphone answers to the From that it has seen, whose gr is the resource of a session that has ended
  it('takes an answer to a resource that is gone to the XMPP user all the same', async () => {
    assert.equal(await romeo.send('sip:nurse@example.com', 'Bid her devise some means'), 'Delivered');
    await nurse.listen().line(/romeo@example\.net.*: Bid her devise some means/);
  });
});

describeWithPeers('alone, with SIPp and slixmpp', ['sipp', 'slixmpp'], () => {
  let gateway: Verona;
  let juliet: SlixmppUser;

  before(async () => {
    const started = await alone();
    gateway = started.gateway;
    juliet = await SlixmppUser.online({ ...client('juliet', started.c2sPort), caFile: gateway.caFile });
  });
  after(async () => {
    await juliet?.stop();
    await gateway?.stop();
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`challenges a stranger over ${transport}, SHA-256 before MD5 (RFC 8760 §2.4)`, async () => {
      const refused = await Sipp.outcome({
        scenario: 'message-uac.xml',
        transport,
        remote: gateway,
        user: 'juliet',
        keys: { ...ROMEO, text: 'it is my lady' },
      });
      assert.equal(refused.status, 401);
      const challenges = refused.text.split('\r\n').filter((line) => line.startsWith('WWW-Authenticate: '));
      assert.deepEqual(
        challenges.map((line) => /algorithm=([\w-]+)/.exec(line)?.[1]),
        ['SHA-256', 'MD5'],
      );
      await juliet.ping('example.com');
      assert.ok(juliet.seen.every(({ body }) => body !== 'it is my lady 1'));
    });
  }

  for (const [user, condition] of [
    ['benvolio', 'recipient-unavailable'], // not registered: 480
    ['nobody', 'item-not-found'], // 404
  ] as const) {
    it(`tells an XMPP user that ${user} cannot be reached by ${condition}`, async () => {
      const error = await juliet.errorOf(juliet.send(`${user}@example.net`, 'lost'));
      assert.equal(error.condition, condition);
    });
  }
});
