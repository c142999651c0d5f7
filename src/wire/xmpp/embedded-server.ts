/** The embedded XMPP server as a link of the gateway: listeners for clients, and the server of the local domains behind them. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Element } from 'ltx';
import { type Log, silentLog } from '../../base/log.js';
import { type Metrics, noMetrics } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import { err, ok, type Result } from '../../base/result.js';
import type { Scheduler } from '../../base/time.js';
import { Jid } from '../../xmpp/address/jid.js';
import { type GatewayAnswers, gatewayAnswers } from '../../xmpp/gateway/gateway-answers.js';
import type { DeliveryFailure, XmppLink } from '../../xmpp/link.js';
import type { AccountStore } from '../../xmpp/server/account-store.js';
import { DEFAULT_ITERATIONS } from '../../xmpp/server/accounts.js';
import { ImServer, type ImServerLimits } from '../../xmpp/server/im-server.js';
import type { Delivered } from '../../xmpp/server/local-messages.js';
import type { OfflineStore } from '../../xmpp/server/offline-store.js';
import type { SecretStore } from '../../xmpp/server/secret-store.js';
import type { Item } from '../../xmpp/stanza/disco.js';
import { errorReply } from '../../xmpp/stanza/error-reply.js';
import { stanzaError } from '../../xmpp/stanza/error-type.js';
import type { TlsPolicy } from '../../xmpp/stream/c2s-negotiation.js';
import {
  C2sConnection,
  type C2sCounters,
  type C2sLimits,
  type C2sSurroundings,
  DEFAULT_C2S_LIMITS,
} from './c2s-connection.js';
import { type BoundAddress, listenAt } from './listen-address.js';
import { covers, endsSoon, loadIdentity, selfSignedIdentity, type TlsFiles, type TlsIdentity } from './tls-identity.js';

export interface EmbeddedServerOptions {
  /** The domains of local accounts. */
  readonly domains: readonly string[];
  /** The domains behind the gateway. */
  readonly gatewayDomains: readonly string[];
  readonly c2s: {
    /** `ADDRESS:PORT`. */
    readonly listen: string;
    /** Files, or a certificate made at first start and kept in `dataDir`. Absent: no TLS at all. */
    readonly tls?: TlsFiles | 'self-signed';
    /** Whether clients must use TLS before anything else. Without a certificate there is nothing to require. */
    readonly requireTls: boolean;
  };
  /** A second listener, encrypted from the first byte (XEP-0368). Needs `c2s.tls`. */
  readonly directTls?: { readonly listen: string };
  /** Where a self-signed certificate is kept. Default `./data`. */
  readonly dataDir?: string;
  readonly limits?: EmbeddedServerLimits;
  /** Whether PLAIN is offered under TLS, last. Default true. */
  readonly plain?: boolean;
  /** SCRAM iterations of new accounts, which users that do not exist pretend to have. Default 10,000. */
  readonly iterations?: number;
  /** Who may log in. */
  readonly accounts: AccountStore;
  readonly store: OfflineStore & SecretStore;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** For XEP-0092. */
  readonly software: { readonly name: string; readonly version: string };
  /** What disco#items of the server lists. Default: `gatewayDomains`. */
  readonly items?: readonly Item[];
  /** What is answered at once for the gateway's domains. Default: what src/xmpp/gateway/ answers. */
  readonly answerForGateway?: GatewayAnswers;
}

export interface EmbeddedServerLimits extends C2sLimits, ImServerLimits {
  /** Open client connections. Default 10,000. */
  readonly connections?: number;
  /** Open client connections of one network address. Default 1,000. */
  readonly connectionsPerAddress?: number;
}

export class EmbeddedServer implements XmppLink {
  readonly #options: EmbeddedServerOptions;
  readonly #log: Log;
  readonly #server: ImServer;
  readonly #counters: C2sCounters;
  readonly #limits: Required<C2sLimits>;
  readonly #maxConnections: number;
  readonly #maxPerAddress: number;
  readonly #connections = new Set<C2sConnection>();
  /** Sockets, in TLS handshakes too: all, and by address. */
  #open = 0;
  readonly #byAddress = new Map<string, number>();
  readonly #listeners: Server[] = [];
  #around: C2sSurroundings | undefined;
  #identity: TlsIdentity | undefined;
  #addresses: { c2s?: BoundAddress; directTls?: BoundAddress } = {};
  #markReady!: () => void;
  #take: (stanza: Element) => void = () => {};
  #up = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: EmbeddedServerOptions) {
    const limits = options.limits ?? {};
    const metrics = options.metrics ?? noMetrics;
    const domains = canonical(options.domains);
    const gatewayDomains = canonical(options.gatewayDomains);
    this.#options = { ...options, domains, gatewayDomains };
    this.#log = options.log ?? silentLog;
    this.#limits = { ...DEFAULT_C2S_LIMITS, ...defined(limits) };
    this.#maxConnections = limits.connections ?? 10_000;
    this.#maxPerAddress = limits.connectionsPerAddress ?? 1_000;
    this.#server = new ImServer({
      domains,
      gatewayDomains,
      accounts: options.accounts,
      offline: options.store,
      clock: options.scheduler,
      random: options.random,
      log: this.#log,
      software: options.software,
      items: options.items ?? gatewayDomains.map((jid) => ({ jid })),
      answerForGateway: options.answerForGateway ?? gatewayAnswers({ software: options.software }),
      toGateway: (stanza) => this.#handOver(stanza),
      limits,
    });
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    this.#counters = {
      stanzasIn: metrics.counter('xmpp_client_stanzas', 'Stanzas of clients', { direction: 'in' }),
      stanzasOut: metrics.counter('xmpp_client_stanzas', 'Stanzas of clients', { direction: 'out' }),
      authenticated: metrics.counter('xmpp_authentications', 'Authentications of clients', { outcome: 'success' }),
      refused: metrics.counter('xmpp_authentications', 'Authentications of clients', { outcome: 'failure' }),
      slowReaders: metrics.counter('xmpp_slow_readers', 'Connections given up because nothing was read'),
    };
    metrics.gauge('xmpp_sessions', 'Connected resources of the embedded XMPP server', () => this.#server.sessionCount);
    metrics.gauge('xmpp_client_connections', 'Open client connections', () => this.#connections.size);
  }

  /** Opens the listeners. @throws what the certificate, the store or the system says; no listener is left open then */
  async start(): Promise<void> {
    const { accounts, c2s, directTls, domains, store, random, scheduler } = this.#options;
    this.#identity = await this.#loadIdentity();
    this.#around = {
      server: this.#server,
      accounts,
      domains,
      identity: this.#identity,
      scheduler,
      random,
      log: this.#log,
      limits: this.#limits,
      plain: this.#options.plain ?? true,
      iterations: this.#options.iterations ?? DEFAULT_ITERATIONS,
      // Kept, so that the salts of users that do not exist stay the same over restarts, as those of others do.
      decoySecret: await store.secret('scram-decoy', random.bytes(32)),
      counters: this.#counters,
      onClosed: (connection) => this.#forget(connection),
    };
    const policy: TlsPolicy = this.#identity === undefined ? 'unavailable' : c2s.requireTls ? 'required' : 'optional';
    const clear = createServer({ noDelay: true }, (socket) => {
      if (this.#count(socket)) this.#accept(socket, policy);
    });
    this.#listeners.push(clear);
    try {
      this.#addresses = { c2s: await listenAt(clear, c2s.listen) };
      if (directTls !== undefined) await this.#listenDirect(directTls.listen);
    } catch (cause) {
      for (const listener of this.#listeners.splice(0)) listener.close();
      throw cause;
    }
    this.#up = true;
    this.#markReady();
  }

  /**
   * Ends: no new connections, what is on its way settles, then every stream ends with `system-shutdown` (RFC 6120
   * §4.9.3.21). Resolves when all connections are closed, after `drainMs` at the latest.
   */
  async stop(drainMs: number): Promise<void> {
    this.#up = false;
    for (const listener of this.#listeners.splice(0)) listener.close();
    let over: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      over = resolve;
    });
    const timer = this.#options.scheduler.after(drainMs, () => {
      over();
      for (const connection of this.#connections) connection.destroy();
    });
    await Promise.race([this.#server.settled(), late]);
    const closed = this.#allClosed();
    for (const connection of [...this.#connections]) connection.end({ condition: 'system-shutdown' });
    await closed;
    await this.#server.settled(); // what could not be written is stored
    timer.cancel();
  }

  /** What `notReady` of the gateway calls this link. */
  readonly title = 'XMPP server';

  /** Resolves once the listeners are open. */
  readonly ready: Promise<void>;

  /** Where the listeners are. */
  get addresses(): { readonly c2s?: BoundAddress; readonly directTls?: BoundAddress } {
    return this.#addresses;
  }

  /** The same as text: `c2s:127.0.0.1:5222`. */
  get listening(): readonly string[] {
    const { c2s, directTls } = this.#addresses;
    return [...(c2s ? [`c2s:${describe(c2s)}`] : []), ...(directTls ? [`direct-tls:${describe(directTls)}`] : [])];
  }

  /** The certificate that clients see, once started. */
  get identity(): TlsIdentity | undefined {
    return this.#identity;
  }

  get up(): boolean {
    return this.#up;
  }

  onStanza(take: (stanza: Element) => void): void {
    this.#take = take;
  }

  deliver(stanza: Element): Promise<Result<void, DeliveryFailure>> {
    const refusal = this.#cannotTake(stanza);
    if (refusal !== undefined) return Promise.resolve({ ok: false, error: { kind: 'local', cause: refusal } });
    try {
      const outcome = this.#server.deliverFromGateway(stanza);
      // Nothing is awaited for a user who is online.
      if (!(outcome instanceof Promise)) return Promise.resolve(asDelivery(outcome, stanza));
      return outcome.then((value) => asDelivery(value, stanza));
    } catch (cause) {
      this.#logBug(cause);
      return Promise.resolve(asDelivery(err(stanzaError('internal-server-error')), stanza));
    }
  }

  send(stanza: Element): boolean {
    if (this.#cannotTake(stanza) !== undefined) return false;
    try {
      this.#server.sendFromGateway(stanza);
      return true;
    } catch (cause) {
      this.#logBug(cause);
      return false;
    }
  }

  #cannotTake(stanza: Element): 'link-down' | 'too-large' | undefined {
    if (!this.#up) return 'link-down';
    return isLonger(stanza, this.#limits.stanzaOctets) ? 'too-large' : undefined;
  }

  async #loadIdentity(): Promise<TlsIdentity | undefined> {
    const { c2s, domains, dataDir = './data', scheduler } = this.#options;
    if (c2s.tls === undefined) return undefined;
    if (c2s.tls === 'self-signed') {
      const identity = await selfSignedIdentity(dataDir, domains, scheduler.now());
      this.#log.warn('self-signed certificate', { fingerprint: identity.fingerprint, dataDir });
      return identity;
    }
    const identity = await loadIdentity(c2s.tls);
    const { cert } = c2s.tls;
    const ends = new Date(identity.validTo).toISOString();
    if (endsSoon(identity, scheduler.now())) this.#log.warn('certificate ends soon', { cert, ends });
    // RFC 6120 §13.7.2: clients look for the domain of the JID in it.
    for (const domain of domains) {
      if (!covers(identity, domain)) this.#log.warn('certificate is not for this domain', { cert, domain });
    }
    return identity;
  }

  async #listenDirect(address: string): Promise<void> {
    if (this.#identity === undefined) throw new Error('directTls needs a certificate (c2s.tls)');
    const direct = createTlsServer({
      ...this.#identity.contextOptions,
      ALPNProtocols: ['xmpp-client'], // XEP-0368 §3; a client without ALPN is taken too
      handshakeTimeout: this.#limits.negotiationMs,
    });
    direct.on('connection', (socket: Socket) => this.#count(socket));
    direct.on('secureConnection', (socket: TLSSocket) => {
      socket.disableRenegotiation();
      this.#accept(socket, 'direct');
    });
    direct.on('tlsClientError', (cause) => this.#log.debug('TLS failed', { reason: cause.message }));
    this.#listeners.push(direct);
    this.#addresses = { ...this.#addresses, directTls: await listenAt(direct, address) };
  }

  #accept(socket: Socket, policy: TlsPolicy): void {
    const connection = new C2sConnection(socket, policy, this.#around!);
    this.#connections.add(connection);
    if (this.#isCrowded(socket)) connection.end({ condition: 'resource-constraint', text: 'too many connections' });
  }

  /** Counts a connection by its address from its first moment; one far beyond the limits gets no word. */
  #count(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    const before = this.#byAddress.get(address) ?? 0;
    this.#byAddress.set(address, before + 1);
    this.#open++;
    socket.once('close', () => {
      this.#open--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    if (this.#open <= 2 * this.#maxConnections && before < 2 * this.#maxPerAddress) return true;
    socket.destroy();
    return false;
  }

  #isCrowded(socket: Socket): boolean {
    const sameAddress = this.#byAddress.get(socket.remoteAddress ?? '') ?? 0;
    return this.#open > this.#maxConnections || sameAddress > this.#maxPerAddress;
  }

  #forget(connection: C2sConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #allClosed(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** A bug of ours behind the gateway costs this stanza an error, and its sender's stream nothing. */
  #handOver(stanza: Element): void {
    try {
      this.#take(stanza);
    } catch (cause) {
      this.#logBug(cause);
      const { type } = stanza.attrs;
      if (type === 'error' || type === 'result') return;
      this.#server.sendFromGateway(errorReply(stanza, stanzaError('internal-server-error')));
    }
  }

  #logBug(cause: unknown): void {
    this.#log.error('stanza failed', { stack: (cause as Error)?.stack ?? String(cause) });
  }
}

function describe({ address, port }: BoundAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function asDelivery(outcome: Delivered, stanza: Element): Result<void, DeliveryFailure> {
  if (outcome.ok) return ok(undefined);
  return { ok: false, error: { kind: 'refused', error: outcome.error, from: String(stanza.attrs.to ?? '') } };
}

function canonical(domains: readonly string[]): readonly string[] {
  return domains.map((domain) => {
    const jid = Jid.of(undefined, domain);
    if (!jid.ok) throw new Error(`${domain} is no domain: ${jid.error}`);
    return jid.value.domain;
  });
}

/** Without the keys that are undefined, which would hide a default. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** Whether the element's names, values and texts alone exceed `limit` characters; no text is built for it. */
function isLonger(element: Element, limit: number): boolean {
  return lengthWithin(element, limit) > limit;
}

function lengthWithin(element: Element, limit: number): number {
  let length = 2 * element.name.length + 5;
  for (const key in element.attrs) length += key.length + String(element.attrs[key] ?? '').length + 4;
  for (const child of element.children) {
    if (length > limit) return length;
    length += typeof child === 'object' ? lengthWithin(child, limit - length) : String(child).length;
  }
  return length;
}
