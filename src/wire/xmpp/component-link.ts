/** The component streams of the gateway as a link (XEP-0114): one for each domain, kept up, with a bounded backlog. */
import type { Element } from 'ltx';
import type { Log } from '../../base/log.js';
import type { Counter, Metrics } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import { err, type Result } from '../../base/result.js';
import type { Scheduler, Timer } from '../../base/time.js';
import { Jid } from '../../xmpp/address/jid.js';
import type { StreamEnd } from '../../xmpp/component/component-stream.js';
import { ReconnectDelay, type ReconnectOptions } from '../../xmpp/component/reconnect.js';
import type { GatewayAnswers } from '../../xmpp/gateway/gateway-answers.js';
import type { DeliveryFailure, LinkCause, XmppLink } from '../../xmpp/link.js';
import { errorReply } from '../../xmpp/stanza/error-reply.js';
import { stanzaError } from '../../xmpp/stanza/error-type.js';
import { NS_ERRORS } from '../../xmpp/stanza/namespaces.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
import type { XmlFault } from '../../xmpp/xml/xml-fault.js';
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

/** How long a closing stream waits for the server to close it too. */
const CLOSING_MS = 2000;

/** One domain and its stream, or the wait for the next one. */
interface Home {
  readonly domain: string;
  readonly delay: ReconnectDelay;
  connection: ComponentConnection | undefined;
  readyAt: number;
  timer: Timer | undefined;
  /** What nobody waits for and the server has not had yet; sent when the stream is up again. */
  backlog: Queued[];
  backlogCharacters: number;
}

interface Queued {
  readonly stanza: Element;
  readonly text: string;
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
  readonly #refused: Counter;
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
      const jid = Jid.of(undefined, name);
      if (!jid.ok) throw new Error(`'${name}' cannot be a component: ${jid.error}`);
      const { domain } = jid.value;
      const delay = new ReconnectDelay(options.random, options.reconnect);
      this.#homes.set(domain, {
        domain,
        delay,
        connection: undefined,
        readyAt: 0,
        timer: undefined,
        backlog: [],
        backlogCharacters: 0,
      });
    }
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    const { metrics } = options;
    this.#sent = metrics.counter('xmpp_component_stanzas', 'Stanzas of the component streams', { direction: 'out' });
    this.#received = metrics.counter('xmpp_component_stanzas', 'Stanzas of the component streams', { direction: 'in' });
    this.#dropped = metrics.counter(
      'xmpp_component_dropped',
      'Stanzas that were not sent, or on their way when a stream broke',
    );
    this.#refused = metrics.counter('xmpp_component_refused', 'Stanzas of others that exceeded a limit');
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
    await this.#within(drainMs, Promise.all(closing.map((connection) => connection.settled())));
    const left = Math.max(0, deadline - this.options.scheduler.now());
    await this.#within(Math.min(left, CLOSING_MS), Promise.all(closing.map((connection) => connection.close())));
    for (const connection of closing) connection.destroy();
  }

  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.options.scheduler.after(limitMs, resolve);
    });
    await Promise.race([work, late]);
    timer?.cancel();
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
    const text = stanzaText(stanza);
    if (isLonger(text, this.#limits.stanzaOctets)) return false;
    if (connection === undefined || !connection.ready) return this.#keep(home, { stanza, text });
    if (connection.isFull(text.length)) return false;
    this.#sent.add();
    return connection.send(stanza, text);
  }

  /** Until the stream is up again. */
  #keep(home: Home, queued: Queued): boolean {
    const characters = home.backlogCharacters + queued.text.length;
    const { queueStanzas, queueOctets } = this.#limits;
    if (this.#stopping || home.backlog.length >= queueStanzas || characters > queueOctets) return false;
    home.backlog.push(queued);
    home.backlogCharacters = characters;
    return true;
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
        oversized: (stanza, fault) => this.#refuse(stanza, fault),
        bug: (cause) => this.#bug(cause),
        over: (reason, unsent, lost) => this.#lost(home, reason, unsent, lost),
      },
    );
  }

  #connected(home: Home): void {
    home.readyAt = this.options.scheduler.now();
    this.#connects.add();
    this.options.log.info('component connected', { domain: home.domain, server: this.#place() });
    home.backlogCharacters = 0;
    for (const { stanza } of home.backlog.splice(0)) this.send(stanza);
    if (this.up) this.#markReady();
  }

  #takeStanza(stanza: Element): void {
    this.#received.add();
    try {
      const answers = this.options.answers(stanza);
      if (answers === undefined) this.#take(stanza);
      else for (const answer of answers) this.send(answer);
    } catch (cause) {
      this.#bug(cause);
      if (isAnswerable(stanza)) this.send(errorReply(stanza, stanzaError('internal-server-error')));
    }
  }

  /** RFC 6120 §13.12: a stanza error, for the stream is everybody's. */
  #refuse(stanza: Element, fault: XmlFault): void {
    this.#received.add();
    this.#refused.add();
    this.options.log.warn('stanza too large', {
      stanza: stanza.name,
      from: String(stanza.attrs.from),
      reason: fault.text,
    });
    if (!isAnswerable(stanza)) return;
    const reply = errorReply(stanza, stanzaError('policy-violation', fault.text));
    reply.getChild('error')!.c('stanza-too-big', { xmlns: NS_ERRORS });
    this.send(reply);
  }

  #bug(cause: unknown): void {
    this.options.log.error('component stream: a stanza could not be handled', {
      stack: (cause as Error)?.stack ?? String(cause),
    });
  }

  #lost(home: Home, reason: StreamEnd, unsent: readonly Element[], lost: number): void {
    const { scheduler, log } = this.options;
    home.connection = undefined;
    const dropped = unsent.filter((stanza) => !this.#keep(home, { stanza, text: stanzaText(stanza) }));
    if (dropped.length + lost > 0) this.#dropped.add(dropped.length + lost);
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

/** Errors and results are never answered (RFC 6120 §8.3.1). */
function isAnswerable(stanza: Element): boolean {
  return stanza.attrs.type !== 'error' && !(stanza.name === 'iq' && stanza.attrs.type === 'result');
}

/** Whether `text` is longer than `octets` in UTF-8; counted only where it could be. */
function isLonger(text: string, octets: number): boolean {
  return text.length > octets || (text.length * 3 > octets && Buffer.byteLength(text) > octets);
}
