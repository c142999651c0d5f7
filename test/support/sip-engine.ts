import { noMetrics } from '../../src/base/metrics.js';
import type { Random } from '../../src/base/random.js';
import type { Scheduler } from '../../src/base/time.js';
import { digestHa1 } from '../../src/sip/auth/digest.js';
import type { OutgoingMessage } from '../../src/sip/engine.js';
import type { DnsSource } from '../../src/sip/locate/dns-answer.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { SystemScheduler } from '../../src/wire/clock.js';
import { EmbeddedSipEngine, type EmbeddedSipOptions } from '../../src/wire/sip/embedded-engine.js';
import { SipUserAgent, type SipUserAgentOptions } from '../../src/wire/sip/user-agent.js';
import { RecordingLog } from './recording-log.js';
import { SeededRandom } from './seeded-random.js';
import { uri } from './sip-messages.js';

/** A DNS in which there is nothing, unless a test says otherwise. */
export const emptyDns: DnsSource = {
  cached: () => ({ kind: 'none' }),
  query: async () => ({ kind: 'none' }),
};

export interface EngineParts {
  readonly options?: Partial<EmbeddedSipOptions>;
  readonly scheduler?: Scheduler;
  readonly random?: Random;
  readonly dns?: DnsSource;
  readonly store?: MemoryStore;
}

/** An engine on free ports of the loopback address: example.com is XMPP, example.net SIP with romeo, mercutio and tybalt. */
export async function openEngine(parts: EngineParts = {}) {
  const store = parts.store ?? new MemoryStore();
  for (const username of ['romeo', 'mercutio', 'tybalt']) await addUser(store, username, 'example.net');
  const log = new RecordingLog();
  const engine = new EmbeddedSipEngine({
    options: {
      listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
      domains: { xmpp: ['example.com'], sip: ['example.net'] },
      ...parts.options,
    },
    scheduler: parts.scheduler ?? new SystemScheduler(),
    random: parts.random ?? new SeededRandom(),
    log,
    metrics: noMetrics,
    dns: parts.dns ?? emptyDns,
    locationStore: store,
    credentialStore: store,
  });
  await engine.start();
  return { engine, store, log };
}

/** The password of every test user. */
export const PASSWORD = 'correct horse';

export async function addUser(store: MemoryStore, username: string, realm: string): Promise<void> {
  await store.putSipUser({
    username,
    realm,
    ha1Md5: digestHa1('MD5', username, realm, PASSWORD),
    ha1Sha256: digestHa1('SHA-256', username, realm, PASSWORD),
  });
}

/** The port that `engine` listens on. */
export function portOf(engine: { readonly listening: readonly string[] }, transport: 'udp' | 'tcp'): number {
  const text = engine.listening.find((listener) => listener.startsWith(`${transport}:`)) ?? '';
  return Number(text.slice(text.lastIndexOf(':') + 1));
}

/** A started phone of `user`, which talks to `engine`. */
export async function openPhone(
  engine: EmbeddedSipEngine,
  user: string,
  transport: 'udp' | 'tcp' = 'udp',
  options: Partial<SipUserAgentOptions> = {},
): Promise<SipUserAgent> {
  const phone = new SipUserAgent({
    aor: `sip:${user}@example.net`,
    password: PASSWORD,
    registrar: { host: '127.0.0.1', port: portOf(engine, transport), transport },
    ...options,
  });
  await phone.start();
  return phone;
}

/** A message of juliet to a SIP user. */
export function messageTo(to: string, parts: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    requestUri: uri(to),
    from: uri('sip:juliet@example.com'),
    to: uri(to),
    headers: [],
    contentType: 'text/plain',
    body: Buffer.from('Wherefore art thou?'),
    ...parts,
  };
}
