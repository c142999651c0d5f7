/**
 * Where scripts are played: one gateway, SIP users with phones, XMPP users with sessions. The XMPP side is the embedded
 * server, a server in this process, or a real Prosody; the scripts are the same.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { noMetrics } from '../../../src/base/metrics.js';
import { loadConfig } from '../../../src/config/load.js';
import { Gateway } from '../../../src/gateway.js';
import { SystemScheduler } from '../../../src/wire/clock.js';
import { SystemRandom } from '../../../src/wire/random.js';
import type { SipUserAgentOptions } from '../../../src/wire/sip/user-agent.js';
import { XmppClient } from '../../../src/wire/xmpp/client.js';
import { ADDRESS_TABLES, ERROR_TABLES } from '../../support/message-scenario.js';
import { describeWithPeers } from '../../support/peers/installed.js';
import { Prosody } from '../../support/peers/prosody.js';
import { secret } from '../../support/peers/secret.js';
import { TemporaryFolder } from '../../support/peers/temporary-folder.js';
import { RecordingLog } from '../../support/recording-log.js';
import { ComponentServer } from './component-server.js';
import { Phone } from './phone.js';
import { type UserSession, XmppUser } from './xmpp-user.js';

export type Shape = 'embedded server' | 'component' | 'component of prosody';

type Settings = Readonly<Record<string, object>>;

export interface StageOptions {
  /** Keys of the configuration contract, laid over those of the stage, group by group; or what finds them at the start. */
  readonly config?: Settings | (() => Promise<Settings>);
  /** XMPP users of example.com. Default: juliet and nurse. */
  readonly accounts?: readonly string[];
  /** Whether the store outlives a restart of the gateway. Default: it does not. */
  readonly keepsStore?: boolean;
}

const SIP_USERS = ['romeo', 'mercutio', 'tybalt', '+12025550101'];
const DOMAIN = 'example.com';
const READY_TIMEOUT_MS = 8000;

export class Stage {
  readonly shape: Shape;
  readonly log = new RecordingLog();
  readonly #options: StageOptions;
  readonly #settings: Settings;
  readonly #folder: TemporaryFolder;
  readonly #sipPassword = secret();
  readonly #passwords = new Map<string, string>();
  #opened: { close(): Promise<unknown> }[] = [];
  #gateway: Gateway | undefined;
  /** The same, until it is stopped. */
  #running: Gateway | undefined;
  #server: ComponentServer | undefined;
  #prosody: Prosody | undefined;

  private constructor(shape: Shape, options: StageOptions, settings: Settings, folder: TemporaryFolder) {
    this.shape = shape;
    this.#options = options;
    this.#settings = settings;
    this.#folder = folder;
  }

  static async open(shape: Shape, options: StageOptions = {}): Promise<Stage> {
    const settings = typeof options.config === 'function' ? await options.config() : (options.config ?? {});
    const stage = new Stage(shape, options, settings, await TemporaryFolder.make('scenario'));
    try {
      await stage.#openServer();
      await stage.startGateway();
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  get gateway(): Gateway {
    assert.ok(this.#gateway);
    return this.#gateway;
  }

  /** The server in this process, of the shape `component`. */
  get server(): ComponentServer {
    assert.ok(this.#server);
    return this.#server;
  }

  /** Where the gateway takes SIP. */
  sipPort(transport: 'udp' | 'tcp'): number {
    return portOf(this.gateway.listening, transport);
  }

  /** A phone of a SIP user, registered. */
  async phone(user: string, transport: 'udp' | 'tcp' = 'udp', options: Partial<SipUserAgentOptions> = {}) {
    const phone = await this.stranger(`sip:${user}@example.net`, transport, options);
    const bound = await phone.agent.register();
    assert.equal(bound.status, 200);
    const { gateway } = this;
    this.#opened.push({
      close: async () => {
        if (gateway === this.#running) await phone.agent.unregister();
      },
    });
    return phone;
  }

  /** A phone that has not registered. */
  async stranger(aor: string, transport: 'udp' | 'tcp' = 'udp', options: Partial<SipUserAgentOptions> = {}) {
    const registrar = { host: '127.0.0.1', port: this.sipPort(transport), transport };
    const phone = await Phone.open({ aor, password: this.#sipPassword, registrar, ...options });
    this.#opened.unshift({ close: () => phone.stop() }); // after they took their bindings back
    return phone;
  }

  /** An XMPP user who comes online. */
  async user(name: string, resource = 'balcony'): Promise<XmppUser> {
    const user = new XmppUser(await this.#session(name, resource));
    this.#opened.push(user);
    return user;
  }

  /** The client of an XMPP user who comes online, for scripts that break rules. */
  async client(name: string): Promise<XmppClient> {
    const client = this.#client(name, 'balcony');
    await client.connect();
    this.#opened.push(client);
    return client;
  }

  /** Hangs up every phone and ends every session. */
  async clear(): Promise<void> {
    for (const opened of this.#opened.splice(0).reverse()) await opened.close();
  }

  /** Fails when the gateway has logged a bug of its own. */
  hasNoBugs(): void {
    assert.deepEqual(
      this.log.lines.filter(({ level, fields }) => level === 'error' && fields.stack !== undefined),
      [],
    );
  }

  async startGateway(): Promise<void> {
    const gateway = new Gateway(this.#config(), {
      log: this.log,
      metrics: noMetrics,
      addresses: ADDRESS_TABLES,
      errors: ERROR_TABLES,
      version: '0.0.0',
    });
    this.#gateway = gateway;
    this.#running = gateway;
    await gateway.start();
    if (this.#expectsToBeReady()) await this.#ready(gateway);
  }

  async #ready(gateway: Gateway): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new Error(`the gateway is not ready: ${JSON.stringify(this.log.lines)}`));
      timer = setTimeout(fail, READY_TIMEOUT_MS);
    });
    await Promise.race([gateway.ready, late]);
    clearTimeout(timer);
  }

  /** Resolves once the gateway knows that its link is down. */
  async linkDown(): Promise<void> {
    while (this.gateway.notReady().length === 0) await new Promise(setImmediate);
  }

  /** Stops it as SIGTERM does; phones keep their bindings. */
  stopGateway(): Promise<void> {
    const gateway = this.#running;
    this.#running = undefined;
    return gateway?.stop() ?? Promise.resolve();
  }

  async restartGateway(): Promise<void> {
    await this.stopGateway();
    await this.startGateway();
  }

  async close(): Promise<void> {
    await this.clear();
    await this.stopGateway();
    await this.#server?.kill();
    await this.#prosody?.stop();
    await this.#folder.remove();
  }

  async #openServer(): Promise<void> {
    const users = this.#options.accounts ?? ['juliet', 'nurse'];
    if (this.shape === 'embedded server') {
      for (const user of users) this.#passwords.set(user, secret());
    } else if (this.shape === 'component') {
      const shared = secret();
      const components = { 'example.net': shared, 'sip.example.com': shared };
      this.#server = await ComponentServer.open({ domain: DOMAIN, users, components });
    } else {
      this.#prosody = await Prosody.start({ domain: DOMAIN, component: 'example.net' });
      for (const user of users) this.#passwords.set(user, await this.#prosody.addUser(user));
    }
  }

  #expectsToBeReady(): boolean {
    return this.#component()?.secret !== 'wrong';
  }

  #component(): { readonly secret?: string } | undefined {
    return (this.#settings.xmpp as { component?: { secret?: string } } | undefined)?.component;
  }

  #config() {
    const { keepsStore = false } = this.#options;
    const settings = this.#settings;
    const base: Record<string, object> = {
      domains: { xmpp: [DOMAIN], sip: ['example.net'] },
      sip: { listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'] },
      limits: {},
    };
    const text = stringify({
      ...Object.fromEntries(
        [...new Set([...Object.keys(base), ...Object.keys(settings)])].map((key) => [
          key,
          { ...base[key], ...settings[key] },
        ]),
      ),
      xmpp: this.#xmpp(),
      store: keepsStore ? `sqlite:${this.#folder.path}/verona.db` : 'memory:',
      dataDir: this.#folder.path,
      users: this.#users(),
    });
    const loaded = loadConfig(text, 'scenario.yaml', {});
    assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.error));
    return loaded.value.config;
  }

  #xmpp(): object {
    switch (this.shape) {
      case 'embedded server':
        return { server: { c2s: { listen: '127.0.0.1:0' } } };
      case 'component': {
        const { port, secrets } = this.server;
        return { component: { host: '127.0.0.1', port, secret: secrets['example.net'], ...this.#component() } };
      }
      case 'component of prosody': {
        const { host, componentPort, componentSecret } = this.#prosody!;
        return { component: { host, port: componentPort, secret: componentSecret } };
      }
    }
  }

  #users(): object[] {
    const sip = SIP_USERS.map((user) => ({ aor: `sip:${user}@example.net`, password: this.#sipPassword }));
    if (this.shape !== 'embedded server') return sip;
    return [...sip, ...[...this.#passwords].map(([user, password]) => ({ jid: `${user}@${DOMAIN}`, password }))];
  }

  async #session(name: string, resource: string): Promise<UserSession> {
    if (this.shape === 'component') return this.server.connect(name, resource);
    return clientSession(this.#client(name, resource));
  }

  #client(name: string, resource: string): XmppClient {
    const prosody = this.#prosody;
    return new XmppClient({
      jid: `${name}@${DOMAIN}/${resource}`,
      password: this.#passwords.get(name) as string,
      host: '127.0.0.1',
      port: prosody?.c2sPort ?? portOf(this.gateway.listening, 'c2s'),
      tls:
        prosody === undefined
          ? { fingerprint: this.gateway.fingerprint as string }
          : { ca: readFileSync(prosody.caFile, 'utf8') },
      scheduler: new SystemScheduler(),
      random: new SystemRandom(),
    });
  }
}

/** Online, with its presence broadcast, so that messages come. */
async function clientSession(client: XmppClient): Promise<UserSession> {
  const early: Parameters<Parameters<XmppClient['onStanza']>[0]>[0][] = [];
  let listener: ((stanza: (typeof early)[number]) => void) | undefined;
  let present = () => {};
  const online = new Promise<void>((resolve) => {
    present = resolve;
  });
  client.onStanza((stanza) => {
    if (stanza.name === 'presence') present();
    else if (listener === undefined) early.push(stanza);
    else listener(stanza);
  });
  await client.connect();
  await online;
  return {
    jid: client.jid.toString(),
    onStanza: (take) => {
      listener = take;
      for (const stanza of early.splice(0)) take(stanza);
    },
    send: (stanza) => void client.send(stanza),
    close: () => client.close(),
  };
}

function portOf(listening: readonly string[], kind: string): number {
  const text = listening.find((listener) => listener.startsWith(`${kind}:`)) ?? '';
  return Number(text.slice(text.lastIndexOf(':') + 1));
}

export interface SuiteOptions extends StageOptions {
  /** Default: all. */
  readonly shapes?: readonly Shape[];
  /** Whether phones and sessions last for the whole suite, instead of one script. */
  readonly keepsPeople?: boolean;
}

/** A suite of scripts, played on a stage of each shape; that with a real server is skipped by name where it is missing. */
export function onStages(
  title: string,
  scripts: (stage: () => Stage, shape: Shape) => void,
  options: SuiteOptions = {},
): void {
  for (const shape of options.shapes ?? SHAPES) {
    const suite = () => {
      let stage: Stage;
      before(async () => {
        stage = await Stage.open(shape, options);
      });
      afterEach(async () => {
        if (options.keepsPeople !== true) await stage.clear();
        stage.hasNoBugs();
      });
      after(() => stage?.close());
      scripts(() => stage, shape);
    };
    const name = `${title} (${shape})`;
    if (shape === 'component of prosody') describeWithPeers(name, ['prosody'], suite);
    else describe(name, suite);
  }
}

export const IN_PROCESS: readonly Shape[] = ['embedded server', 'component'];
const SHAPES: readonly Shape[] = [...IN_PROCESS, 'component of prosody'];
