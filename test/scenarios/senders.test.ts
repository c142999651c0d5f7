/** Who may send in whose name, decided where the message comes in (RFC 3261 §22, RFC 7247 §8, RFC 6120 §8.1.2.1). */
import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { serialize } from '../../src/sip/message/message.js';
import { RawUdpPeer } from '../support/raw-sip-peer.js';
import { readResponse, request } from '../support/sip-messages.js';
import { IN_PROCESS, onStages } from './support/stage.js';
import type { XmppUser } from './support/xmpp-user.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';

/** A peer at this address may speak for anybody but XMPP users. */
const TRUSTED = { listen: 'udp:127.0.0.2:0' };

onStages(
  'a SIP sender',
  (stage) => {
    /** Juliet has heard nothing but what comes now. */
    async function hearsNothing(juliet: XmppUser): Promise<void> {
      const romeo = await stage().phone('romeo');
      assert.equal((await romeo.says(JULIET, 'it is really me')).status, 200);
      assert.equal(await juliet.hearsText(), 'it is really me');
      assert.deepEqual(juliet.unread, []);
    }

    it('of a domain that is not ours is a stranger: 403', async () => {
      const juliet = await stage().user('juliet');
      const paris = await stage().stranger('sip:paris@example.org');
      assert.equal((await paris.says(JULIET, 'well met')).status, 403);
      await hearsNothing(juliet);
    });

    it('with a wrong password is not believed: 401', async () => {
      const juliet = await stage().user('juliet');
      const phone = await stage().stranger('sip:romeo@example.net', 'udp', { password: 'swordfish' });
      assert.equal((await phone.says(JULIET, 'it is me')).status, 401);
      await hearsNothing(juliet);
    });

    it('who does not exist gets the same 401 as a wrong password', async () => {
      const phone = await stage().stranger('sip:nobody@example.net', 'udp', { password: 'swordfish' });
      assert.equal((await phone.says(JULIET, 'it is me')).status, 401);
    });

    it('who proves to be another one is refused: 403', async () => {
      const juliet = await stage().user('juliet');
      const mercutio = await stage().phone('mercutio');
      const answer = await mercutio.says(JULIET, 'I am Romeo', { from: 'sip:romeo@example.net' });
      assert.equal(answer.status, 403);
      await hearsNothing(juliet);
    });

    it('in the name of an XMPP user is refused: 403 (RFC 7247 §8)', async () => {
      const juliet = await stage().user('juliet');
      const romeo = await stage().phone('romeo');
      for (const from of ['sip:nurse@example.com', 'sip:juliet@EXAMPLE.com.', 'im:nurse@example.com']) {
        assert.equal((await romeo.says(JULIET, 'Madam!', { from })).status, 403, from);
      }
      await hearsNothing(juliet);
    });

    it('at a trusted address needs no password, and may speak for any SIP user', async () => {
      const juliet = await stage().user('juliet');
      const proxy = await stage().stranger('sip:romeo@example.net', 'udp', { ...TRUSTED, password: '' });
      assert.equal((await proxy.says(JULIET, 'by the proxy')).status, 200);
      const stanza = await juliet.hears();
      assert.equal(stanza.attrs.from, ROMEO);
      assert.equal(stanza.getChildText('body'), 'by the proxy');
    });

    it('at a trusted address speaks for no XMPP user all the same: 403', async () => {
      const juliet = await stage().user('juliet');
      const proxy = await stage().stranger('sip:romeo@example.net', 'udp', { ...TRUSTED, password: '' });
      assert.equal((await proxy.says(JULIET, 'Madam!', { from: 'sip:nurse@example.com' })).status, 403);
      await hearsNothing(juliet);
    });

    for (const [what, host] of [
      ['without credentials', '127.0.0.1'],
      ['who only names a trusted address in Via', '127.0.0.2'],
    ] as const) {
      it(`${what} is challenged: 401`, async () => {
        const juliet = await stage().user('juliet');
        const peer = await RawUdpPeer.open();
        const via = `SIP/2.0/UDP ${host}:${peer.port};rport;branch=z9hG4bK-${host}`;
        const message = request({ via, callId: host, headers: [['Content-Type', 'text/plain']], body: 'trust me' });
        peer.send(serialize(message), stage().sipPort('udp'));
        const answer = readResponse(await peer.next());
        assert.equal(answer.status, 401);
        assert.match(answer.headers.get('WWW-Authenticate') ?? '', /^Digest .*realm="example\.net"/);
        await peer.stop();
        await hearsNothing(juliet);
      });
    }
  },
  { config: { sip: { trustedPeers: ['127.0.0.2/32'] } }, shapes: IN_PROCESS },
);

function forged(from: string | undefined, text: string): Element {
  const message = new Element('message', { xmlns: 'jabber:client', to: ROMEO, id: 'forged' });
  if (from !== undefined) message.attrs.from = from;
  message.c('body').t(text);
  return message;
}

onStages(
  'an XMPP client of the embedded server',
  (stage) => {
    for (const from of ['juliet@example.com', 'juliet@example.com/balcony', 'mercutio@example.net', 'example.com']) {
      it(`that writes as ${from} loses its stream, and nothing reaches SIP (RFC 6120 §8.1.2.1)`, async () => {
        const romeo = await stage().phone('romeo');
        const juliet = await stage().user('juliet');
        const nurse = await stage().client('nurse');
        const closed = new Promise<string | undefined>((resolve) =>
          nurse.onClosed(({ condition }) => resolve(condition)),
        );
        nurse.send(forged(from, 'I am not the nurse'));
        assert.equal(await closed, 'invalid-from');
        juliet.says(ROMEO, 'the next');
        assert.equal(await romeo.hearsText(), 'the next');
      });
    }

    it('that writes as itself is stamped with its full JID', async () => {
      const romeo = await stage().phone('romeo');
      const nurse = await stage().client('nurse');
      nurse.send(forged('nurse@example.com', 'it is me'));
      const { from } = await romeo.hears();
      assert.equal(from.uri.toString(), `sip:nurse@example.com;gr=${nurse.jid.resource}`);
    });
  },
  { shapes: ['embedded server'] },
);

onStages(
  'an XMPP server that lets forged senders pass',
  (stage) => {
    for (const [what, from] of [
      ['a SIP user of ours', 'mercutio@example.net'],
      ['the gateway itself', 'example.net'],
      ['nobody', undefined],
      ['no JID at all', '@@@'],
    ] as const) {
      it(`in the name of ${what} reaches no phone, and makes no loop`, async () => {
        const romeo = await stage().phone('romeo');
        const mercutio = await stage().phone('mercutio');
        const juliet = await stage().user('juliet');
        stage().server.sendRaw('example.net', forged(from, 'who am I?'));
        juliet.says(ROMEO, 'the next');
        juliet.says('mercutio@example.net', 'the next');
        assert.equal(await romeo.hearsText(), 'the next');
        assert.equal(await mercutio.hearsText(), 'the next');
      });
    }

    it('in the name of a SIP user is refused to that name: not-allowed', async () => {
      const before = stage().log.lines.length;
      stage().server.sendRaw('example.net', forged('mercutio@example.net', 'who am I?'));
      const juliet = await stage().user('juliet');
      await juliet.heardAllFrom('example.net');
      const lines = stage()
        .log.lines.slice(before)
        .filter(({ message }) => message === 'message failed');
      assert.deepEqual(
        lines.map(({ fields }) => fields.condition),
        ['not-allowed'],
      );
    });
  },
  { shapes: ['component'] },
);
