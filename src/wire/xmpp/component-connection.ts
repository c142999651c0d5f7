/** One component stream on one connection (XEP-0114): socket in, socket out, and the barrier's pings in between. */
import { connect as connectTcp, type Socket } from 'node:net';
import { Element } from 'ltx';
import type { Random } from '../../base/random.js';
import type { Scheduler, Timer } from '../../base/time.js';
import { ComponentStream, type StreamEnd } from '../../xmpp/component/component-stream.js';
import { DeliveryBarrier, type Settled } from '../../xmpp/component/delivery-barrier.js';
import { readStanzaError } from '../../xmpp/stanza/error-reply.js';
import { NS_PING } from '../../xmpp/stanza/namespaces.js';
import { NS_CLIENT } from '../../xmpp/stream/namespaces.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
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
  /** Called once; `unwritten`: what never reached the network, beside messages of `deliver`. */
  over(reason: StreamEnd, unwritten: readonly Element[]): void;
}

/** Pings in a row that nobody answered: the server counts as dead. */
const DEAD_AFTER_PINGS = 2;

export class ComponentConnection {
  readonly #socket: Socket;
  readonly #parser: XmlStreamParser;
  readonly #stream: ComponentStream;
  readonly #writer: StreamWriter;
  readonly #barrier = new DeliveryBarrier();
  readonly #delivering = new Set<Element>();
  #pingScheduled = false;
  #pingTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #negotiationTimer: Timer | undefined;
  #unanswered = 0;
  #lastHeardAt: number;
  #over = false;

  constructor(
    private readonly options: ComponentConnectionOptions,
    private readonly events: ComponentConnectionEvents,
  ) {
    const { host, port, scheduler } = options;
    this.#lastHeardAt = scheduler.now();
    this.#parser = new XmlStreamParser({ maxStanzaBytes: options.maxStanzaOctets * 2 });
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
    this.#delivering.add(stanza);
    this.#barrier.add(id, to, (settled) => {
      this.#delivering.delete(stanza);
      settle(settled);
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
    for (const event of this.#parser.push(chunk)) {
      for (const effect of this.#stream.take(event)) {
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
          case 'over':
            this.#end(effect.reason);
        }
      }
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
    this.#pingTimer = scheduler.after(barrierTimeoutMs, () => this.#pingTimedOut());
    this.#writer.write(stanzaText(ping));
  }

  #pingTimedOut(): void {
    this.#barrier.timedOut();
    this.#unanswered++;
    if (this.#unanswered >= DEAD_AFTER_PINGS) this.#end({ kind: 'error', text: 'the server answers no ping' });
    else this.#schedulePing();
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
    const unwritten = this.#writer.abandon();
    const messages = unwritten.filter((stanza) => this.#delivering.has(stanza));
    const others = unwritten.filter((stanza) => !this.#delivering.has(stanza));
    this.#socket.destroy();
    this.#barrier.broke(new Set(messages.map((stanza) => String(stanza.attrs.id))));
    this.events.over(reason, others);
  }
}
