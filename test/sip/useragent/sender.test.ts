import assert from 'node:assert/strict';
import { DomainTable } from '../../../src/sip/useragent/domains.js';
import { NetworkList } from '../../../src/sip/useragent/network-list.js';
import { decideSender, ownsAor, type SenderPolicy } from '../../../src/sip/useragent/sender.js';
import { request, uri } from '../../support/sip-messages.js';

function networks(...texts: readonly string[]): NetworkList {
  const parsed = NetworkList.parse(texts);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const domains = new DomainTable({ xmpp: ['example.com'], sip: ['example.net', 'example.org'] }, 'verona');
const policy = (digest = true): SenderPolicy => ({
  domains,
  trustedPeers: networks('192.0.2.0/24', '2001:db8::/32'),
  digest,
});

describe('who may send from an address', () => {
  const TRUSTED = '192.0.2.7';
  const STRANGER = '203.0.113.7';
  for (const [from, source, digest, expected] of [
    ['sip:romeo@example.net', STRANGER, true, 'digest verona sip:romeo@example.net'],
    ['sip:romeo@EXAMPLE.net:5070;transport=tcp', STRANGER, true, 'digest verona sip:romeo@example.net'],
    ['sips:romeo@example.net', STRANGER, true, 'digest verona sip:romeo@example.net'],
    ['sip:romeo@example.org', STRANGER, true, 'digest example.org sip:romeo@example.org'],
    ['sip:romeo@example.net.', STRANGER, true, 'digest verona sip:romeo@example.net'],
    ['sip:juliet@example.com.', TRUSTED, true, 'refused foreign-leg'],
    ['sip:romeo@example.net', TRUSTED, true, 'trusted-peer'],
    ['sip:romeo@example.net', '2001:db8::5', true, 'trusted-peer'],
    ['sip:romeo@example.net', '::ffff:192.0.2.7', true, 'trusted-peer'],
    ['sip:anybody@elsewhere.test', TRUSTED, true, 'trusted-peer'],
    ['tel:+15551234', TRUSTED, true, 'trusted-peer'],
    ['sip:anybody@elsewhere.test', STRANGER, true, 'refused stranger'],
    ['sip:romeo@sub.example.net', STRANGER, true, 'refused stranger'],
    ['tel:+15551234', STRANGER, true, 'refused stranger'],
    ['sip:example.net', STRANGER, true, 'refused no-user'],
    ['im:romeo@example.net', STRANGER, true, 'refused no-user'],
    ['sip:romeo@example.net', STRANGER, false, 'refused stranger'],
    ['sip:juliet@example.com', STRANGER, true, 'refused foreign-leg'],
    ['sip:juliet@example.com', TRUSTED, true, 'refused foreign-leg'], // RFC 7247 §8: not even from a trusted peer
  ] as const) {
    it(`${from} from ${source}${digest ? '' : ' without registrar'}: ${expected}`, () => {
      const decision = decideSender(request({ from: `<${from}>` }), source, policy(digest));
      const text =
        decision.kind === 'digest'
          ? `digest ${decision.realm} ${decision.aor}`
          : decision.kind === 'refused'
            ? `refused ${decision.why}`
            : decision.kind;
      assert.equal(text, expected);
    });
  }
});

describe('RFC 3261 §10.3 step 4: who owns an AOR', () => {
  for (const [username, aor, owns] of [
    ['romeo', 'sip:romeo@example.net', true],
    ['romeo@example.net', 'sip:romeo@example.net', true],
    ['Romeo', 'sip:romeo@example.net', false],
    ['romeo@example.org', 'sip:romeo@example.net', false],
    ['tybalt', 'sip:romeo@example.net', false],
    ['r&j', 'sip:r%26j@example.net', true],
    ['romeo', 'sip:example.net', false],
    ['', 'sip:%FF@example.net', false],
  ] as const) {
    it(`${username || '(nobody)'} ${owns ? 'owns' : 'does not own'} ${aor}`, () => {
      assert.equal(ownsAor(username, uri(aor)), owns);
    });
  }
});

describe('networks of trusted peers', () => {
  for (const [list, address, inside] of [
    [['127.0.0.1/32'], '127.0.0.1', true],
    [['127.0.0.1'], '127.0.0.1', true],
    [['127.0.0.1'], '127.0.0.2', false],
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['192.0.2.128/25'], '192.0.2.127', false],
    [['192.0.2.128/25'], '192.0.2.200', true],
    [['0.0.0.0/0'], '198.51.100.1', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '198.51.100.1', false],
    [['::/0'], '2001:db8::1', true],
    [['::1'], '::1', true],
    [['[::1]/128'], '0:0:0:0:0:0:0:1', true],
    [['2001:db8:8000::/33'], '2001:db8:7fff::1', false],
    [['2001:db8:8000::/33'], '2001:db8:ffff::1', true],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['::ffff:192.0.2.0/120'], '192.0.2.9', true],
    [[], '127.0.0.1', false],
    [['127.0.0.1'], 'localhost', false],
  ] as const) {
    it(`${address} is ${inside ? 'in' : 'not in'} ${list.join(', ') || 'nothing'}`, () => {
      assert.equal(networks(...list).contains(address), inside);
    });
  }

  for (const text of ['127.0.0.1/33', '::1/129', 'localhost', '1.2.3', '1.2.3.4/', '1.2.3.4/8/8', '1.2.3.4/-1', '']) {
    it(`"${text}" is refused`, () => {
      assert.equal(NetworkList.parse([text]).ok, false);
    });
  }
});

describe('names of this element', () => {
  it('knows what its users are, and nothing of others', () => {
    const table = new DomainTable({ xmpp: ['Example.COM'], sip: ['example.net'], gateway: ['gw.example.com'] });
    assert.deepEqual(
      ['example.com', 'example.net', 'gw.example.com', 'example.org', 'sub.example.com'].map((name) =>
        table.kindOf(name),
      ),
      ['xmpp', 'sip', 'gateway', undefined, undefined],
    );
  });

  it('each SIP domain has a realm; only the first may be named otherwise', () => {
    assert.deepEqual([domains.realmOf('example.net'), domains.realmOf('example.org')], ['verona', 'example.org']);
    const plain = new DomainTable({ xmpp: [], sip: ['a.test', 'b.test'] });
    assert.deepEqual(
      [plain.realmOf('a.test'), plain.realmOf('b.test'), plain.realmOf('c.test')],
      ['a.test', 'b.test', undefined],
    );
  });
});
