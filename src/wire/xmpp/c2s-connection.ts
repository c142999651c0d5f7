/**
 * One client's connection to the embedded server: feeds its bytes to the parser, the negotiation and the session, and
 * carries their effects out.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Element } from 'ltx';
import type { Log } from '../../base/log.js';
import type { Counter } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import type { Result } from '../../base/result.js';
import type { Scheduler, Timer } from '../../base/time.js';
import type { AccountStore } from '../../xmpp/server/account-store.js';
import type { ImServer } from '../../xmpp/server/im-server.js';
import type { Session, SessionOutput } from '../../xmpp/server/session.js';
import { NS_ERRORS, NS_PING } from '../../xmpp/stanza/namespaces.js';
import type { StanzaError } from '../../xmpp/stanza/stanza-error.js';
import { type C2sEffect, C2sNegotiation, type TlsPolicy } from '../../xmpp/stream/c2s-negotiation.js';
import {
  type ChannelBindings,
  channelBindings,
  EXPORTER_LABEL,
  EXPORTER_OCTETS,
  NO_BINDINGS,
} from '../../xmpp/stream/channel-binding.js';
import { saltedPassword } from '../../xmpp/stream/scram.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
import type { StreamError } from '../../xmpp/stream/stream-error.js';
import type { XmlFault } from '../../xmpp/xml/xml-fault.js';
import { type XmlEvent, XmlStreamParser } from '../../xmpp/xml/xml-stream-parser.js';
import { StreamWriter } from './stream-writer.js';
import type { TlsIdentity } from './tls-identity.js';

/** What all connections of one server share. */
export interface C2sSurroundings {
  readonly server: ImServer;
  readonly accounts: AccountStore;
  /** Canonical; the first answers for unknown ones. */
  readonly domains: readonly string[];
  readonly identity: TlsIdentity | undefined;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly limits: Required<C2sLimits>;
  readonly plain: boolean;
  readonly iterations: number;
  readonly decoySecret: Uint8Array;
  readonly counters: C2sCounters;
  /** Called once, when the socket is closed. */
  readonly onClosed: (connection: C2sConnection) => void;
}

export interface C2sCounters {
  readonly stanzasIn: Counter;
  readonly stanzasOut: Counter;
  readonly authenticated: Counter;
  readonly refused: Counter;
  readonly slowReaders: Counter;
}

export interface C2sLimits {
  /** The largest first-level element after authentication (RFC 6120 §13.12.4: at least 10,000). Default 262,144. */
  readonly stanzaOctets?: number;
  /** The same before authentication. Default 16,384. */
  readonly stanzaOctetsBeforeAuth?: number;
  /** From the first byte to a bound resource. Default 30,000. */
  readonly negotiationMs?: number;
  /** Failed authentications on one stream, 2 to 5. Default 5. */
  readonly authFailures?: number;
  /** Characters that wait for a slow reader before it is given up. Default 1,048,576. */
  readonly queuedCharacters?: number;
  /** How long a reader may take none of what waits for it. Default 60,000. */
  readonly stalledMs?: number;
  /** Silence after which a client is pinged. Default 300,000. */
  readonly idleMs?: number;
  /** How long a ping may stay unanswered. Default 60,000. */
  readonly pingMs?: number;
  /** How long a closed stream waits for the peer to close the connection. Default 5,000. */
  readonly closingMs?: number;
  /** Stanzas of one session whose fate is not known before its reading pauses. Default 64. */
  readonly unsettledStanzas?: number;
}

export const DEFAULT_C2S_LIMITS: Required<C2sLimits> = {
  stanzaOctets: 262_144,
  stanzaOctetsBeforeAuth: 16_384,
  negotiationMs: 30_000,
  authFailures: 5,
  queuedCharacters: 1_048_576,
  stalledMs: 60_000,
  idleMs: 300_000,
  pingMs: 60_000,
  closingMs: 5_000,
  unsettledStanzas: 64,
};

/** A client heard within this time is there; else it is asked, and has this time to answer. */
const ALIVE_MS = 5_000;

/** How often silence and stalls are looked at. */
const WATCH_MS = 15_000;

export class C2sConnection implements SessionOutput {
  readonly #around: C2sSurroundings;
  readonly #negotiation: C2sNegotiation;
  readonly #writer: StreamWriter;
  /** "192.0.2.1:5000", for the log. */
  readonly #peer: string;
  readonly #parser: XmlStreamParser;
  #socket: Socket;
  #session: Session | undefined;
  /** Set between `<starttls/>` and the TLS handshake: whatever comes in clear meanwhile is an attack. */
  #startingTls = false;
  /** Elements that came while the negotiation waits for an answer. */
  #held: Element[] = [];
  #closing = false;
  #unsettled = 0;
  #lastHeardAt: number;
  #pingedAt: number | undefined;
  #askers: ((alive: boolean) => void)[] = [];
  readonly #timers = new Map<'negotiation' | 'watch' | 'closing' | 'asked', Timer>();

  constructor(socket: Socket, tls: TlsPolicy, around: C2sSurroundings) {
    const { limits } = around;
    this.#around = around;
    this.#socket = socket;
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#lastHeardAt = around.scheduler.now();
    this.#negotiation = new C2sNegotiation({
      domains: around.domains,
      tls,
      bindings: socket instanceof TLSSocket ? this.#bindingsOf(socket) : NO_BINDINGS,
      plain: around.plain,
      maxAuthFailures: limits.authFailures,
      decoySecret: around.decoySecret,
      iterations: around.iterations,
      random: around.random,
    });
    this.#parser = new XmlStreamParser({ maxStanzaBytes: limits.stanzaOctetsBeforeAuth });
    this.#writer = new StreamWriter(socket, {
      clock: around.scheduler,
      maxQueued: limits.queuedCharacters,
      onOverflow: () => this.#giveUp('slow reader'),
    });
    this.#setTimer('negotiation', limits.negotiationMs, () => this.#run(this.#negotiation.timeout()));
    this.#setTimer('watch', WATCH_MS, () => this.#watch());
    this.#listen(socket);
  }

  /** Ends the stream with an error, and then the connection. */
  end(error: StreamError): void {
    this.#run(this.#negotiation.fail(error));
  }

  send(text: string, stanza: Element | undefined): boolean {
    this.#around.counters.stanzasOut.add();
    return this.#writer.write(text, stanza);
  }

  whenWritten(then: (written: boolean) => void): void {
    this.#writer.whenWritten(then);
  }

  answers(): Promise<boolean> {
    if (this.#closing) return Promise.resolve(false);
    if (this.#around.scheduler.now() - this.#lastHeardAt < ALIVE_MS) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#askers.push(resolve);
      if (this.#askers.length > 1) return;
      this.#ping();
      this.#setTimer('asked', ALIVE_MS, () => this.#tellAskers(false));
    });
  }

  /** Closes the connection at once, whatever is still queued. */
  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer) => this.#read(chunk);

  #listen(socket: Socket): void {
    socket.on('data', this.#onData);
    socket.on('error', (cause) =>
      this.#around.log.debug('connection error', { peer: this.#peer, reason: cause.message }),
    );
    // Under TLS the clear socket has no say any more.
    socket.on('end', () => socket === this.#socket && this.#close());
    socket.on('close', () => socket === this.#socket && this.#closed());
  }

  #read(chunk: Buffer): void {
    if (this.#closing) return;
    this.#lastHeardAt = this.#around.scheduler.now();
    this.#pingedAt = undefined;
    if (this.#askers.length > 0) this.#tellAskers(true);
    try {
      this.#parse(chunk);
    } catch (cause) {
      this.#fault(cause);
    }
  }

  #parse(chunk: Buffer): void {
    const events = this.#parser.push(chunk);
    let read = 0;
    while (read < events.length && !this.#startingTls) this.#heard(events[read++]!);
    if (this.#startingTls && (read < events.length || this.#parser.buffered > 0)) this.#injected();
  }

  /** Clear text behind `<starttls/>` would be read as if it had come encrypted. */
  #injected(): void {
    this.#around.log.warn('clear text after starttls', { peer: this.#peer });
    this.#socket.destroy();
  }

  #heard(event: XmlEvent): void {
    switch (event.kind) {
      case 'stream-start':
        this.#run(this.#negotiation.header(event.root));
        break;
      case 'element':
        this.#take(event.element);
        break;
      case 'stream-end':
        this.#run(this.#negotiation.streamEnd());
        break;
      case 'error':
        this.end(streamErrorOf(event));
        break;
    }
  }

  /** A bug of ours costs this client its stream, and nobody else anything. */
  #fault(cause: unknown): void {
    this.#around.log.error('client stream failed', {
      peer: this.#peer,
      stack: (cause as Error)?.stack ?? String(cause),
    });
    this.end({ condition: 'internal-server-error' });
  }

  #run(effects: readonly C2sEffect[]): void {
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: C2sEffect): void {
    const { accounts, counters, limits, log } = this.#around;
    switch (effect.kind) {
      case 'write':
        this.#writer.write(effect.text);
        break;
      case 'start-tls':
        this.#startTls();
        break;
      case 'restart':
        this.#restart(effect.authenticated ? limits.stanzaOctets : limits.stanzaOctetsBeforeAuth);
        break;
      case 'look-up':
        this.#socket.pause();
        accounts.account(effect.bareJid).then(
          (account) => this.#resume(this.#negotiation.accountFound(account)),
          (cause) => {
            log.error('account not read', { account: effect.bareJid, reason: String(cause) });
            this.#resume(this.#negotiation.lookUpFailed());
          },
        );
        break;
      case 'salt-password':
        saltedPassword(effect.hash, effect.password, effect.salt, effect.iterations).then(
          (salted) => this.#resume(this.#negotiation.passwordSalted(salted)),
          (cause) => {
            log.error('password not salted', { reason: String(cause) });
            this.#resume(this.#negotiation.lookUpFailed());
          },
        );
        break;
      case 'authenticated':
        counters.authenticated.add();
        log.info('client authenticated', { account: effect.bareJid, mechanism: effect.mechanism, peer: this.#peer });
        break;
      case 'refused':
        counters.refused.add();
        log.info('client refused', { condition: effect.condition, mechanism: effect.mechanism, peer: this.#peer });
        break;
      case 'bind': {
        const outcome = this.#around.server.bind(effect.bareJid, effect.resource, this, effect.lang);
        if (outcome instanceof Promise) {
          this.#socket.pause();
          void outcome.then((value) => this.#resume(this.#bound(value)));
        } else this.#run(this.#bound(outcome));
        break;
      }
      case 'established':
        this.#timers.get('negotiation')?.cancel();
        break;
      case 'close':
        this.#close();
        break;
    }
  }

  /** RFC 6120 §4.3.3: a new stream, read with nothing left of the old one. */
  #restart(maxStanzaBytes: number): void {
    const left = this.#parser.buffered;
    this.#parser.reset({ maxStanzaBytes });
    if (left > 0) this.end({ condition: 'bad-format', text: 'expected a stream header' });
  }

  /** An answer that the negotiation waited for has come; then what was held back meanwhile. */
  #resume(effects: readonly C2sEffect[]): void {
    try {
      this.#run(effects);
      while (this.#held.length > 0 && !this.#negotiation.waiting && !this.#closing) this.#take(this.#held.shift()!);
    } catch (cause) {
      this.#fault(cause);
    }
    if (!this.#negotiation.waiting) this.#socket.resume();
  }

  /** One first-level element: the negotiation's, or, once there is one, the session's. */
  #take(element: Element): void {
    if (this.#closing) return;
    if (this.#session === undefined) {
      if (this.#negotiation.waiting) this.#held.push(element);
      else this.#run(this.#negotiation.element(element));
      return;
    }
    this.#around.counters.stanzasIn.add();
    const settled = this.#around.server.receive(this.#session, element);
    if (settled !== undefined) this.#countUnsettled(settled);
  }

  /** A client that writes faster than the store can keep is read more slowly. */
  #countUnsettled(settled: Promise<void>): void {
    const limit = this.#around.limits.unsettledStanzas;
    if (++this.#unsettled === limit) this.#socket.pause();
    void settled.then(() => {
      if (this.#unsettled-- === limit && !this.#negotiation.waiting) this.#socket.resume();
    });
  }

  #bound(outcome: Result<Session, StanzaError>): readonly C2sEffect[] {
    if (!outcome.ok) return this.#negotiation.bound(outcome);
    if (this.#closing) {
      // The client left while another one was asked about the resource.
      this.#around.server.disconnected(outcome.value, []);
      return [];
    }
    this.#session = outcome.value;
    this.#around.log.info('session started', { jid: outcome.value.full, peer: this.#peer });
    return this.#negotiation.bound({ ok: true, value: outcome.value.jid });
  }

  /** Wraps the socket in TLS once `<proceed/>` is out (RFC 6120 §5.4.3). */
  #startTls(): void {
    const { identity } = this.#around;
    const clear = this.#socket;
    this.#startingTls = true;
    clear.pause();
    clear.removeListener('data', this.#onData);
    this.#writer.whenWritten((written) => {
      if (!written || identity === undefined || clear.destroyed) return;
      const secure = new TLSSocket(clear, { isServer: true, secureContext: identity.context });
      this.#socket = secure;
      this.#writer.moveTo(secure);
      secure.on('secure', () => this.#tlsEstablished(secure));
      this.#listen(secure);
    });
  }

  #tlsEstablished(secure: TLSSocket): void {
    this.#startingTls = false;
    secure.disableRenegotiation();
    this.#run(this.#negotiation.tlsEstablished(this.#bindingsOf(secure)));
  }

  #bindingsOf(secure: TLSSocket): ChannelBindings {
    const exporter =
      secure.getProtocol() === 'TLSv1.3'
        ? secure.exportKeyingMaterial(EXPORTER_OCTETS, EXPORTER_LABEL, Buffer.alloc(0))
        : undefined;
    return channelBindings(this.#around.identity?.certificate, exporter);
  }

  /** Nothing more is read; what is queued is written, then the connection closed. */
  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#timers.get('negotiation')?.cancel();
    if (this.#session !== undefined) this.#around.server.disconnected(this.#session, []);
    this.#tellAskers(false);
    this.#socket.resume(); // what still comes is dropped, so that the end behind it is seen
    this.#writer.end();
    this.#setTimer('closing', this.#around.limits.closingMs, () => this.#socket.destroy());
  }

  #giveUp(reason: string): void {
    this.#around.counters.slowReaders.add();
    this.#around.log.warn('connection given up', { reason, peer: this.#peer, jid: this.#session?.full });
    this.#socket.destroy();
  }

  #closed(): void {
    this.#closing = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#tellAskers(false);
    const unwritten = this.#writer.abandon();
    if (this.#session !== undefined) {
      this.#around.server.disconnected(this.#session, unwritten);
      this.#around.log.info('session ended', {
        jid: this.#session.full,
        peer: this.#peer,
        unwritten: unwritten.length,
      });
    }
    this.#around.onClosed(this);
  }

  /** Looks for a reader that takes nothing, and for a client that says nothing. */
  #watch(): void {
    const { scheduler, limits } = this.#around;
    this.#setTimer('watch', WATCH_MS, () => this.#watch());
    const now = scheduler.now();
    if (this.#writer.stalledSince !== undefined && now - this.#writer.stalledSince >= limits.stalledMs) {
      this.#giveUp('stalled reader');
      return;
    }
    if (this.#session === undefined || this.#closing) return;
    if (this.#pingedAt === undefined) {
      if (now - this.#lastHeardAt >= limits.idleMs) this.#ping();
    } else if (now - this.#pingedAt >= limits.pingMs) {
      this.end({ condition: 'connection-timeout' }); // RFC 6120 §4.6.1: data was sent, and nothing came back
    }
  }

  /** XEP-0199 §4.3; any octet is answer enough. */
  #ping(): void {
    if (this.#session === undefined) return;
    this.#pingedAt ??= this.#around.scheduler.now();
    const { jid, full } = this.#session;
    const iq = new Element('iq', { type: 'get', id: this.#around.random.token(), from: jid.domain, to: full });
    iq.c('ping', { xmlns: NS_PING });
    this.#writer.write(stanzaText(iq));
  }

  #tellAskers(alive: boolean): void {
    const askers = this.#askers;
    this.#askers = [];
    this.#timers.get('asked')?.cancel();
    for (const tell of askers) tell(alive);
  }

  #setTimer(name: 'negotiation' | 'watch' | 'closing' | 'asked', delayMs: number, wake: () => void): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(name, this.#around.scheduler.after(delayMs, wake));
  }
}

/** What the parser found, in the words of a stream error (RFC 6120 §4.9.3). */
function streamErrorOf({ condition, text, appCondition }: XmlFault): StreamError {
  if (appCondition === undefined) return { condition, text };
  return { condition, text, application: { name: appCondition, xmlns: NS_ERRORS } };
}
