import assert from 'node:assert/strict';
import { type DnsFact, type DnsFacts, protocolFor } from '../../../src/interwork/address/route.js';

function facts(xmppServer?: DnsFact, sip?: DnsFact): DnsFacts {
  return { ...(xmppServer === undefined ? {} : { xmppServer }), ...(sip === undefined ? {} : { sip }) };
}

describe('RFC 7247 §5: the protocol of a remote domain', () => {
  for (const [side, known, expected] of [
    ['xmpp', facts(), 'look-up xmppServer'],
    ['xmpp', facts('present'), 'xmpp'],
    ['xmpp', facts('absent'), 'look-up sip'],
    ['xmpp', facts('absent', 'present'), 'sip'],
    ['xmpp', facts('present', 'present'), 'xmpp'],
    ['xmpp', facts('absent', 'absent'), 'none'],
    ['xmpp', facts('unanswered', 'present'), 'unresolved'],
    ['xmpp', facts('absent', 'unanswered'), 'unresolved'],
    ['sip', facts(), 'look-up sip'],
    ['sip', facts(undefined, 'present'), 'sip'],
    ['sip', facts(undefined, 'absent'), 'look-up xmppServer'],
    ['sip', facts('present', 'absent'), 'xmpp'],
    ['sip', facts('present', 'present'), 'sip'],
    ['sip', facts('absent', 'absent'), 'none'],
    ['sip', facts('present', 'unanswered'), 'unresolved'],
  ] as const) {
    it(`asked by ${side}, knowing ${JSON.stringify(known)}: ${expected}`, () => {
      const decision = protocolFor('elsewhere.example', known, side);
      const told =
        decision.kind === 'protocol'
          ? decision.protocol
          : decision.kind === 'look-up'
            ? `look-up ${decision.fact}`
            : decision.kind;
      assert.equal(told, expected);
    });
  }

  for (const literal of ['192.0.2.1', '[2001:db8::1]']) {
    it(`${literal} has no SRV records and is reached by the protocol it was written for`, () => {
      assert.deepEqual(protocolFor(literal, {}, 'sip'), { kind: 'protocol', protocol: 'sip' });
      assert.deepEqual(protocolFor(literal, {}, 'xmpp'), { kind: 'protocol', protocol: 'xmpp' });
    });
  }
});
