/** The embedded SIP engine as a process, with nothing behind it that takes time. Writes its port. */

import { silentLog } from '../../../src/base/log.js';
import { noMetrics } from '../../../src/base/metrics.js';
import { MemoryStore } from '../../../src/store/memory-store.js';
import { SystemScheduler } from '../../../src/wire/clock.js';
import { SystemRandom } from '../../../src/wire/random.js';
import { EmbeddedSipEngine } from '../../../src/wire/sip/embedded-engine.js';

const store = new MemoryStore();
const engine = new EmbeddedSipEngine({
  options: {
    listen: ['udp:127.0.0.1:0'],
    domains: { xmpp: ['example.com'], sip: ['example.net'] },
    trustedPeers: ['127.0.0.1/32'],
  },
  scheduler: new SystemScheduler(),
  random: new SystemRandom(),
  log: silentLog,
  metrics: noMetrics,
  dns: { cached: () => ({ kind: 'none' }), query: async () => ({ kind: 'none' }) },
  locationStore: store,
  credentialStore: store,
});
const answer = Promise.resolve({ status: 200 });
engine.onMessage(() => answer);
await engine.start();
process.stdout.write(`${engine.listening[0]?.split(':').at(-1)}\n`);
process.on('SIGTERM', () => process.exit(0));
