import assert from 'node:assert/strict';
import { Element } from 'ltx';
import { noMetrics } from '../src/base/metrics.js';
import { loadConfig } from '../src/config/load.js';
import { Gateway } from '../src/gateway.js';
import { SystemScheduler } from '../src/wire/clock.js';
import { SystemRandom } from '../src/wire/random.js';
import { XmppClient } from '../src/wire/xmpp/client.js';
import { ADDRESS_TABLES, ERROR_TABLES } from './support/message-scenario.js';
import { secret } from './support/peers/secret.js';
import { TemporaryFolder } from './support/peers/temporary-folder.js';
import { RecordingLog } from './support/recording-log.js';

describe('the gateway of a configuration', () => {
  const password = secret();
  let folder: TemporaryFolder;
  let gateway: Gateway;
  let juliet: XmppClient;

  before(async () => {
    folder = await TemporaryFolder.make('gateway');
    const text = `
domains: { xmpp: [example.com], sip: [example.net] }
xmpp: { server: { c2s: { listen: "127.0.0.1:0", requireTls: false } } }
sip: { listen: ["udp:127.0.0.1:0"] }
addresses:
  phone: { domain: Tel.example.com }
  subdomains: [{ domain: sip.example.com, sip: "*" }]
store: "memory:"
dataDir: ${folder.path}
users: [{ jid: juliet@example.com, password: ${password} }]
`;
    const loaded = loadConfig(text, 'gateway.yaml', {});
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.error.join('\n'));
    gateway = new Gateway(loaded.value.config, {
      log: new RecordingLog(),
      metrics: noMetrics,
      addresses: ADDRESS_TABLES,
      errors: ERROR_TABLES,
      version: '0.0.0',
    });
    await gateway.start();
    const port = Number(/^c2s:.*:(\d+)$/.exec(gateway.listening.find((one) => one.startsWith('c2s:')) ?? '')?.[1]);
    juliet = new XmppClient({
      jid: 'juliet@example.com',
      password,
      host: '127.0.0.1',
      port,
      tls: { fingerprint: gateway.fingerprint as string },
      scheduler: new SystemScheduler(),
      random: new SystemRandom(),
    });
    await juliet.connect();
  });

  after(async () => {
    await juliet.close();
    await gateway.stop();
    await folder.remove();
  });

  for (const [domain, type] of [
    ['example.net', 'result'],
    ['sip.example.com', 'result'],
    ['tel.example.com', 'result'],
    ['elsewhere.example', 'error'],
  ] as const) {
    it(`${domain} ${type === 'result' ? 'is a domain of the gateway' : 'is none of its domains'}`, async () => {
      const iq = new Element('iq', { type: 'get', to: domain, id: domain });
      iq.c('ping', { xmlns: 'urn:xmpp:ping' });
      assert.equal((await juliet.request(iq)).attrs.type, type);
    });
  }
});
