/** Verona as a component of real XMPP servers (XEP-0114), with a SIP proxy played by SIPp. */
import assert from 'node:assert/strict';
import { Ejabberd } from '../support/peers/ejabberd.js';
import { GoSendxmpp } from '../support/peers/go-sendxmpp.js';
import { describeWithPeers } from '../support/peers/installed.js';
import { freeSipPort } from '../support/peers/ports.js';
import { Prosody } from '../support/peers/prosody.js';
import { Sipp, type TracedMessage } from '../support/peers/sipp.js';
import { SlixmppUser } from '../support/peers/slixmpp.js';
import { Verona } from '../support/peers/verona.js';
import type { XmppServer } from '../support/peers/xmpp-server.js';

const DOMAINS = { domain: 'example.com', component: 'example.net' };
const ROMEO = { from: 'romeo', from_domain: 'example.net', domain: 'example.com' };

function gatewayOf(server: XmppServer, proxyPort: number, secret = server.componentSecret) {
  return {
    config: {
      domains: { xmpp: ['example.com'], sip: ['example.net'] },
      xmpp: { component: { host: server.host, port: server.componentPort, secret } },
      sip: {
        registrar: { enabled: false },
        outboundProxy: `sip:127.0.0.1:${proxyPort};transport=udp;lr`,
        trustedPeers: ['127.0.0.1/32'],
      },
    },
  };
}

for (const { name, start, end } of [
  { name: 'prosody', start: () => Prosody.start(DOMAINS), end: 'SIGKILL' },
  // killed, ejabberd loses what it has stored in the last minutes: it is stopped in good order
  { name: 'ejabberd', start: () => Ejabberd.start(DOMAINS), end: 'SIGTERM' },
] as const) {
  describeWithPeers(`component of ${name}`, [name, 'slixmpp', 'go-sendxmpp', 'sipp'], () => {
    let server: XmppServer;
    let gateway: Verona;
    let juliet: SlixmppUser;
    let proxyPort: number;
    let nursePassword: string;

    const signIn = (user: string, password: string) =>
      SlixmppUser.online({
        jid: `${user}@example.com/balcony`,
        password,
        host: server.host,
        port: server.c2sPort,
        caFile: server.caFile,
      });
    const proxy = (options: { answer?: string; scenario?: string; retransmissions?: boolean } = {}) =>
      Sipp.server({ scenario: 'message-uas.xml', port: proxyPort, ...options });

    before(async () => {
      server = await start();
      proxyPort = await freeSipPort();
      gateway = await Verona.ready(gatewayOf(server, proxyPort));
      juliet = await signIn('juliet', await server.addUser('juliet'));
      nursePassword = await server.addUser('nurse');
    });
    after(async () => {
      await juliet?.stop();
      const exit = await gateway?.stop();
      await server?.stop();
      assert.deepEqual(exit, { code: 0, signal: null }, 'SIGTERM drains the gateway');
    });

    for (const transport of ['udp', 'tcp'] as const) {
      it(`takes a MESSAGE over ${transport} to an XMPP user`, async () => {
        const text = `Neither, fair saint, if <either> thee dislike & "${transport}" – ♥`;
        const messages = await Sipp.run({
          scenario: 'message-uac.xml',
          transport,
          remote: gateway,
          user: 'juliet',
          keys: { ...ROMEO, text },
        });
        assert.equal(messages.at(-1)?.status, 200);
        const message = await juliet.message(`${text} 1`);
        assert.equal(message.from, 'romeo@example.net');
        assert.equal(message.to, 'juliet@example.com');
        assert.equal(message.thread, messages[0]?.callId, 'RFC 7572 §5: the Call-ID is the thread');
      });
    }

    it('takes a message of an XMPP user to SIP', async () => {
      const uas = await proxy();
      const text = 'Art thou not <Romeo>, & a "Montague"? – ♥';
      const id = juliet.send('romeo@example.net', text);
      const [request] = await uas.finished();
      await uas.stop();
      assert.match(request?.startLine ?? '', /^MESSAGE sip:romeo@example\.net SIP\/2\.0$/);
      assert.match(request?.header('From') ?? '', /^<sip:juliet@example\.com(;gr=balcony)?>;tag=/);
      assert.equal(request?.header('Route'), `<sip:127.0.0.1:${proxyPort};transport=udp;lr>`);
      assert.equal(request?.body, text);
      await juliet.ping('example.com');
      assert.deepEqual(
        juliet.errors.filter((error) => error.id === id),
        [],
      );
    });

    it('carries messages of go-sendxmpp and SIP both ways', async () => {
      const { host, c2sPort: port } = server;
      const nurse = await GoSendxmpp.make({ jid: 'nurse@example.com', password: nursePassword, host, port });
      const uas = await proxy();
      await nurse.send('romeo@example.net', 'A word with you');
      assert.equal((await uas.finished())[0]?.body.trimEnd(), 'A word with you');
      await uas.stop();
      const keys = { ...ROMEO, text: 'What wilt thou tell her' };
      const final = await Sipp.outcome({ scenario: 'message-uac.xml', remote: gateway, user: 'nurse', keys });
      assert.equal(final.status, 200);
      await nurse.listen().line(/romeo@example\.net.*: What wilt thou tell her 1/);
      await nurse.stop();
    });

    it('tells a SIP user that there is no such XMPP user', async () => {
      const final = await Sipp.outcome({
        scenario: 'message-uac.xml',
        remote: gateway,
        user: 'nobody',
        keys: { ...ROMEO, text: 'lost' },
      });
      // servers answer service-unavailable, so as not to tell who exists: RFC 7247 §7.1
      assert.equal(final.status, 403);
    });

    for (const [answer, condition, type] of [
      ['404 Not Found', 'item-not-found', 'cancel'],
      ['480 Temporarily Unavailable', 'recipient-unavailable', 'wait'],
      ['603 Decline', 'recipient-unavailable', 'wait'],
    ] as const) {
      it(`tells an XMPP user of a ${answer} by ${condition} (RFC 7247 §7.2)`, async () => {
        const uas = await proxy({ answer });
        const error = await juliet.errorOf(juliet.send('nobody@example.net', 'lost'));
        await uas.finished();
        await uas.stop();
        assert.equal(error.from, 'nobody@example.net');
        assert.equal(error.condition, condition);
        assert.equal(error.errorType, type);
      });
    }

    it('retransmits when a response is lost, and tells nobody of it (RFC 3261 §17.1.2.2)', async () => {
      const uas = await proxy({ scenario: 'message-lossy-uas.xml', retransmissions: false });
      const id = juliet.send('romeo@example.net', 'twice sent');
      const received = (await uas.finished()).filter(({ direction }) => direction === 'received');
      await uas.stop();
      assert.equal(received.length, 2);
      assert.equal(received[0]?.text, received[1]?.text, 'a retransmission is the same request');
      await juliet.ping('example.com');
      assert.deepEqual(
        juliet.errors.filter((error) => error.id === id),
        [],
      );
    });

    it('waits for a slow answer', async () => {
      const uas = await proxy({ scenario: 'message-slow-uas.xml', answer: '486 Busy Here' });
      const error = await juliet.errorOf(juliet.send('romeo@example.net', 'think of it'));
      await uas.finished();
      await uas.stop();
      assert.equal(error.condition, 'recipient-unavailable');
    });

    it('says which secret is wrong, and is not ready', async () => {
      const stranger = await Verona.start(gatewayOf(server, proxyPort, 'wrong'));
      const line = await stranger.logged(({ level, message }) => level === 'error' && /secret/.test(message));
      assert.match(line.message, /xmpp\.component\.secret/);
      assert.equal((await stranger.http('/readyz')).status, 503);
      assert.equal((await stranger.http('/healthz')).status, 200);
      await stranger.stop();
      assert.ok(stranger.log.every(({ message }) => message !== 'ready'));
    });

    it(`loses nothing that it has acknowledged when the server goes by ${end} in mid-traffic`, async function () {
      this.timeout(60_000);
      const calls = 60;
      await juliet.stop();
      const traffic = await Sipp.client({
        scenario: 'message-uac.xml',
        remote: gateway,
        user: 'nurse', // not signed in: the server stores them
        calls,
        rate: 30,
        keys: { ...ROMEO, text: 'no.' },
        timeoutSeconds: 50,
      });
      const finals = (messages: readonly TracedMessage[]) =>
        messages.filter(({ direction, status }) => direction === 'received' && (status ?? 0) >= 200);
      await traffic.process.until('a third answered', async () =>
        finals(await traffic.messages()).length >= calls / 3 ? true : undefined,
      );
      await server.halt(end);
      await traffic.process.until('some failed', async () =>
        finals(await traffic.messages()).some(({ status }) => status !== 200) ? true : undefined,
      );
      const logged = gateway.process.lines.length;
      await server.resume();
      await gateway.logged(({ message }) => message === 'component connected', 30_000, logged);
      const messages = await traffic.finished();
      await traffic.stop();

      const textOf = new Map(
        messages.filter(({ direction }) => direction === 'sent').map(({ callId, body }) => [callId, body]),
      );
      assert.equal(textOf.size, calls);
      const answers = finals(messages);
      assert.equal(new Set(answers.map(({ callId }) => callId)).size, calls, 'every MESSAGE has its final response');
      const acknowledged = answers.filter(({ status }) => status === 200).map(({ callId }) => textOf.get(callId));
      assert.ok(acknowledged.length > 0 && acknowledged.length < calls);

      const nurse = await signIn('nurse', nursePassword);
      // a last one that is certainly acknowledged comes after all that were stored
      const last = await Sipp.outcome({
        scenario: 'message-uac.xml',
        remote: gateway,
        user: 'nurse',
        keys: { ...ROMEO, text: 'the last' },
      });
      assert.equal(last.status, 200);
      await nurse.message('the last 1');
      const received = nurse.seen.flatMap(({ body }) => body ?? []);
      await nurse.stop();
      assert.deepEqual(
        acknowledged.filter((text) => !received.includes(text ?? '')),
        [],
        'acknowledged and lost',
      );
      assert.equal(new Set(received).size, received.length, 'none is delivered twice');
    });
  });
}
