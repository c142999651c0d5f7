import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { iriFromJid, jidFromIri } from '../../src/interwork/address/xmpp-iri.js';
import { Jid } from '../../src/xmpp/address/jid.js';
import { packagePath } from '../support/package-path.js';

interface Vectors {
  readonly pairs: readonly { readonly id: string; readonly jid: string; readonly iri: string; readonly uri: string }[];
  readonly parse: readonly { readonly id: string; readonly input: string; readonly jid: string | null }[];
  readonly invalid: readonly { readonly id: string; readonly input: string; readonly error: string }[];
}

const VECTORS: Vectors = JSON.parse(readFileSync(packagePath('test/conformance/vectors/rfc5122.json'), 'utf8'));

describe('RFC 5122: JIDs as xmpp IRIs', () => {
  for (const { id, jid, iri, uri } of VECTORS.pairs) {
    it(`${id}: ${jid}`, () => {
      const parsed = Jid.parse(jid);
      assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
      assert.equal(iriFromJid(parsed.value), iri);
      for (const text of [iri, uri]) {
        const back = jidFromIri(text);
        assert.ok(back.ok, back.ok ? '' : back.error);
        assert.equal(back.value.toString(), parsed.value.toString());
      }
    });
  }

  for (const { id, input, jid } of VECTORS.parse) {
    it(`${id}: ${input} addresses ${jid ?? 'nobody'}`, () => {
      const parsed = jidFromIri(input);
      assert.equal(parsed.ok ? parsed.value.toString() : null, jid);
    });
  }

  for (const { id, input, error } of VECTORS.invalid) {
    it(`${id}: ${JSON.stringify(input)} is refused: ${error}`, () => assert.equal(jidFromIri(input).ok, false));
  }
});
