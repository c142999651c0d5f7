import assert from 'node:assert/strict';
import fc from 'fast-check';
import { percentDecode } from '../../../src/interwork/address/percent-encoding.js';
import { jidFromUri } from '../../../src/interwork/address/sip-to-xmpp.js';
import { SpellingTable } from '../../../src/interwork/address/spelling.js';
import { uriFromJid } from '../../../src/interwork/address/xmpp-to-sip.js';
import { Uri } from '../../../src/sip/message/uri.js';
import { Jid } from '../../../src/xmpp/address/jid.js';
import { mapOf } from './maps.js';

const RUNS = { numRuns: 1500 };

/** Characters of every kind that matters: raw, reserved, parts of escape look-alikes, cases, widths, marks. */
const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'abcfABCF0123456789') },
  { weight: 4, arbitrary: fc.constantFrom(...'\\\\\\\\"&\'/:<>@ #%[]^`{|}!$()*+,-.;=?_~') },
  { weight: 1, arbitrary: fc.constantFrom(...'äÄßπΣσςé王ｆＦ２７＼＠') },
  { weight: 1, arbitrary: fc.constantFrom('\u0301', '\u0307', '\u0323', '\u0338', '\u212a', '\u0130') },
);
const text = fc.string({ unit: character, minLength: 1, maxLength: 12 });
const lowerAscii = fc.string({
  unit: fc.constantFrom(...'abcdef0123456789\\\\\\\\"&\'/:<>@ #%[]^`{|}!$()*+,-.;=?_~'),
  minLength: 1,
  maxLength: 12,
});
const resource = fc.option(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }), { nil: undefined });

function escaped(user: string): string {
  return Array.from(new TextEncoder().encode(user), (octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');
}

function sipUri(user: string, domain = 'example.net'): Uri {
  const uri = Uri.parse(`sip:${escaped(user)}@${domain}`);
  assert.ok(uri.ok, uri.ok ? '' : uri.error);
  return uri.value;
}

/** A reading of RFC 7247 §6.5 step by step, with regular expressions, as unlike the code under test as can be. */
function rfcLiterally(localpart: string): string {
  const unescaped = localpart.replace(/\\(26|27|2f)/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const plain = /[A-Za-z0-9!$&'()*+,\-./;=?_~]/;
  return Array.from(unescaped, (one) => (plain.test(one) ? one : escaped(one).toUpperCase())).join('');
}

describe('RFC 7247 §6: round trips of any local part', () => {
  it('SIP to XMPP to SIP is the identity for a SIP user, with its spelling, up to percent-encoding', () => {
    fc.assert(
      fc.property(text, (user) => {
        const map = mapOf();
        const jid = jidFromUri(sipUri(user), map);
        if (!jid.ok) return;
        const back = uriFromJid(jid.value, map);
        assert.ok(back.ok);
        assert.deepEqual(percentDecode(back.value.user ?? ''), { ok: true, value: user });
      }),
      RUNS,
    );
  });

  it('two SIP users share a JID only if they differ in case, width or composition', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const map = mapOf();
        const first = jidFromUri(sipUri(one), map);
        const second = jidFromUri(sipUri(other), map);
        if (!first.ok || !second.ok || !first.value.equals(second.value)) return;
        const folded = (user: string) =>
          Array.from(user.normalize('NFKC'), (part) => part.toLowerCase())
            .join('')
            .normalize('NFKC');
        assert.equal(folded(one), folded(other));
      }),
      RUNS,
    );
  });

  it('without a spelling table nothing but case is lost of an ASCII name', () => {
    fc.assert(
      fc.property(text, (user) => {
        fc.pre(/^[\x20-\x7e]*$/.test(user));
        const map = mapOf({ spelling: new SpellingTable({ seen: 0 }) });
        const jid = jidFromUri(sipUri(user), map);
        assert.equal(jid.ok, !user.startsWith(' ') && !user.endsWith(' '));
        if (!jid.ok) return;
        const back = uriFromJid(jid.value, map);
        assert.ok(back.ok);
        assert.deepEqual(percentDecode(back.value.user ?? ''), { ok: true, value: user.toLowerCase() });
      }),
      RUNS,
    );
  });

  it('XMPP to SIP to XMPP is the identity for an XMPP user, resource included', () => {
    fc.assert(
      fc.property(text, resource, (local, instance) => {
        const jid = Jid.of(local, 'example.com', instance);
        fc.pre(jid.ok && !(instance?.startsWith(' ') || instance?.endsWith(' ')));
        // A JID that arrives has been enforced once already; composition may give what a second time refuses ("=" and U+0338).
        fc.pre(Jid.of(jid.value.local, 'example.com').ok);
        const map = mapOf();
        const uri = uriFromJid(jid.value, map);
        assert.ok(uri.ok);
        const onTheWire = Uri.parse(uri.value.toString());
        assert.ok(onTheWire.ok, onTheWire.ok ? '' : onTheWire.error);
        const back = jidFromUri(onTheWire.value, map);
        assert.ok(back.ok, back.ok ? '' : back.error.text);
        assert.equal(back.value.toString(), jid.value.toString());
      }),
      RUNS,
    );
  });

  it('XMPP to SIP of an XMPP user equals a word-for-word reading of RFC 7247 §6.5', () => {
    fc.assert(
      fc.property(text, (local) => {
        const jid = Jid.of(local, 'example.com');
        fc.pre(jid.ok);
        const uri = uriFromJid(jid.value, mapOf());
        assert.ok(uri.ok);
        assert.equal(uri.value.toString(), `sip:${rfcLiterally(jid.value.local ?? '')}@example.com`);
      }),
      RUNS,
    );
  });

  it('the second addressing mode loses nothing either', () => {
    fc.assert(
      fc.property(lowerAscii, (user) => {
        fc.pre(!user.startsWith(' '));
        const map = mapOf({ subdomains: [{ domain: 'sip.example.com', sipDomains: '*' }] });
        const jid = jidFromUri(sipUri(user, 'elsewhere.example'), map);
        assert.ok(jid.ok, jid.ok ? '' : jid.error.text);
        assert.equal(jid.value.domain, 'sip.example.com');
        const back = uriFromJid(jid.value, map);
        assert.ok(back.ok, back.ok ? '' : back.error.text);
        assert.equal(back.value.host, 'elsewhere.example');
        assert.deepEqual(percentDecode(back.value.user ?? ''), { ok: true, value: user });
      }),
      RUNS,
    );
  });

  it('no resource can add a parameter or a header to a URI', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (instance) => {
        const jid = Jid.of('juliet', 'example.com', instance);
        fc.pre(jid.ok);
        const uri = uriFromJid(jid.value, mapOf());
        assert.ok(uri.ok);
        const read = Uri.parse(uri.value.toString());
        assert.ok(read.ok);
        assert.deepEqual(
          read.value.params.map(([name]) => name),
          ['gr'],
        );
        assert.equal(read.value.headers, undefined);
        assert.deepEqual(percentDecode(read.value.param('gr') ?? ''), { ok: true, value: jid.value.resource });
      }),
      RUNS,
    );
  });
});
