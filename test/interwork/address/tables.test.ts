import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AddressTables, ESCAPE, loadAddressTables, RAW, REFUSE } from '../../../src/interwork/address/tables.js';
import { packagePath } from '../../support/package-path.js';

const TEXT = readFileSync(packagePath('mappings/addresses.yaml'), 'utf8');

function defaults(): AddressTables {
  const tables = loadAddressTables(TEXT, 'mappings/addresses.yaml');
  assert.ok(tables.ok, tables.ok ? '' : tables.error);
  return tables.value;
}

/** RFC 7247 §6.2, Table 1, as the RFC prints it: character, SIP user, im/pres, XMPP localpart; A allowed, D not. */
const TABLE_1 = `
! A A A|" D D D|# D A A|$ A A A|% D A A|& A A D|' A A D|( A D A|) A D A|* A A A|+ A A A|, A D A|- A A A|. A D A|/ A A D|
: D D D|; A D A|< D D D|= A A A|> D D D|? A A A|@ D D D|[ D D A|\\ D D A|] D D A|^ D A A|_ A A A|\` D A A|{ D A A|¦ D A A|
} D A A|~ A A A`
  .replaceAll('\n', '')
  .split('|')
  .map((row) => row.replace('¦', '|').split(' '));

/** Allowed by the table in im and pres, and encoded all the same: raw they would break the URI (RFC 3986, RFC 3860 §3). */
const ENCODED_IN_IM = new Set(['#', '%', '/', '?', '^', '`', '{', '|', '}']);

describe('RFC 7247 §6.2, Table 1: allowed and reserved characters', () => {
  it('has 32 rows', () => assert.equal(TABLE_1.length, 32));

  for (const [character = '', sip, im, jid] of TABLE_1) {
    const octet = character.charCodeAt(0);
    it(`7247-6.2-3: ${character} is ${sip} in a SIP user part, ${im} in im and pres, ${jid} in a localpart`, () => {
      const tables = defaults();
      assert.equal(tables.sip[octet], sip === 'A' ? 1 : 0);
      assert.equal(tables.im[octet], im === 'A' && !ENCODED_IN_IM.has(character) ? 1 : 0);
      assert.equal(tables.jid[octet], jid === 'A' ? RAW : ESCAPE);
    });
  }

  it('letters and digits are raw everywhere, controls nowhere', () => {
    const tables = defaults();
    for (let octet = 0; octet < 0x80; octet++) {
      const alphanum = /[A-Za-z0-9]/.test(String.fromCharCode(octet));
      if (alphanum) {
        assert.deepEqual([tables.sip[octet], tables.im[octet], tables.gr[octet], tables.jid[octet]], [1, 1, 1, RAW]);
      }
      if (octet < 0x20 || octet === 0x7f) {
        assert.deepEqual([tables.sip[octet], tables.im[octet], tables.gr[octet], tables.jid[octet]], [0, 0, 0, REFUSE]);
      }
    }
  });

  it('RFC 3261 §25.1: gr holds paramchar raw and nothing else', () => {
    const tables = defaults();
    const raw = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => tables.gr[octet] === 1);
    const text = String.fromCharCode(...raw).replace(/[A-Za-z0-9]/g, '');
    assert.deepEqual([...text].sort(), [..."-_.!~*'()[]/:&+$"].sort());
  });

  it('7247-6.2-4: no octet above 7F is raw in a URI', () => {
    const tables = defaults();
    for (let octet = 0x80; octet < 256; octet++)
      assert.equal((tables.sip[octet] ?? 0) + (tables.im[octet] ?? 0) + (tables.gr[octet] ?? 0), 0);
  });

  it('7247-6.5-3: exactly \\26, \\27 and \\2f are undone in every localpart', () => {
    const always = [...defaults().sequences].filter(([, sequence]) => sequence.always).map(([digits]) => digits);
    assert.deepEqual(always.sort(), ['26', '27', '2f']);
  });

  it('0106-2: the ten sequences, no other', () => {
    assert.deepEqual([...defaults().sequences].map(([digits, sequence]) => `${digits}${sequence.character}`).sort(), [
      '20 ',
      '22"',
      '26&',
      "27'",
      '2f/',
      '3a:',
      '3c<',
      '3e>',
      '40@',
      '5c\\',
    ]);
  });
});

describe('interwork/address: mistakes in mappings/addresses.yaml', () => {
  for (const [title, from, to, expected] of [
    [
      'raw what a URI reserves',
      `'#', sip: encode`,
      `'#', sip: raw`,
      /^a\.yaml:\d+: characters\[2\]\.sip: "#" \(23\) cannot stand raw there; write "encode"$/,
    ],
    [
      'another escape',
      String.raw`escape: '\40'`,
      String.raw`escape: '\41'`,
      /"@" \(40\) differs from XEP-0106 §3\.2; write jid: escape, escape: '\\40'/,
    ],
    [
      'a raw character that a JID cannot hold',
      `'&', sip: raw, im: raw, gr: raw, jid: escape`,
      `'&', sip: raw, im: raw, gr: raw, jid: raw`,
      /"&" \(26\) differs from XEP-0106/,
    ],
    [
      'no undo',
      String.raw`'\3a', undo: sip-owned`,
      String.raw`'\3a'`,
      /characters\[\d+\]\.undo: is missing; write "always" or "sip-owned"/,
    ],
    [
      'a missing row',
      `  - { character: '~', sip: raw, im: raw, gr: raw, jid: raw, section: RFC 7247 §6.2 }\n`,
      '',
      /"~" \(7E\) has no row; add a row for it/,
    ],
    ['a row twice', `character: '~'`, `character: '_'`, /"_" \(5F\) stands in two rows; keep one of the two/],
    [
      'a value that is none',
      `'~', sip: raw`,
      `'~', sip: allowed`,
      /characters\[31\]\.sip: "allowed" is not known; write one of: raw, encode/,
    ],
    [
      'no octets',
      `{ character: '~', `,
      `{ `,
      /characters\[31\]: names no octets; write "character", or both "from" and "to"/,
    ],
  ] as const) {
    it(title, () => {
      assert.ok(TEXT.includes(from), `the table no longer holds ${from}`);
      const loaded = loadAddressTables(TEXT.replace(from, to), 'a.yaml');
      assert.ok(!loaded.ok);
      assert.match(loaded.error, expected);
    });
  }

  it('an override may encode more, and leaves the rest', () => {
    const own = `characters:\n  - { character: ';', sip: encode, im: encode, gr: encode, jid: raw, section: ours }\n`;
    const loaded = loadAddressTables(own, 'own.yaml', defaults());
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.error);
    assert.equal(loaded.value.sip[0x3b], 0);
    assert.equal(loaded.value.sip[0x26], 1);
    assert.equal(defaults().sip[0x3b], 1);
  });
});
