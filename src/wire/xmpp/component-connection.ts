/** One component stream on one connection (XEP-0114): socket in, socket out, and the barrier's pings in between. */
import { connect as connectTcp, type Socket } from 'node:net';
import { Element } from 'ltx';
import type { Random } from '../../base/random.js';
import type { Scheduler, Timer } from '../../base/time.js';
import { type ComponentEffect, ComponentStream, type StreamEnd } from '../../xmpp/component/component-stream.js';
import { DeliveryBarrier, type Settled } from '../../xmpp/component/delivery-barrier.js';
import { readStanzaError } from '../../xmpp/stanza/error-reply.js';
import { NS_PING } from '../../xmpp/stanza/namespaces.js';
import { NS_CLIENT } from '../../xmpp/stream/namespaces.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
import type { XmlFault } from '../../xmpp/xml/xml-fault.js';
import { XmlStreamParser } from '../../xmpp/xml/xml-stream-parser.js';
import { StreamWriter } from './stream-writer.js';

export interface ComponentConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** The component's name. */
  readonly domain: string;
  /** Whom the pings ask: a domain of the server. */
  readonly pingTarget: string;
  readonly maxQueuedCharacters: number;
  readonly maxStanzaOctets: number;
  /** Of the connection and the handshake. */
  readonly connectTimeoutMs: number;
  /** How long a ping may stay unanswered before what it covers counts as unconfirmed. */
  readonly barrierTimeoutMs: number;
  /** Silence after which a ping asks whether the server is still there. */
  readonly idleMs: number;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

export interface ComponentConnectionEvents {
  ready(): void;
  /** Stanzas that are not answers to this connection's own pings, nor errors of messages that wait here. */
  stanza(stanza: Element): void;
  /** A stanza too large to be read, without its content. */
  oversized(stanza: Element, fault: XmlFault): void;
  /** A bug of ours, which ends this stream and nothing else. */
  bug(cause: unknown): void;
  /**
   * Called once, when the stream has ended.
   * @param unsent what the network has nothing of, beside messages of `deliver`: it can go out on the next stream
   * @param lost how many more stanzas were on their way, so that nobody knows whether they arrived
   */
  over(reason: StreamEnd, unsent: readonly Element[], lost: number): void;
}

/** Pings in a row during which nothing at all was heard: the server counts as dead. */
const DEAD_AFTER_PINGS = 2;

export class ComponentConnection {
  readonly #socket: Socket;
  readonly #parser: XmlStreamParser;
  readonly #stream: ComponentStream;
  readonly #writer: StreamWriter;
  readonly #barrier = new DeliveryBarrier();
  #pingScheduled = false;
  #pingTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #negotiationTimer: Timer | undefined;
  #pingedAt = 0;
  #unanswered = 0;
  #lastHeardAt: number;
  #onSettled: (() => void)[] = [];
  #over = false;

  constructor(
    private readonly options: ComponentConnectionOptions,
    private readonly events: ComponentConnectionEvents,
  ) {
    const { host, port, scheduler } = options;
    this.#lastHeardAt = scheduler.now();
    // The server is trusted, but passes on what anybody wrote: that must not end the stream of all.
    this.#parser = new XmlStreamParser({ maxStanzaBytes: options.maxStanzaOctets }, { skipsOversized: true });
    this.#stream = new ComponentStream(options.domain, options.secret);
    this.#socket = connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    this.#writer = new StreamWriter(this.#socket, {
      clock: scheduler,
      maxQueued: options.maxQueuedCharacters * 2,
      onOverflow: () => this.#end({ kind: 'error', text: 'the server does not read' }),
    });
    this.#negotiationTimer = scheduler.after(options.connectTimeoutMs, () =>
      this.#end({ kind: 'error', text: 'the server took too long to accept the handshake' }),
    );
    this.#socket.on('connect', () => this.#writer.write(this.#stream.open()));
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', (cause) => this.#end({ kind: 'error', text: cause.message }));
    this.#socket.on('close', () => this.#end({ kind: 'closed', text: 'the connection was closed' }));
  }

  /** True while stanzas are taken. */
  get ready(): boolean {
    return this.#stream.ready && !this.#over;
  }

  /** Resolves when no message waits for its confirmation any more. */
  settled(): Promise<void> {
    if (this.#barrier.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onSettled.push(resolve);
    });
  }

  /** Messages that wait for their confirmation. */
  get waiting(): number {
    return this.#barrier.waiting;
  }

  /** Whether `characters` more would overfill the queue. */
  isFull(characters: number): boolean {
    return this.#writer.queuedCharacters + characters > this.options.maxQueuedCharacters;
  }

  /** Sends a message, as text `text`; `settle` hears once what became of it. */
  deliver(stanza: Element, text: string, settle: (settled: Settled) => void): void {
    const { id, to } = stanza.attrs as { id: string; to: string };
    this.#barrier.add(id, to, (settled) => {
      settle(settled);
      if (this.#barrier.waiting === 0) for (const tell of this.#onSettled.splice(0)) tell();
    });
    // before the write, so that the ping is part of the same batch of octets
    this.#schedulePing();
    this.#writer.write(text, stanza);
  }

  /** Sends a stanza that nobody waits for. */
  send(stanza: Element, text: string): boolean {
    return this.#writer.write(text, stanza);
  }

  /** Closes in good order (RFC 6120 §4.4). Resolves when the connection is closed. */
  close(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    if (this.#stream.ready) {
      this.#writer.write('</stream:stream>');
      this.#writer.end();
    } else this.#socket.destroy();
    return closed;
  }

  /** Drops the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#lastHeardAt = this.options.scheduler.now();
    try {
      for (const event of this.#parser.push(chunk)) {
        for (const effect of this.#stream.take(event)) this.#carryOut(effect);
      }
    } catch (cause) {
      this.events.bug(cause);
      this.#end({ kind: 'error', text: 'an internal error' });
    }
  }

  #carryOut(effect: ComponentEffect): void {
    switch (effect.kind) {
      case 'write':
        this.#writer.write(effect.text);
        break;
      case 'ready':
        this.#becameReady();
        break;
      case 'stanza':
        this.#stanza(effect.stanza);
        break;
      case 'oversized':
        this.events.oversized(effect.stanza, effect.fault);
        break;
      case 'over':
        this.#end(effect.reason);
        break;
    }
  }

  #becameReady(): void {
    this.#negotiationTimer?.cancel();
    this.#watchIdle();
    this.events.ready();
  }

  #stanza(stanza: Element): void {
    const { type, id, from } = stanza.attrs as Record<string, string | undefined>;
    if (stanza.name === 'iq' && (type === 'result' || type === 'error') && this.#answered(id)) return;
    if (stanza.name === 'message' && type === 'error' && id !== undefined && from !== undefined) {
      const error = readStanzaError(stanza);
      if (error !== undefined && this.#barrier.refused(id, from, error)) return;
    }
    this.events.stanza(stanza);
  }

  /** Any answer to the ping will do, an error too: the server has come that far in the stream. */
  #answered(id: string | undefined): boolean {
    if (id === undefined || !this.#barrier.answered(id)) return false;
    this.#pingTimer?.cancel();
    this.#unanswered = 0;
    if (this.#barrier.waiting > 0) this.#schedulePing();
    return true;
  }

  #schedulePing(): void {
    if (this.#pingScheduled || this.#barrier.pinging || this.#over) return;
    this.#pingScheduled = true;
    setImmediate(() => {
      this.#pingScheduled = false;
      if (!this.#barrier.pinging && !this.#over) this.#sendPing();
    });
  }

  #sendPing(): void {
    const { domain, pingTarget, random, scheduler, barrierTimeoutMs } = this.options;
    const id = `ping-${random.token(48)}`;
    const ping = new Element('iq', { xmlns: NS_CLIENT, type: 'get', from: domain, to: pingTarget, id });
    ping.c('ping', { xmlns: NS_PING });
    this.#barrier.sendPing(id);
    this.#pingedAt = scheduler.now();
    this.#pingTimer = scheduler.after(barrierTimeoutMs, () => this.#pingTimedOut());
    this.#writer.write(stanzaText(ping));
  }

  #pingTimedOut(): void {
    this.#barrier.timedOut();
    // A server that says other things lives, and may only be slow to reach the target of the ping.
    this.#unanswered = this.#lastHeardAt > this.#pingedAt ? 0 : this.#unanswered + 1;
    if (this.#unanswered < DEAD_AFTER_PINGS) this.#schedulePing();
    else this.#end({ kind: 'error', text: `nothing heard, and no answer to pings of ${this.options.pingTarget}` });
  }

  /** RFC 6120 §4.6: silence alone proves nothing; an unanswered ping does. */
  #watchIdle(): void {
    const { idleMs, scheduler } = this.options;
    const silentFor = scheduler.now() - this.#lastHeardAt;
    if (silentFor >= idleMs) this.#schedulePing();
    this.#idleTimer = scheduler.after(silentFor >= idleMs ? idleMs : idleMs - silentFor, () => this.#watchIdle());
  }

  #end(reason: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of [this.#pingTimer, this.#idleTimer, this.#negotiationTimer]) timer?.cancel();
    const unsent = [...this.#writer.unsent];
    const unwritten = this.#writer.abandon();
    this.#socket.destroy();
    const isOther = ({ name, attrs }: Element) =>
      name !== 'message' || attrs.type === 'error' || !this.#barrier.has(String(attrs.id));
    const others = unsent.filter(isOther);
    const lost = unwritten.filter(isOther).length - others.length;
    this.#barrier.broke(new Set(unsent.filter((stanza) => !isOther(stanza)).map(({ attrs }) => String(attrs.id))));
    this.events.over(reason, others, lost);
  }
}
