/** Addresses of other forms: SIP users behind a subdomain (`romeo\40example.net@sip.example.com`), telephone numbers. */
import assert from 'node:assert/strict';
import { freeSipPort } from '../support/peers/ports.js';
import { IN_PROCESS, onStages, type Stage } from './support/stage.js';

const JULIET = 'sip:juliet@example.com';

let proxyPort = 0;

/** The proxy through which foreign SIP users are reached, and which may speak for them. */
function proxy(stage: Stage, aor: string) {
  return stage.stranger(aor, 'udp', { listen: `udp:127.0.0.2:${proxyPort}` });
}

onStages(
  'the second addressing mode (XEP-0106, RFC 7247 §6)',
  (stage) => {
    it('a foreign SIP user is known by an escaped JID', async () => {
      const tybalt = await proxy(stage(), 'sip:tybalt@verona.example');
      const juliet = await stage().user('juliet');
      assert.equal((await tybalt.says(JULIET, 'Patience perforce')).status, 200);
      const stanza = await juliet.hears();
      assert.equal(stanza.attrs.from, 'tybalt\\40verona.example@sip.example.com');
      assert.equal(stanza.getChildText('body'), 'Patience perforce');
    });

    it('who answers it reaches that user through the proxy', async () => {
      const tybalt = await proxy(stage(), 'sip:tybalt@verona.example');
      const juliet = await stage().user('juliet');
      juliet.says('tybalt\\40verona.example@sip.example.com', 'Good cousin');
      const request = await tybalt.hears();
      assert.equal(request.requestUri.toString(), 'sip:tybalt@verona.example');
      assert.equal(request.headers.get('Route'), `<sip:127.0.0.2:${proxyPort};transport=udp;lr>`);
    });

    it('a refusal comes from the JID that was written to', async () => {
      const tybalt = await proxy(stage(), 'sip:tybalt@verona.example');
      tybalt.answers = () => 486;
      const juliet = await stage().user('juliet');
      const error = await juliet.errorOf(juliet.says('tybalt\\40verona.example@sip.example.com', 'Good cousin'));
      assert.equal(error.condition, 'recipient-unavailable');
      assert.equal(error.from, 'tybalt\\40verona.example@sip.example.com');
    });

    it('a SIP user of our own is reached that way too, and keeps its plain JID', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      juliet.says('romeo\\40example.net@sip.example.com', 'by the back door');
      assert.equal(await romeo.hearsText(), 'by the back door');
      assert.equal((await romeo.says(JULIET, 'I see')).status, 200);
      assert.equal((await juliet.hears()).attrs.from, 'romeo@example.net');
    });

    for (const [what, to, condition] of [
      ['no domain', 'tybalt@sip.example.com', 'jid-malformed'],
      ['an XMPP domain', 'nurse\\40example.com@sip.example.com', 'remote-server-not-found'],
      ['a host of the local network', 'root\\40localhost@sip.example.com', 'jid-malformed'],
      ['an address', 'root\\40127.0.0.1@sip.example.com', 'jid-malformed'],
    ] as const) {
      it(`a JID that leads to ${what} is refused: ${condition}`, async () => {
        const juliet = await stage().user('juliet');
        const error = await juliet.errorOf(juliet.says(to, 'anybody?'));
        assert.equal(error.condition, condition);
        assert.equal(error.from, to);
      });
    }

    it('the subdomain is no way into XMPP from SIP: 404, and no relay', async () => {
      const romeo = await stage().phone('romeo');
      const answer = await romeo.says('sip:tybalt%40verona.example@sip.example.com', 'relay this');
      assert.ok([403, 404, 482].includes(answer.status), `${answer.status}`);
    });
  },
  {
    shapes: IN_PROCESS,
    config: async () => {
      proxyPort = await freeSipPort('127.0.0.2');
      return {
        addresses: { subdomains: [{ domain: 'sip.example.com', sip: '*' }] },
        sip: {
          trustedPeers: ['127.0.0.2/32'],
          outboundProxy: `sip:127.0.0.2:${proxyPort};transport=udp;lr`,
        },
      };
    },
  },
);

onStages(
  'telephone numbers (RFC 3966)',
  (stage) => {
    it('an XMPP user writes to a number', async () => {
      const phone = await stage().phone('+12025550101');
      const juliet = await stage().user('juliet');
      juliet.says('+12025550101@example.net', 'Art thou a number?');
      const request = await phone.hears();
      assert.match(request.to.uri.toString(), /^sip:\+12025550101@example\.net;user=phone$/);
      assert.equal(request.body.toString(), 'Art thou a number?');
    });

    it('a number writes to an XMPP user', async () => {
      const phone = await stage().phone('+12025550101');
      const juliet = await stage().user('juliet');
      assert.equal((await phone.says(JULIET, 'I am a number')).status, 200);
      assert.equal((await juliet.hears()).attrs.from, '+12025550101@example.net');
    });

    for (const from of [
      'tel:+1-202-555-0101',
      'tel:+1(202)5550101',
      'sip:+1-202-555-0101@example.net;user=phone',
      'sip:%2B12025550101@example.net',
    ]) {
      it(`${from} is the same number`, async () => {
        const gateway = await stage().stranger('sip:gateway@example.net', 'udp', { listen: 'udp:127.0.0.2:0' });
        const juliet = await stage().user('juliet');
        assert.equal((await gateway.says(JULIET, 'it rings', { from })).status, 200);
        assert.equal((await juliet.hears()).attrs.from, '+12025550101@example.net');
      });
    }

    it('a local number without context is nobody: refused', async () => {
      const gateway = await stage().stranger('sip:gateway@example.net', 'udp', { listen: 'udp:127.0.0.2:0' });
      assert.equal((await gateway.says(JULIET, 'who?', { from: 'tel:5550101' })).status, 400);
    });
  },
  { shapes: IN_PROCESS, config: { sip: { trustedPeers: ['127.0.0.2/32'] } } },
);
