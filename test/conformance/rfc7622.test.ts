/** RFC 7622 and XEP-0106: addresses, their parts, equality, lengths and escaping. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { unescapeLocalpart } from '../../src/interwork/address/localpart-escaping.js';
import { jidFromUri } from '../../src/interwork/address/sip-to-xmpp.js';
import { uriFromJid } from '../../src/interwork/address/xmpp-to-sip.js';
import { Uri } from '../../src/sip/message/uri.js';
import { Jid } from '../../src/xmpp/address/jid.js';
import { lowerCase } from '../../src/xmpp/address/precis.js';
import { mapOf } from '../interwork/address/maps.js';
import { packagePath } from '../support/package-path.js';

type Part = string | { readonly repeat: string; readonly count: number };
interface Vectors {
  valid: {
    id: string;
    input: string;
    localpart: string | null;
    domainpart: string;
    resourcepart: string | null;
    canonical: string;
  }[];
  invalid: { id: string; input: string; contested?: boolean; note: string }[];
  length: { id: string; localpart?: Part; domainpart: Part; resourcepart?: Part; valid: boolean; note?: string }[];
  equivalence: { id: string; a: string; b: string; equal: boolean }[];
  final_sigma: { id: string; input: string; per_code_point: string }[];
  jid_escaping: { id: string; unescaped: string; escaped: string | null; note?: string }[];
}

const vectors = JSON.parse(readFileSync(packagePath('test/conformance/vectors/rfc7622.json'), 'utf8')) as Vectors;

function parsed(text: string): Jid {
  const jid = Jid.parse(text);
  assert.ok(jid.ok, jid.ok ? '' : jid.error);
  return jid.value;
}

describe('RFC 7622 §3: addresses', () => {
  for (const { id, input, localpart, domainpart, resourcepart, canonical } of vectors.valid) {
    it(`${id}: ${JSON.stringify(input)} is ${JSON.stringify(canonical)}`, () => {
      const jid = parsed(input);
      assert.equal(jid.local, localpart ?? undefined);
      assert.equal(jid.domain, domainpart);
      assert.equal(jid.resource, resourcepart ?? undefined);
      assert.equal(jid.toString(), canonical);
      assert.equal(parsed(canonical).toString(), canonical);
    });
  }
});

describe('RFC 7622 §3.5: what is not an address', () => {
  for (const { id, input, note } of vectors.invalid) {
    // RFC 7622 Table 2 #18 contradicts §3.4: taken from others, refused for resources of our own (7622-S1).
    if (id === '7622-t2-18') {
      it(`${id}: ${JSON.stringify(input)} is taken, but is no resource of ours`, () => {
        assert.equal(parsed(input).resource, ' foo');
        assert.equal(Jid.isStrictResource(' foo'), false);
        assert.equal(Jid.isStrictResource('foo'), true);
      });
      continue;
    }
    it(`${id}: ${JSON.stringify(input)} (${note})`, () => {
      assert.equal(Jid.parse(input).ok, false);
    });
  }
});

describe('RFC 7622 §3.1: lengths, in octets, after enforcement', () => {
  const text = (part: Part) => (typeof part === 'string' ? part : part.repeat.repeat(part.count));
  for (const { id, localpart, domainpart, resourcepart, valid, note } of vectors.length) {
    it(`${id}: ${valid ? 'accepted' : 'refused'}${note === undefined ? '' : ` (${note})`}`, () => {
      const local = localpart === undefined ? '' : `${text(localpart)}@`;
      const resource = resourcepart === undefined ? '' : `/${text(resourcepart)}`;
      assert.equal(Jid.parse(`${local}${text(domainpart)}${resource}`).ok, valid);
    });
  }
});

describe('RFC 7622 §3.5: equal addresses', () => {
  for (const { id, a, b, equal } of vectors.equivalence) {
    it(`${id}: ${JSON.stringify(a)} ${equal ? 'is' : 'is not'} ${JSON.stringify(b)}`, () => {
      const left = Jid.parse(a);
      const right = Jid.parse(b);
      assert.equal(left.ok && right.ok && left.value.equals(right.value), equal);
    });
  }
});

describe('RFC 7622 §3.3: lower case does not depend on neighbours', () => {
  for (const { id, input, per_code_point } of vectors.final_sigma) {
    it(`${id}: final sigma`, () => {
      assert.equal(parsed(input).local, per_code_point);
      assert.equal(lowerCase(input.slice(0, input.indexOf('@'))), per_code_point);
    });
  }
});

describe('XEP-0106 §4: escaping, as the address of a SIP user goes through it', () => {
  const map = mapOf();
  for (const { id, unescaped, escaped } of vectors.jid_escaping) {
    it(`${id}: ${JSON.stringify(unescaped)} is ${escaped ?? 'refused'}`, () => {
      const uri = Uri.parse(`sip:${percentEncode(unescaped)}@example.net`);
      assert.ok(uri.ok);
      const jid = jidFromUri(uri.value, map);
      if (escaped === null) return assert.equal(jid.ok, false);
      assert.equal(unescapeLocalpart(escaped, 'sip', map.tables), unescaped);
      // In upper case it is no sequence, yet PRECIS makes one of it on its way: 0106-d3 is guarded with \\5c (RFC 7247 §6.2).
      if (id !== '0106-d3') assert.equal(jid.ok && jid.value.local, escaped);
      const back = jid.ok ? uriFromJid(jid.value, map) : jid;
      assert.equal(back.ok && decodeURIComponent(back.value.user ?? ''), unescaped);
    });
  }
});

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}
