/** The component streams of the gateway as a link (XEP-0114): one for each domain, kept up, with a bounded backlog. */
import type { Element } from 'ltx';
import type { Log } from '../../base/log.js';
import type { Counter, Metrics } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import { err, type Result } from '../../base/result.js';
import type { Scheduler, Timer } from '../../base/time.js';
import type { StreamEnd } from '../../xmpp/component/component-stream.js';
import { ReconnectDelay, type ReconnectOptions } from '../../xmpp/component/reconnect.js';
import type { GatewayAnswers } from '../../xmpp/gateway/gateway-answers.js';
import type { DeliveryFailure, LinkCause, XmppLink } from '../../xmpp/link.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
import { ComponentConnection } from './component-connection.js';

export interface ComponentLinkOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** The components' names; a stanza goes out on the stream of its sender's domain. */
  readonly domains: readonly string[];
  /** Whom the confirming pings ask: a domain that the server serves itself. */
  readonly pingTarget: string;
  readonly limits?: ComponentLinkLimits;
  readonly reconnect?: ReconnectOptions;
  /** Answers of the gateway itself; see `GatewayAnswers`. */
  readonly answers: GatewayAnswers;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface ComponentLinkLimits {
  /** Messages that wait for their confirmation, and other stanzas that wait for a stream, on each stream; default 10,000. */
  readonly queueStanzas?: number;
  /** Characters that wait for the server to read; default 8 Mi. */
  readonly queueOctets?: number;
  /** The largest stanza sent; default 262,144. */
  readonly stanzaOctets?: number;
  /** How long a message may stay unconfirmed; default 5000 ms. */
  readonly barrierTimeoutMs?: number;
  /** Of connection and handshake; default 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Silence after which the server is asked whether it is there; default 60,000 ms. */
  readonly idleMs?: number;
}

/** One domain and its stream, or the wait for the next one. */
interface Home {
  readonly domain: string;
  readonly delay: ReconnectDelay;
  connection: ComponentConnection | undefined;
  readyAt: number;
  timer: Timer | undefined;
  /** What nobody waits for and the server has not had yet; sent when the stream is up again. */
  backlog: Element[];
}

export class ComponentLink implements XmppLink {
  readonly title = 'XMPP component';
  /** Components listen nowhere. */
  readonly listening: readonly string[] = [];
  /** Resolves when all streams are up for the first time. */
  readonly ready: Promise<void>;
  readonly #homes = new Map<string, Home>();
  readonly #limits: Required<ComponentLinkLimits>;
  readonly #dropped: Counter;
  readonly #sent: Counter;
  readonly #received: Counter;
  readonly #connects: Counter;
  #markReady!: () => void;
  #take: (stanza: Element) => void = () => {};
  #stopping = false;

  constructor(private readonly options: ComponentLinkOptions) {
    this.#limits = {
      queueStanzas: 10_000,
      queueOctets: 8 * 1024 * 1024,
      stanzaOctets: 262_144,
      barrierTimeoutMs: 5000,
      connectTimeoutMs: 10_000,
      idleMs: 60_000,
      ...options.limits,
    };
    for (const name of options.domains) {
      const domain = name.toLowerCase();
      const delay = new ReconnectDelay(options.random, options.reconnect);
      this.#homes.set(domain, { domain, delay, connection: undefined, readyAt: 0, timer: undefined, backlog: [] });
    }
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    const { metrics } = options;
    this.#sent = metrics.counter('xmpp_component_stanzas', 'Stanzas of the component streams', { direction: 'out' });
    this.#received = metrics.counter('xmpp_component_stanzas', 'Stanzas of the component streams', { direction: 'in' });
    this.#dropped = metrics.counter('xmpp_component_dropped', 'Stanzas that could not even be queued');
    this.#connects = metrics.counter('xmpp_component_connects', 'Component streams that became ready');
    metrics.gauge('xmpp_component_unconfirmed', 'Messages that wait for the server to confirm them', () =>
      this.#waiting(),
    );
    metrics.gauge('xmpp_component_up', '1 when every component stream is up', () => (this.up ? 1 : 0));
  }

  get up(): boolean {
    for (const home of this.#homes.values()) if (home.connection?.ready !== true) return false;
    return !this.#stopping;
  }

  /** Begins to connect; resolves at once, since the server may come later: see `ready`. */
  async start(): Promise<void> {
    for (const home of this.#homes.values()) this.#connect(home);
  }

  /** Lets messages be confirmed for at most `drainMs`, then closes the streams in good order. */
  async stop(drainMs: number): Promise<void> {
    const deadline = this.options.scheduler.now() + drainMs;
    this.#stopping = true;
    for (const home of this.#homes.values()) home.timer?.cancel();
    const closing = [...this.#homes.values()].flatMap(({ connection }) =>
      connection === undefined ? [] : [connection],
    );
    const left = Math.max(0, deadline - this.options.scheduler.now());
    const timer = this.options.scheduler.after(Math.min(left, 2000), () => {
      for (const connection of closing) connection.destroy();
    });
    await Promise.all(closing.map((connection) => connection.close()));
    timer.cancel();
  }

  onStanza(take: (stanza: Element) => void): void {
    this.#take = take;
  }

  deliver(stanza: Element): Promise<Result<void, DeliveryFailure>> {
    const home = this.#homeOf(stanza);
    const connection = home?.connection;
    if (connection === undefined || !connection.ready || this.#stopping) return failed('link-down');
    const text = stanzaText(stanza);
    if (isLonger(text, this.#limits.stanzaOctets)) return failed('too-large');
    if (connection.waiting >= this.#limits.queueStanzas || connection.isFull(text.length)) return failed('queue-full');
    this.#sent.add();
    return new Promise((resolve) => connection.deliver(stanza, text, resolve));
  }

  send(stanza: Element): boolean {
    const home = this.#homeOf(stanza);
    const sent = home !== undefined && this.#sendFrom(home, stanza);
    if (!sent) {
      this.#dropped.add();
      this.options.log.warn('stanza dropped', {
        stanza: stanza.name,
        to: String(stanza.attrs.to),
        id: String(stanza.attrs.id ?? ''),
      });
    }
    return sent;
  }

  #sendFrom(home: Home, stanza: Element): boolean {
    const { connection } = home;
    if (connection === undefined || !connection.ready) {
      if (this.#stopping || home.backlog.length >= this.#limits.queueStanzas) return false;
      home.backlog.push(stanza);
      return true;
    }
    const text = stanzaText(stanza);
    if (isLonger(text, this.#limits.stanzaOctets) || connection.isFull(text.length)) return false;
    this.#sent.add();
    return connection.send(stanza, text);
  }

  #connect(home: Home): void {
    const { host, port, secret, pingTarget, scheduler, random } = this.options;
    home.readyAt = 0;
    home.connection = new ComponentConnection(
      {
        host,
        port,
        secret,
        pingTarget,
        domain: home.domain,
        maxQueuedCharacters: this.#limits.queueOctets,
        maxStanzaOctets: this.#limits.stanzaOctets,
        connectTimeoutMs: this.#limits.connectTimeoutMs,
        barrierTimeoutMs: this.#limits.barrierTimeoutMs,
        idleMs: this.#limits.idleMs,
        scheduler,
        random,
      },
      {
        ready: () => this.#connected(home),
        stanza: (stanza) => this.#takeStanza(stanza),
        over: (reason, unwritten) => this.#lost(home, reason, unwritten),
      },
    );
  }

  #connected(home: Home): void {
    home.readyAt = this.options.scheduler.now();
    this.#connects.add();
    this.options.log.info('component connected', { domain: home.domain, server: this.#place() });
    for (const stanza of home.backlog.splice(0)) this.send(stanza);
    if (this.up) this.#markReady();
  }

  #takeStanza(stanza: Element): void {
    this.#received.add();
    const answers = this.options.answers(stanza);
    if (answers === undefined) this.#take(stanza);
    else for (const answer of answers) this.send(answer);
  }

  #lost(home: Home, reason: StreamEnd, unwritten: readonly Element[]): void {
    const { scheduler, log } = this.options;
    home.connection = undefined;
    home.backlog.push(...unwritten.slice(0, Math.max(0, this.#limits.queueStanzas - home.backlog.length)));
    if (this.#stopping) return;
    const upMs = home.readyAt === 0 ? 0 : scheduler.now() - home.readyAt;
    const waitMs = home.delay.after(upMs, reason.kind === 'refused');
    const fields = { domain: home.domain, server: this.#place(), reason: reason.text, againInMs: waitMs };
    if (reason.kind === 'refused') {
      log.error(
        'component refused: check xmpp.component.secret, and that the server has a component of this name',
        fields,
      );
    } else if (reason.kind === 'conflict') {
      log.error('component refused: another program is connected under this name', fields);
    } else log.warn('component not connected', fields);
    home.timer = scheduler.after(waitMs, () => this.#connect(home));
  }

  #homeOf(stanza: Element): Home | undefined {
    const from = stanza.attrs.from as string | undefined;
    if (from === undefined) return undefined;
    const slash = from.indexOf('/');
    const end = slash < 0 ? from.length : slash;
    const at = from.lastIndexOf('@', end);
    return this.#homes.get(from.slice(at + 1, end));
  }

  #waiting(): number {
    let sum = 0;
    for (const home of this.#homes.values()) sum += home.connection?.waiting ?? 0;
    return sum;
  }

  #place(): string {
    return `${this.options.host}:${this.options.port}`;
  }
}

function failed(cause: LinkCause): Promise<Result<void, DeliveryFailure>> {
  return Promise.resolve(err({ kind: 'local', cause }));
}

/** Whether `text` is longer than `octets` in UTF-8; counted only where it could be. */
function isLonger(text: string, octets: number): boolean {
  return text.length > octets || (text.length * 3 > octets && Buffer.byteLength(text) > octets);
}
