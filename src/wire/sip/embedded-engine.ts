/** The SIP stack of this process behind the port `SipEngine`: transports, transactions, user agent core and registrar. */
import type { Log } from '../../base/log.js';
import type { Counter, Metrics } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import type { Scheduler, Timer } from '../../base/time.js';
import type { CredentialStore } from '../../sip/auth/credential-store.js';
import { DigestClient } from '../../sip/auth/digest-client.js';
import { DigestServer, type OfferedHash } from '../../sip/auth/digest-server.js';
import type {
  IncomingMessage,
  LocalCause,
  OutgoingMessage,
  SipAnswer,
  SipEngine,
  SipOutcome,
} from '../../sip/engine.js';
import type { DnsSource } from '../../sip/locate/dns-answer.js';
import type { LocateOptions } from '../../sip/locate/locate.js';
import type { SipRequest } from '../../sip/message/message.js';
import { DEFAULT_SIP_LIMITS } from '../../sip/message/parse.js';
import { Uri } from '../../sip/message/uri.js';
import { canonicalAor, unescapedUser } from '../../sip/registrar/aor.js';
import type { Binding } from '../../sip/registrar/binding.js';
import { devicesMeant } from '../../sip/registrar/device.js';
import { readFlow } from '../../sip/registrar/flow.js';
import type { LocationStore } from '../../sip/registrar/location-store.js';
import { Registrar, type RegistrarOptions } from '../../sip/registrar/registrar.js';
import type { TimerOptions } from '../../sip/transaction/timers.js';
import { TransactionLayer } from '../../sip/transaction/transaction-layer.js';
import { ResponseContext } from '../../sip/useragent/best-response.js';
import { DomainTable, type OwnDomains } from '../../sip/useragent/domains.js';
import { loopMark, marksIn } from '../../sip/useragent/loop-mark.js';
import { NetworkList } from '../../sip/useragent/network-list.js';
import { relayAnswer, relayed, SIPS_NOT_ALLOWED, UNAVAILABLE } from '../../sip/useragent/relay.js';
import type { OpenDatagramSocket } from './datagram-socket.js';
import { type LegSurroundings, MessageLeg, type RequestIdentity, type Way } from './message-leg.js';
import { TransportLayer } from './transport-layer.js';
import { UserAgentServer } from './user-agent-server.js';

export interface EmbeddedSipOptions {
  /** As in `udp:127.0.0.1:5060`, `tcp:[::1]:5060`; port 0 takes a free one. Their order is the preference of address families. */
  readonly listen: readonly string[];
  /** Host, or host:port, that Via carries instead of the listener's own address. */
  readonly advertise?: string | undefined;
  readonly domains: OwnDomains;
  /** A SIP URI: where requests go that are not for registered users; default: RFC 3263. */
  readonly outboundProxy?: string | undefined;
  readonly outboundProxyCredentials?: { readonly username: string; readonly password: string } | undefined;
  readonly registrar?: EmbeddedRegistrarOptions;
  /** Networks whose senders may speak for anybody but XMPP users. Default: none. */
  readonly trustedPeers?: readonly string[];
  readonly timers?: TimerOptions;
  readonly limits?: EmbeddedSipLimits;
  /** Body types that MESSAGE may carry, for OPTIONS; default `text/plain`. */
  readonly accept?: readonly string[];
  /** See `TransactionOptions.early408`; default true here, see below. */
  readonly early408?: boolean;
  /** TCP times; see `TcpOptions`. */
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** Another network than that of the machine. */
  readonly openDatagramSocket?: OpenDatagramSocket;
}

export interface EmbeddedRegistrarOptions extends RegistrarOptions {
  /** Default true. */
  readonly enabled?: boolean;
  /** The realm of the first of `domains.sip`; default: its name. See `DomainTable`. */
  readonly realm?: string | undefined;
  /** See `DigestServerOptions.algorithms`. */
  readonly algorithms?: readonly OfferedHash[];
}

export interface EmbeddedSipLimits {
  /** The largest MESSAGE request sent, in octets; default 1300 (RFC 3428 §8). */
  readonly maxMessageOctets?: number;
  /** The largest SIP message read, in octets; default 65535. */
  readonly maxReadOctets?: number;
  /** See `TransactionOptions.maxOpen`; default 100000. */
  readonly maxTransactions?: number;
  /** See `TransactionOptions.maxLingering`; default 500000. */
  readonly maxLingering?: number;
  /** TCP connections; default 10000. */
  readonly maxConnections?: number;
  /** Octets that wait for a TCP peer; default 1 MiB. */
  readonly maxQueuedOctets?: number;
}

export interface EmbeddedSipParts {
  readonly options: EmbeddedSipOptions;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly dns: DnsSource;
  readonly locationStore: LocationStore;
  readonly credentialStore: CredentialStore;
}

/** How a request ends: once, by its outcome, or by our own bug. It holds nothing of the request afterwards. */
class End {
  #resolve: ((outcome: SipOutcome) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(
    resolve: (outcome: SipOutcome) => void,
    reject: (error: unknown) => void,
    private readonly ended: (end: End, outcome: SipOutcome | undefined) => void,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  readonly done = (outcome: SipOutcome): void => {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    if (resolve === undefined) return;
    resolve(outcome);
    this.ended(this, outcome);
  };

  readonly broken = (error: unknown): void => {
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    if (reject === undefined) return;
    reject(error);
    this.ended(this, undefined);
  };
}

/** How often expired bindings are looked for. */
const PURGE_INTERVAL_MS = 60_000;

export class EmbeddedSipEngine implements SipEngine {
  readonly #transport: TransportLayer;
  readonly #transactions: TransactionLayer;
  readonly #server: UserAgentServer;
  readonly #registrar: Registrar | undefined;
  readonly #domains: DomainTable;
  readonly #around: LegSurroundings;
  readonly #outboundProxy: { readonly uri: Uri; readonly route: string } | undefined;
  readonly #outcomes: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx' | '6xx' | 'local', Counter>>;
  #listener: ((incoming: IncomingMessage) => Promise<SipAnswer>) | undefined;
  #cseq = 0;
  #draining = false;
  #closing = false;
  #purgeTimer: Timer | undefined;
  /** Requests that have not ended yet, also while their hops are looked for. */
  readonly #sending = new Set<End>();
  #whenSent: (() => void) | undefined;

  /** Throws with a remedy when an option cannot be meant. */
  constructor(private readonly parts: EmbeddedSipParts) {
    const { options, scheduler, random, metrics, log } = parts;
    const { limits = {} } = options;
    this.#domains = new DomainTable(options.domains, options.registrar?.realm);
    this.#outboundProxy = options.outboundProxy === undefined ? undefined : readProxy(options.outboundProxy);
    const trustedPeers = NetworkList.parse(options.trustedPeers ?? []);
    if (!trustedPeers.ok) throw new Error(`trusted peers: ${trustedPeers.error}`);
    this.#transactions = new TransactionLayer(this.#guardedScheduler(), metrics, {
      ...given('timers', options.timers),
      ...given('maxOpen', limits.maxTransactions),
      ...given('maxLingering', limits.maxLingering),
      // DEVIATION: RFC 4320 §4.2 forbids any 408; but the one that RFC 7247 §7.1 asks for, given in time, is not the
      // late one that it is about, and without it the sender would wait for its own timeout
      early408: options.early408 ?? true,
    });
    this.#transport = new TransportLayer(transportOptions(options), this.#events(), metrics);
    const registers = options.registrar?.enabled ?? true;
    this.#registrar = registers
      ? new Registrar(scheduler, parts.locationStore, metrics, log, options.registrar)
      : undefined;
    this.#server = new UserAgentServer({
      transport: this.#transport,
      transactions: this.#transactions,
      policy: { domains: this.#domains, trustedPeers: trustedPeers.value, digest: registers },
      digest: new DigestServer({
        realm: (request) => this.#realmFor(request),
        random,
        clock: scheduler,
        store: parts.credentialStore,
        maxNonces: 100_000,
        ...given('algorithms', options.registrar?.algorithms),
      }),
      registrar: this.#registrar,
      random,
      metrics,
      log,
      accept: options.accept ?? ['text/plain'],
      relay: (incoming) => this.#relay(incoming),
      deliver: (incoming) => this.#deliver(incoming),
    });
    this.#around = this.#surroundings(limits.maxMessageOctets ?? 1300);
    const outcome = (label: string) =>
      metrics.counter('sip_requests_sent', 'MESSAGE requests by outcome', { outcome: label });
    this.#outcomes = {
      '2xx': outcome('2xx'),
      '3xx': outcome('3xx'),
      '4xx': outcome('4xx'),
      '5xx': outcome('5xx'),
      '6xx': outcome('6xx'),
      local: outcome('local'),
    };
  }

  /** Reads the stored bindings and opens the listeners; rejects when one cannot be opened. */
  async start(): Promise<void> {
    await this.#registrar?.load();
    await this.#transport.start();
    this.#schedulePurge();
  }

  /**
   * Takes no new work (503 with Retry-After, or the cause `draining`), lets what is open finish for at most `drainMs`
   * milliseconds, then closes everything.
   */
  async stop(drainMs: number): Promise<void> {
    this.#draining = true;
    this.#transactions.accepting = false;
    this.#purgeTimer?.cancel();
    await new Promise<void>((resolve) => {
      const timer = this.parts.scheduler.after(drainMs, resolve);
      this.#whenIdle(() => {
        timer.cancel();
        resolve();
      });
    });
    this.#closing = true;
    this.#transactions.close();
    for (const end of [...this.#sending]) end.done(local('draining'));
    await this.#transport.stop();
  }

  /** Calls `idle` once nothing is under way: now, if so. */
  #whenIdle(idle: () => void): void {
    if (this.#sending.size === 0) this.#transactions.whenIdle(idle);
    else this.#whenSent = () => this.#transactions.whenIdle(idle);
  }

  /** What is listened on, as `udp:127.0.0.1:5060`, with the ports that were really taken. */
  get listening(): readonly string[] {
    return this.#transport.listening;
  }

  /** How much is under way. */
  get stats(): EmbeddedSipStats {
    return {
      openClientTransactions: this.#transactions.openClients,
      openServerTransactions: this.#transactions.openServers,
      lingeringClientTransactions: this.#transactions.lingeringClients,
      lingeringServerTransactions: this.#transactions.lingeringServers,
      connections: this.#transport.connections,
    };
  }

  onMessage(answer: (incoming: IncomingMessage) => Promise<SipAnswer>): void {
    this.#listener = answer;
  }

  sendMessage(message: OutgoingMessage): Promise<SipOutcome> {
    return this.#send(message, true, '');
  }

  /** `beyond`: not only to devices registered here. `passed`: the marks of earlier passes, see `marksIn`. */
  #send(message: OutgoingMessage, beyond: boolean, passed: string): Promise<SipOutcome> {
    return new Promise((resolve, reject) => {
      const end = new End(resolve, reject, this.#ended);
      this.#sending.add(end);
      if (this.#draining) end.done(local('draining'));
      else this.#route(message, beyond, passed, end);
    });
  }

  readonly #ended = (end: End, outcome: SipOutcome | undefined): void => {
    this.#sending.delete(end);
    if (outcome !== undefined) this.#countOutcome(outcome);
    if (this.#sending.size === 0) this.#whenSent?.();
  };

  #route(message: OutgoingMessage, beyond: boolean, passed: string, end: End): void {
    const { requestUri } = message;
    const kind = this.#domains.kindOf(requestUri.host);
    if (kind === 'xmpp') {
      end.done(local('no-such-domain')); // a domain that both sides took for the other's (RFC 7247 §8)
      return;
    }
    const aor = kind === 'sip' ? canonicalAor(requestUri) : undefined;
    const bindings = aor === undefined ? [] : devicesMeant(requestUri, this.#registrar?.bindings(aor) ?? []);
    const proxy = beyond ? this.#outboundProxy : undefined;
    if (bindings.length > 0) {
      const ways = bindings.map((binding) => this.#wayTo(binding)); // RFC 3261 §16.6: to every device at once
      this.#branch(message, ways, passed, end);
    } else if (proxy !== undefined) {
      this.#branch(message, [{ requestUri, routes: [proxy.route], next: proxy.uri }], passed, end);
    } else if (kind !== 'sip' || (this.#registrar === undefined && beyond)) {
      this.#branch(message, [{ requestUri, routes: [], next: requestUri }], passed, end);
    } else {
      void this.#unregistered(requestUri).then((cause) => end.done(local(cause)));
    }
  }

  #wayTo({ uri, receivedFrom }: Binding): Way {
    const requestUri = uri.headers === undefined ? uri : uri.with({ headers: undefined }); // RFC 3261 §19.1.1 table 1
    const way = { requestUri, routes: [], next: requestUri };
    const flow = receivedFrom === undefined ? undefined : readFlow(receivedFrom);
    if (flow === undefined) return way;
    // a connection that the phone opened serves while it lasts; a port that a NAT opened, always
    const usable =
      flow.transport === 'tcp'
        ? this.#transport.isConnected(flow.address, flow.port)
        : this.#transport.sentByTo(flow) !== undefined;
    return usable ? { requestUri, routes: [], next: requestUri, hops: [flow] } : way;
  }

  #branch(message: OutgoingMessage, ways: readonly Way[], passed: string, end: End): void {
    const { random } = this.parts;
    const identity: RequestIdentity = {
      fromTag: random.token(64),
      callId: message.callId ?? random.token(96),
      marks: passed + loopMark(message.requestUri),
    };
    const cseq = this.#around.nextCSeq();
    const context = new ResponseContext(ways.length);
    const settle = (outcome: SipOutcome) => {
      const best = context.settle(outcome);
      if (best !== undefined) end.done(best);
    };
    for (const way of ways) new MessageLeg(this.#around, message, identity, way, settle, end.broken, cseq).start();
  }

  /** Why a user of our own has no device. */
  async #unregistered(uri: Uri): Promise<LocalCause> {
    const username = uri.user === undefined ? undefined : unescapedUser(uri.user);
    const realm = this.#domains.realmOf(uri.host);
    if (username === undefined || realm === undefined) return 'no-such-user';
    try {
      const known = await this.parts.credentialStore.digestCredentials(username, realm);
      return known === undefined ? 'no-such-user' : 'not-registered';
    } catch (error) {
      this.parts.log.error('the credential store failed', { error: String(error) });
      return 'not-registered';
    }
  }

  /** A MESSAGE from SIP to SIP. What a proxy sent us never goes back to a proxy: it would come again. */
  async #relay({ request, origin }: IncomingMessage): Promise<SipAnswer> {
    if (request.requestUri.scheme === 'sips') return SIPS_NOT_ALLOWED;
    const passed = marksIn(request, (sentBy) => this.#transport.isOwn(sentBy));
    return relayAnswer(await this.#send(relayed(request), origin.proof === 'digest', passed));
  }

  #deliver(incoming: IncomingMessage): Promise<SipAnswer> {
    return this.#listener === undefined ? Promise.resolve(UNAVAILABLE) : this.#listener(incoming);
  }

  /** Whose users prove themselves: the sender of a MESSAGE, the user whom a REGISTER is about. */
  #realmFor(request: SipRequest): string {
    const { host } = request.method === 'REGISTER' ? request.to.uri : request.from.uri;
    return this.#domains.realmOf(host) ?? host;
  }

  #events() {
    return {
      request: this.#guarded((request: SipRequest, source: Parameters<UserAgentServer['request']>[1]) =>
        this.#server.request(request, source),
      ),
      response: this.#guarded((response: Parameters<TransactionLayer['takeResponse']>[0]) => {
        this.#transactions.takeResponse(response);
      }),
      malformed: this.#guarded((...args: Parameters<UserAgentServer['malformed']>) => this.#server.malformed(...args)),
    };
  }

  /** Timers of transactions, whose users may hold bugs as well. */
  #guardedScheduler(): Scheduler {
    const { scheduler } = this.parts;
    return { now: () => scheduler.now(), after: (delayMs, wake) => scheduler.after(delayMs, this.#guarded(wake)) };
  }

  /** Our own bugs end here: logged with their stack, they cost one message and not the process. */
  #guarded<Args extends readonly unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      try {
        act(...args);
      } catch (error) {
        this.parts.log.error('a SIP message broke its receiver', {
          stack: error instanceof Error ? error.stack : String(error),
        });
      }
    };
  }

  #surroundings(maxMessageOctets: number): LegSurroundings {
    const { options, dns, random } = this.parts;
    const engine = this;
    return {
      transport: this.#transport,
      transactions: this.#transactions,
      dns,
      random,
      digest: new DigestClient({ random }),
      credentials: options.outboundProxyCredentials,
      maxMessageOctets,
      nextCSeq: () => this.#nextCSeq(),
      locating: () => this.#locating(),
      get closing() {
        return engine.#closing;
      },
    };
  }

  /** RFC 3261 §8.1.1.5: below 2^31. */
  #nextCSeq(): number {
    this.#cseq = this.#cseq >= 0x7fffffff ? 1 : this.#cseq + 1;
    return this.#cseq;
  }

  #locating(): LocateOptions {
    const { transports, families } = this.#transport;
    return { transports, families, random: this.parts.random }; // TCP first: RFC 3428 §8
  }

  #countOutcome(outcome: SipOutcome): void {
    if (outcome.kind === 'local') this.#outcomes.local.add();
    else this.#outcomes[`${Math.floor(outcome.response.status / 100)}xx` as '2xx'].add();
  }

  #schedulePurge(): void {
    const registrar = this.#registrar;
    if (registrar === undefined) return;
    this.#purgeTimer = this.parts.scheduler.after(PURGE_INTERVAL_MS, () => {
      void registrar.purge().then(() => {
        if (!this.#draining) this.#schedulePurge();
      });
    });
  }
}

export interface EmbeddedSipStats {
  readonly openClientTransactions: number;
  readonly openServerTransactions: number;
  readonly lingeringClientTransactions: number;
  readonly lingeringServerTransactions: number;
  readonly connections: number;
}

function local(cause: LocalCause): SipOutcome {
  return { kind: 'local', cause };
}

/** An option that is absent rather than undefined. */
function given<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}

function transportOptions(options: EmbeddedSipOptions) {
  const { limits = {} } = options;
  return {
    listen: options.listen,
    ...given('advertise', options.advertise),
    ...given('maxConnections', limits.maxConnections),
    ...given('maxQueuedOctets', limits.maxQueuedOctets),
    ...given('connectTimeoutMs', options.connectTimeoutMs),
    ...given('idleTimeoutMs', options.idleTimeoutMs),
    ...given('openDatagramSocket', options.openDatagramSocket),
    limits: { ...DEFAULT_SIP_LIMITS, ...given('maxMessageOctets', limits.maxReadOctets) },
  };
}

/** The proxy as a URI to locate and as a value of Route; a loose router, as RFC 3261 §16.12 has them. */
function readProxy(text: string): { readonly uri: Uri; readonly route: string } {
  const parsed = Uri.parse(text);
  if (!parsed.ok || parsed.value.scheme !== 'sip') {
    throw new Error(`outbound proxy: ${text} is no sip URI; write it as in sip:127.0.0.1:5070;transport=udp;lr`);
  }
  const uri = parsed.value.param('lr') === undefined ? parsed.value.withParam('lr') : parsed.value;
  return { uri, route: `<${uri}>` };
}
