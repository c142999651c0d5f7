/** How many addresses one core maps a second in each direction (RFC 7247 §6), fresh and remembered. */
import { readFileSync } from 'node:fs';
import { AddressMap } from '../../src/interwork/address/address-map.js';
import { jidFromUri } from '../../src/interwork/address/sip-to-xmpp.js';
import { loadAddressTables } from '../../src/interwork/address/tables.js';
import { uriFromJid } from '../../src/interwork/address/xmpp-to-sip.js';
import { Uri } from '../../src/sip/message/uri.js';
import { packagePath } from '../support/package-path.js';
import type { BenchResult } from './bench-result.js';

const COUNT = 50_000;
const ROUNDS = 8;

export async function run(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [kind, user] of [
    ['plain', (count: number) => `user${count}`],
    ['escaped', (count: number) => `o%27malley%20${count}`],
    ['non-ASCII', (count: number) => `f%C3%BC${count}`],
  ] as const) {
    const uris = Array.from({ length: COUNT }, (_, count) => parsed(Uri.parse(`sip:${user(count)}@example.net`)));
    const map = fresh(2 * COUNT);
    const jids = uris.map((uri) => parsed(jidFromUri(uri, map)));
    results.push(
      figure(`${kind} SIP URI to JID, fresh`, uris, fresh(2), (uri, its) => jidFromUri(uri, its)),
      figure(`${kind} SIP URI to JID, remembered`, uris, map, (uri, its) => jidFromUri(uri, its)),
      figure(`${kind} JID to SIP URI, fresh`, jids, fresh(2), (jid, its) => uriFromJid(jid, its)),
      figure(`${kind} JID to SIP URI, remembered`, jids, map, (jid, its) => uriFromJid(jid, its)),
    );
  }
  return results;
}

function fresh(cachedAddresses: number): AddressMap {
  const tables = parsed(
    loadAddressTables(readFileSync(packagePath('mappings/addresses.yaml'), 'utf8'), 'addresses.yaml'),
  );
  return new AddressMap(tables, { xmppDomains: ['example.com'], sipDomains: ['example.net'], cachedAddresses });
}

function parsed<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(`a bench address does not map: ${JSON.stringify(result.error)}`);
  return result.value;
}

function figure<T>(
  name: string,
  addresses: readonly T[],
  map: AddressMap,
  mapOne: (address: T, map: AddressMap) => { readonly ok: boolean },
): BenchResult {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let mapped = 0;
    for (const address of addresses) if (mapOne(address, map).ok) mapped++;
    best = Math.min(best, performance.now() - start);
    if (mapped !== addresses.length) throw new Error('a bench address does not map');
  }
  return { name, unit: 'addresses/s', value: (addresses.length * 1000) / best, higherIsBetter: true };
}
