/** Address maps for tests. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AddressMap, type AddressMapOptions } from '../../../src/interwork/address/address-map.js';
import { jidFromUri } from '../../../src/interwork/address/sip-to-xmpp.js';
import { loadAddressTables } from '../../../src/interwork/address/tables.js';
import { type UriOptions, uriFromJid } from '../../../src/interwork/address/xmpp-to-sip.js';
import { Uri } from '../../../src/sip/message/uri.js';
import { Jid } from '../../../src/xmpp/address/jid.js';
import { packagePath } from '../../support/package-path.js';

const loaded = loadAddressTables(readFileSync(packagePath('mappings/addresses.yaml'), 'utf8'), 'addresses.yaml');
assert.ok(loaded.ok, loaded.ok ? '' : loaded.error);
export const ADDRESS_TABLES = loaded.value;

/** A fresh map: XMPP users in example.com, SIP users in example.net. */
export function mapOf(options: Partial<AddressMapOptions> = {}): AddressMap {
  return new AddressMap(ADDRESS_TABLES, { xmppDomains: ['example.com'], sipDomains: ['example.net'], ...options });
}

export function uriOf(text: string): Uri {
  const uri = Uri.parse(text);
  assert.ok(uri.ok, uri.ok ? '' : uri.error);
  return uri.value;
}

export function jidOf(text: string): Jid {
  const jid = Jid.parse(text);
  assert.ok(jid.ok, jid.ok ? '' : jid.error);
  return jid.value;
}

/** The JID of a URI as text, or the kind of the failure. */
export function toXmpp(uri: string, map: AddressMap): string {
  const jid = jidFromUri(uriOf(uri), map);
  return jid.ok ? jid.value.toString() : jid.error.kind;
}

/** The URI of a JID as text, or the kind of the failure. */
export function toSip(jid: string, map: AddressMap, options?: UriOptions): string {
  const uri = uriFromJid(jidOf(jid), map, options);
  return uri.ok ? uri.value.toString() : uri.error.kind;
}
