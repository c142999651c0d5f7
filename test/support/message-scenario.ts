import { readFileSync } from 'node:fs';
import { type Element, parse } from 'ltx';
import type { Metrics } from '../../src/base/metrics.js';
import { noMetrics } from '../../src/base/metrics.js';
import { AddressMap, type AddressMapOptions } from '../../src/interwork/address/address-map.js';
import { loadAddressTables } from '../../src/interwork/address/tables.js';
import { loadErrorTables } from '../../src/interwork/error/tables.js';
import { MessageInterworking, type MessageOptions } from '../../src/interwork/message/message-interworking.js';
import type { SipEngine } from '../../src/sip/engine.js';
import { FakeScheduler } from './fake-scheduler.js';
import { FakeSipEngine } from './fake-sip-engine.js';
import { FakeXmppLink } from './fake-xmpp-link.js';
import { packagePath } from './package-path.js';
import { RecordingLog } from './recording-log.js';
import { SeededRandom } from './seeded-random.js';

const addressTables = loadAddressTables(readFileSync(packagePath('mappings/addresses.yaml'), 'utf8'), 'addresses.yaml');
const errorTables = loadErrorTables(readFileSync(packagePath('mappings/errors.yaml'), 'utf8'), 'errors.yaml');
if (!addressTables.ok || !errorTables.ok) throw new Error('mappings/ cannot be read');

/** The tables of RFC 7247 as they are shipped. */
export const ERROR_TABLES = errorTables.value;
export const ADDRESS_TABLES = addressTables.value;

/** example.com is XMPP, example.net is SIP. */
export function addressMap(options: Partial<AddressMapOptions> = {}): AddressMap {
  return new AddressMap(ADDRESS_TABLES, { xmppDomains: ['example.com'], sipDomains: ['example.net'], ...options });
}

export interface ScenarioParts {
  readonly options?: MessageOptions;
  readonly now?: number;
  readonly addresses?: AddressMap;
  readonly metrics?: Metrics;
}

/** Messages between example.net (SIP) and example.com (XMPP), with both sides and time in the test's hand. */
export function messageScenario(parts: ScenarioParts = {}) {
  const sip = new FakeSipEngine();
  return { sip, ...wire(sip, parts) };
}

/** The same around another SIP engine. */
export function wire(sip: SipEngine, parts: ScenarioParts = {}, scheduler = new FakeScheduler(parts.now)) {
  const link = new FakeXmppLink();
  const log = new RecordingLog();
  const addresses = parts.addresses ?? addressMap();
  const messages = new MessageInterworking({
    sip,
    links: link,
    addresses,
    errors: ERROR_TABLES,
    scheduler,
    random: new SeededRandom(),
    log,
    metrics: parts.metrics ?? noMetrics,
    ...(parts.options === undefined ? {} : { options: parts.options }),
  });
  messages.start();
  return { link, log, addresses, messages, scheduler };
}

/** Lets every promise that can go on go on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A stanza as it comes from a stream, in the namespace that the process uses. */
export function stanza(text: string): Element {
  const element = parse(text) as Element;
  element.attrs.xmlns ??= 'jabber:client';
  return element;
}
