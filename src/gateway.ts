/** The composition root: plugs the rooms together from a `Config`, starts them in order, and drains them in order. */
import type { Log } from './base/log.js';
import type { Metrics } from './base/metrics.js';
import type { Random } from './base/random.js';
import type { Scheduler } from './base/time.js';
import type { Config } from './config/schema.js';
import { StaticUsers } from './directory/static-users.js';
import { AddressMap } from './interwork/address/address-map.js';
import type { AddressTables } from './interwork/address/tables.js';
import type { ErrorTables } from './interwork/error/tables.js';
import { ACCEPTED_TYPES } from './interwork/message/content.js';
import { MessageInterworking } from './interwork/message/message-interworking.js';
import { unescapedUser } from './sip/registrar/aor.js';
import { DomainTable } from './sip/useragent/domains.js';
import { openStore } from './store/open-store.js';
import type { Store } from './store/store.js';
import { SystemScheduler } from './wire/clock.js';
import { DnsResolver } from './wire/dns.js';
import { SystemRandom } from './wire/random.js';
import { EmbeddedSipEngine } from './wire/sip/embedded-engine.js';
import { ComponentLink } from './wire/xmpp/component-link.js';
import { EmbeddedServer } from './wire/xmpp/embedded-server.js';
import { type GatewayAnswers, gatewayAnswers } from './xmpp/gateway/gateway-answers.js';
import type { XmppLink } from './xmpp/link.js';

export interface GatewayParts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** The tables of `mappings/`. */
  readonly addresses: AddressTables;
  readonly errors: ErrorTables;
  /** Told by jabber:iq:version and the like. */
  readonly version: string;
}

/** Either shape of the XMPP side. */
interface RunningLink extends XmppLink {
  start(): Promise<void>;
  stop(drainMs: number): Promise<void>;
  /** Resolves as soon as stanzas can be handed over. */
  readonly ready: Promise<void>;
  /** What it listens on, as `c2s:127.0.0.1:5222`. */
  readonly listening: readonly string[];
  /** What `notReady` calls it. */
  readonly title: string;
  /** The certificate that clients see; absent where there are none. */
  readonly identity?: { readonly fingerprint: string } | undefined;
}

/** The share of the drain that is left for XMPP to hear what did not finish, and for streams to be closed in good order. */
const LAST_WORDS = 0.2;

/** One running gateway. */
export class Gateway {
  readonly #config: Config;
  readonly #parts: GatewayParts;
  readonly #scheduler: Scheduler = new SystemScheduler();
  readonly #random: Random = new SystemRandom();
  #store: Store | undefined;
  #engine: EmbeddedSipEngine | undefined;
  #link: RunningLink | undefined;
  #messages: MessageInterworking | undefined;
  #listening = false;
  #markReady: () => void = () => {};
  /** Resolves when every listener and link is up for the first time. */
  readonly ready = new Promise<void>((resolve) => {
    this.#markReady = resolve;
  });

  constructor(config: Config, parts: GatewayParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** Opens store, listeners and links; rejects when one cannot be opened. A component's server may still be away: see `ready`. */
  async start(): Promise<void> {
    const store = await openStore(this.#config.store);
    this.#store = store;
    const users = await this.#users(store);
    const engine = this.#makeEngine(store, users);
    const link = this.#makeLink(store, users);
    this.#engine = engine;
    this.#link = link;
    this.#messages = this.#makeMessages(engine, link);
    this.#messages.start();
    await engine.start();
    await link.start();
    this.#listening = true;
    void link.ready.then(() => this.#markReady());
  }

  /** What is not up; empty when the gateway is ready. */
  notReady(): readonly string[] {
    if (!this.#listening || this.#link === undefined) return ['listeners'];
    return this.#link.up ? [] : [this.#link.title];
  }

  /** What is listened on, with the ports that were really taken, as `udp:127.0.0.1:5060` and `c2s:127.0.0.1:5222`. */
  get listening(): readonly string[] {
    return [...(this.#engine?.listening ?? []), ...(this.#link?.listening ?? [])];
  }

  /** SHA-256 of the certificate that XMPP clients see; undefined without an embedded server. */
  get fingerprint(): string | undefined {
    return this.#link?.identity?.fingerprint;
  }

  /** Takes no new work, lets open transactions finish, tells the senders of the others, closes everything: in `limits.drainMs`. */
  async stop(): Promise<void> {
    const { drainMs } = this.#config.limits;
    const end = this.#scheduler.now() + drainMs;
    const left = (until: number) => Math.max(0, until - this.#scheduler.now());
    const endOfWork = end - drainMs * LAST_WORDS;
    if (this.#messages !== undefined) await this.#withLimit(this.#messages.drain(), left(endOfWork));
    await this.#engine?.stop(left(endOfWork));
    await this.#link?.stop(left(end));
    await this.#store?.close();
  }

  async #withLimit(work: Promise<void>, limitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#scheduler.after(limitMs, resolve);
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #users(store: Store): Promise<StaticUsers> {
    const { users, domains, sip } = this.#config;
    const realms = new DomainTable(domains, sip.registrar.realm);
    return StaticUsers.over(
      store,
      {
        xmpp: users.flatMap((user) => ('jid' in user ? [user] : [])),
        sip: users.flatMap((user) => {
          if (!('aor' in user)) return [];
          const [escaped = '', domain = ''] = user.aor.replace(/^sips?:/, '').split('@', 2);
          const username = unescapedUser(escaped) ?? escaped;
          return [{ username, realm: realms.realmOf(domain.toLowerCase()) ?? domain, password: user.password }];
        }),
      },
      this.#random,
    );
  }

  #makeEngine(store: Store, users: StaticUsers): EmbeddedSipEngine {
    const { sip, domains, limits } = this.#config;
    return new EmbeddedSipEngine({
      options: {
        listen: sip.listen,
        advertise: sip.advertise,
        domains: { xmpp: domains.xmpp, sip: domains.sip, gateway: this.#furtherDomains() },
        outboundProxy: sip.outboundProxy,
        outboundProxyCredentials: sip.outboundProxyCredentials,
        registrar: sip.registrar,
        trustedPeers: sip.trustedPeers,
        timers: sip.timers,
        limits: {
          maxMessageOctets: limits.sipMessageOctets,
          maxReadOctets: limits.sipReadOctets,
          maxTransactions: limits.sipTransactions,
          maxConnections: limits.sipConnections,
        },
        accept: ACCEPTED_TYPES,
      },
      scheduler: this.#scheduler,
      random: this.#random,
      log: this.#parts.log,
      metrics: this.#parts.metrics,
      dns: new DnsResolver(this.#scheduler, sip.dns.servers === undefined ? {} : { servers: sip.dns.servers }),
      locationStore: store,
      credentialStore: users,
    });
  }

  #makeMessages(engine: EmbeddedSipEngine, link: XmppLink): MessageInterworking {
    const { messages, limits, errors } = this.#config;
    return new MessageInterworking({
      sip: engine,
      links: link,
      addresses: this.#addressMap(),
      errors: this.#parts.errors,
      scheduler: this.#scheduler,
      random: this.#random,
      log: this.#parts.log,
      metrics: this.#parts.metrics,
      options: {
        acceptCode: messages.acceptCode,
        lateFailure: messages.lateFailure,
        expired: messages.expired,
        cpimOut: messages.cpim.out,
        maxStanzaOctets: limits.stanzaOctets,
        maxPending: limits.pendingMessages,
        bareJid: errors.bareJid,
      },
    });
  }

  #makeLink(store: Store, users: StaticUsers): RunningLink {
    const { component, server } = this.#config.xmpp;
    if (server !== undefined) return this.#makeServer(server, store, users);
    if (component !== undefined) return this.#makeComponent(component);
    throw new Error('a checked configuration has xmpp.component or xmpp.server');
  }

  #makeServer(server: NonNullable<Config['xmpp']['server']>, store: Store, users: StaticUsers): RunningLink {
    const { domains, limits, dataDir } = this.#config;
    return new EmbeddedServer({
      domains: domains.xmpp,
      gatewayDomains: this.#gatewayDomains(),
      c2s: { listen: server.c2s.listen, tls: server.c2s.tls ?? 'self-signed', requireTls: server.c2s.requireTls },
      ...(server.directTls === undefined ? {} : { directTls: server.directTls }),
      dataDir,
      limits: {
        stanzaOctets: limits.stanzaOctets,
        connections: limits.c2sConnections,
        connectionsPerAddress: limits.c2sConnectionsPerAddress,
        resourcesPerAccount: limits.resourcesPerAccount,
        offlineMessages: limits.offlineMessages,
        offlineOctets: limits.offlineOctets,
      },
      accounts: users,
      store,
      scheduler: this.#scheduler,
      random: this.#random,
      log: this.#parts.log,
      metrics: this.#parts.metrics,
      software: { name: 'Verona', version: this.#parts.version },
      answerForGateway: this.#answers(),
    });
  }

  #makeComponent(component: NonNullable<Config['xmpp']['component']>): RunningLink {
    const { domains, limits } = this.#config;
    return new ComponentLink({
      host: component.host,
      port: component.port,
      secret: component.secret,
      domains: component.domains ?? this.#gatewayDomains(),
      pingTarget: component.pingTarget ?? (domains.xmpp[0] as string),
      limits: {
        queueStanzas: limits.componentQueueStanzas,
        queueOctets: limits.componentQueueOctets,
        stanzaOctets: limits.stanzaOctets,
        barrierTimeoutMs: limits.confirmTimeoutMs,
      },
      answers: this.#answers(),
      scheduler: this.#scheduler,
      random: this.#random,
      log: this.#parts.log,
      metrics: this.#parts.metrics,
    });
  }

  #answers(): GatewayAnswers {
    return gatewayAnswers({ software: { name: 'Verona', version: this.#parts.version } });
  }

  #addressMap(): AddressMap {
    const { domains, addresses } = this.#config;
    return new AddressMap(this.#parts.addresses, {
      xmppDomains: domains.xmpp,
      sipDomains: domains.sip,
      subdomains: addresses.subdomains.map((entry) => ({ domain: entry.domain, sipDomains: entry.sip })),
      phone: { domain: addresses.phone.domain ?? (domains.sip[0] as string) },
    });
  }

  /** Names beside `domains.sip` under which SIP users are known on the XMPP side. */
  #furtherDomains(): readonly string[] {
    const { subdomains, phone } = this.#config.addresses;
    return [...subdomains.map((entry) => entry.domain), ...(phone.domain === undefined ? [] : [phone.domain])];
  }

  /** The domains for which this process stands on the XMPP side. */
  #gatewayDomains(): readonly string[] {
    return [...new Set([...this.#config.domains.sip, ...this.#furtherDomains()].map((name) => name.toLowerCase()))];
  }
}
