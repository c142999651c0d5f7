/**
 * A small XMPP client: STARTTLS or direct TLS, SCRAM with channel binding, resource binding, presence (RFC 6120, RFC
 * 6121). For the demonstration and the tests; not a library.
 */
import type { X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Element } from 'ltx';
import type { Random } from '../../base/random.js';
import type { Scheduler } from '../../base/time.js';
import { Jid } from '../../xmpp/address/jid.js';
import { errorReply } from '../../xmpp/stanza/error-reply.js';
import { stanzaError } from '../../xmpp/stanza/error-type.js';
import { NS_PING } from '../../xmpp/stanza/namespaces.js';
import { iqResult } from '../../xmpp/stanza/stanza.js';
import {
  type ChannelBindings,
  channelBindings,
  EXPORTER_LABEL,
  EXPORTER_OCTETS,
} from '../../xmpp/stream/channel-binding.js';
import {
  NS_BIND,
  NS_CLIENT,
  NS_SASL,
  NS_SASL_CHANNEL_BINDING,
  NS_STREAMS,
  NS_TLS,
} from '../../xmpp/stream/namespaces.js';
import { preparePassword } from '../../xmpp/stream/password.js';
import { ScramClient, type ScramHash } from '../../xmpp/stream/scram.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
import { CLOSING_TAG, clientHeader } from '../../xmpp/stream/stream-header.js';
import { XmlStreamParser } from '../../xmpp/xml/xml-stream-parser.js';
import { fingerprintOf } from './tls-identity.js';

export interface XmppClientOptions {
  /** Bare, or with the resource to ask for. */
  readonly jid: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  /** Encryption from the first byte (XEP-0368) instead of STARTTLS. */
  readonly directTls?: boolean;
  readonly tls?: {
    /** PEM certificates to trust instead of the system's. */
    readonly ca?: string;
    /** The SHA-256 fingerprint that the server's certificate must have (`AB:CD:…`), whoever signed it. */
    readonly fingerprint?: string;
  };
  /** Of the initial presence; `none` sends none. Default 0. */
  readonly priority?: number | 'none';
  /** Use exactly this mechanism instead of the strongest one offered. */
  readonly mechanism?: string;
  /** Until the session is up. Default 10,000. */
  readonly timeoutMs?: number;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** Why there is no session, or none any more. */
export class XmppClientFailure extends Error {
  override readonly name = 'XmppClientFailure';
  /** The condition that the server gave, of a stream error, a SASL failure or a stanza error. */
  readonly condition: string | undefined;

  constructor(message: string, condition?: string) {
    super(message);
    this.condition = condition;
  }
}

export type WireListener = (direction: 'in' | 'out', xml: string) => void;

export class XmppClient {
  readonly #options: XmppClientOptions;
  readonly #account: Jid;
  #socket: Socket | undefined;
  readonly #parser = new XmlStreamParser();
  #bindings: ChannelBindings = new Map();
  #jid: Jid | undefined;
  /** Elements that nobody has asked for yet, while the stream is negotiated; a header is `stream:stream`. */
  #arrived: Element[] = [];
  #awaiting: { resolve: (element: Element) => void; reject: (cause: Error) => void } | undefined;
  /** Our closing tag is out. */
  #closing = false;
  #over: XmppClientFailure | undefined;
  readonly #replies = new Map<string, (reply: Element) => void>();
  #onStanza: ((stanza: Element) => void)[] = [];
  #onWire: WireListener[] = [];
  #onClosed: ((reason: XmppClientFailure) => void)[] = [];

  constructor(options: XmppClientOptions) {
    const jid = Jid.parse(options.jid);
    if (!jid.ok) throw new Error(`${options.jid} is no JID: ${jid.error}`);
    if (jid.value.local === undefined) throw new Error(`${options.jid} is no account`);
    this.#options = options;
    this.#account = jid.value;
  }

  /** The full JID of the session. */
  get jid(): Jid {
    if (this.#jid === undefined) throw new Error('there is no session');
    return this.#jid;
  }

  /** The channel bindings of the connection, for tests that play tricks with them. */
  get bindings(): ChannelBindings {
    return this.#bindings;
  }

  onStanza(listener: (stanza: Element) => void): void {
    this.#onStanza.push(listener);
  }

  /** Hears every element and tag that crosses the wire, without passwords. */
  onWire(listener: WireListener): void {
    this.#onWire.push(listener);
  }

  onClosed(listener: (reason: XmppClientFailure) => void): void {
    this.#onClosed.push(listener);
  }

  /**
   * Opens the session.
   * @throws XmppClientFailure with the server's condition, if it gave one
   */
  async connect(): Promise<Jid> {
    const { scheduler, timeoutMs = 10_000, host, port, priority = 0 } = this.#options;
    const timer = scheduler.after(timeoutMs, () => this.#end(new XmppClientFailure('the server took too long')));
    try {
      await this.#open(host, port);
      await this.#authenticate(await this.#secure());
      await this.#newStream();
      await this.#bind();
      if (priority !== 'none') this.send(presenceOf(priority));
      return this.jid;
    } catch (cause) {
      this.#socket?.destroy();
      throw cause;
    } finally {
      timer.cancel();
    }
  }

  /** Sends one stanza; false when there is no connection. */
  send(stanza: Element): boolean {
    return this.#write(stanzaText(stanza));
  }

  /** Sends an IQ request and waits for its result or error. */
  request(iq: Element): Promise<Element> {
    iq.attrs.id ??= this.#options.random.token();
    return new Promise((resolve, reject) => {
      this.#replies.set(String(iq.attrs.id), resolve);
      if (!this.send(iq)) reject(this.#over ?? new XmppClientFailure('there is no connection'));
    });
  }

  /** Writes raw text, for tests that break rules. */
  sendRaw(text: string): boolean {
    return this.#write(text);
  }

  /** Stops and resumes reading, for tests of slow readers. */
  pauseReading(paused: boolean): void {
    if (paused) this.#socket?.pause();
    else this.#socket?.resume();
  }

  /** Closes the stream and the connection in good order (RFC 6120 §4.4). */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.#closing = true;
    this.#write(CLOSING_TAG);
    const timer = this.#options.scheduler.after(5_000, () => socket.destroy());
    await closed;
    timer.cancel();
  }

  /** Drops the connection without a word. */
  destroy(): void {
    this.#socket?.destroy();
  }

  async #open(host: string, port: number): Promise<void> {
    const socket = connectTcp({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    if (this.#options.directTls) this.#use(await this.#startTls(socket));
    else this.#use(socket);
  }

  /** The features of an encrypted stream. */
  async #secure(): Promise<Element> {
    const features = await this.#newStream();
    if (this.#options.directTls) return features;
    // RFC 7590 §3.1: tried even if it is not offered, for somebody may have taken it out.
    this.#write(stanzaText(new Element('starttls', { xmlns: NS_TLS })));
    const answer = await this.#next();
    if (answer.getName() !== 'proceed') throw new XmppClientFailure('the server does not start TLS');
    const clear = this.#socket!;
    clear.removeAllListeners();
    this.#arrived = []; // RFC 6120 §5.4.3.3: nothing that came in clear counts
    this.#use(await this.#startTls(clear));
    return this.#newStream();
  }

  #startTls(socket: Socket): Promise<TLSSocket> {
    const { ca, fingerprint } = this.#options.tls ?? {};
    const secure = connectTls({
      socket,
      servername: this.#account.domain,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['xmpp-client'], // XEP-0368 §3
      rejectUnauthorized: fingerprint === undefined,
      ...(ca !== undefined && { ca }),
    });
    return new Promise((resolve, reject) => {
      secure.once('error', (cause) => reject(new XmppClientFailure(`TLS failed: ${cause.message}`)));
      secure.once('close', () => reject(new XmppClientFailure('TLS failed: the connection was closed')));
      secure.once('secureConnect', () => {
        const certificate = secure.getPeerX509Certificate()!;
        if (fingerprint !== undefined && fingerprintOf(certificate.raw) !== fingerprint) {
          secure.destroy();
          reject(new XmppClientFailure('the certificate is not the pinned one'));
          return;
        }
        this.#bindings = bindingsOf(secure, certificate);
        secure.removeAllListeners('error').removeAllListeners('close');
        resolve(secure);
      });
    });
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (cause) => this.#end(new XmppClientFailure(cause.message)));
    socket.on('close', () => this.#end(new XmppClientFailure('the connection was closed')));
  }

  /** Opens a stream, or restarts it; the features that the server offers. */
  async #newStream(): Promise<Element> {
    this.#parser.reset();
    const from = this.#options.directTls || this.#bindings.size > 0 ? this.#account.bare.toString() : undefined;
    this.#write(clientHeader({ to: this.#account.domain, from }));
    const header = await this.#next();
    if (header.getName() !== 'stream') throw new XmppClientFailure('the server sent no stream header');
    const features = await this.#next();
    if (features.getName() !== 'features') throw new XmppClientFailure('the server sent no stream features');
    return features;
  }

  async #authenticate(features: Element): Promise<void> {
    const choice = this.#chooseMechanism(features);
    const password = preparePassword(this.#options.password, 'query');
    if (!password.ok) throw new XmppClientFailure(password.error);
    if (choice.name === 'PLAIN') return this.#authenticatePlain(password.value);
    const scram = new ScramClient({
      hash: choice.hash,
      username: this.#account.local!,
      password: password.value,
      nonce: this.#options.random.token(128),
      ...(choice.binding !== undefined && { binding: choice.binding }),
      couldBind: choice.couldBind,
    });
    this.#write(stanzaText(saslElement('auth', scram.first(), choice.name)), '<auth/>');
    const final = await scram.final(decode(await this.#nextSasl('challenge')));
    if (!final.ok) throw new XmppClientFailure(`the server's challenge is wrong: ${final.error}`);
    this.#write(stanzaText(saslElement('response', final.value)), '<response/>');
    if (!scram.verify(decode(await this.#nextSasl('success')))) {
      throw new XmppClientFailure('the server does not know the password');
    }
  }

  async #authenticatePlain(password: string): Promise<void> {
    this.#write(stanzaText(saslElement('auth', `\0${this.#account.local}\0${password}`, 'PLAIN')), '<auth/>');
    await this.#nextSasl('success');
  }

  #chooseMechanism(features: Element): {
    name: string;
    hash: ScramHash;
    binding?: { type: string; data: Uint8Array };
    couldBind: boolean;
  } {
    const { mechanism } = this.#options;
    const offered = (features.getChild('mechanisms', NS_SASL)?.getChildren('mechanism') ?? []).map((one) =>
      one.getText(),
    );
    const binding = this.#commonBinding(features);
    const preferred = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'];
    const usable = preferred.filter(
      (name) => offered.includes(name) && (!name.endsWith('-PLUS') || binding !== undefined),
    );
    const name = mechanism ?? usable[0];
    if (name === undefined) throw new XmppClientFailure(`no mechanism in common: ${offered.join(' ')}`);
    return {
      name,
      hash: name.includes('SHA-256') ? 'SHA-256' : 'SHA-1',
      ...(name.endsWith('-PLUS') && binding !== undefined && { binding }),
      // RFC 5802 §6: `y` says that we would have bound, had it been offered.
      couldBind: this.#bindings.size > 0 && !offered.some((one) => one.endsWith('-PLUS')),
    };
  }

  /** The first of our binding types that the server advertises (XEP-0440 §2). */
  #commonBinding(features: Element): { type: string; data: Uint8Array } | undefined {
    const list =
      features.getChild('sasl-channel-binding', NS_SASL_CHANNEL_BINDING)?.getChildren('channel-binding') ?? [];
    for (const [type, data] of this.#bindings) if (list.some((one) => one.attrs.type === type)) return { type, data };
    return undefined;
  }

  async #nextSasl(expected: string): Promise<Element> {
    const element = await this.#next();
    if (element.getNS() === NS_SASL && element.getName() === expected) return element;
    const condition = element.getChildElements()[0]?.getName();
    throw new XmppClientFailure(`authentication failed: ${condition ?? element.getName()}`, condition);
  }

  async #bind(): Promise<void> {
    const bind = new Element('bind', { xmlns: NS_BIND });
    if (this.#account.resource !== undefined) bind.c('resource').t(this.#account.resource);
    const iq = new Element('iq', { xmlns: NS_CLIENT, type: 'set', id: this.#options.random.token() });
    iq.cnode(bind);
    this.#write(stanzaText(iq));
    const result = await this.#next();
    const text = result.getChild('bind', NS_BIND)?.getChildText('jid');
    const jid = text ? Jid.parse(text) : undefined;
    if (result.attrs.type !== 'result' || !jid?.ok) {
      const condition = result.getChild('error')?.getChildElements()[0]?.getName();
      throw new XmppClientFailure(`no resource was bound: ${condition}`, condition);
    }
    this.#jid = jid.value;
  }

  /** The next element while the stream is negotiated. */
  #next(): Promise<Element> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#over !== undefined) return Promise.reject(this.#over);
    return new Promise((resolve, reject) => {
      this.#awaiting = { resolve, reject };
    });
  }

  #read(chunk: Buffer): void {
    for (const event of this.#parser.push(chunk)) {
      if (event.kind === 'stream-start') this.#take(event.root);
      else if (event.kind === 'element') this.#take(event.element);
      else if (event.kind === 'stream-end') this.#closedByServer();
      else this.#end(new XmppClientFailure(`the server's XML is broken: ${event.text}`, event.condition));
    }
  }

  #closedByServer(): void {
    this.#tellWire('in', CLOSING_TAG);
    this.#end(new XmppClientFailure('the server closed the stream'));
    if (!this.#closing) this.#write(CLOSING_TAG);
    this.#socket?.end();
  }

  #take(element: Element): void {
    this.#tellWire('in', element.getNS() === NS_SASL ? new Element(element.name).toString() : stanzaText(element));
    if (element.getNS() === NS_STREAMS && element.getName() === 'error') {
      const condition = element.getChildElements()[0]?.getName();
      this.#end(new XmppClientFailure(`the server ended the stream: ${condition}`, condition));
      return;
    }
    if (this.#jid !== undefined) {
      this.#takeStanza(element);
      return;
    }
    const awaiting = this.#awaiting;
    this.#awaiting = undefined;
    if (awaiting === undefined) this.#arrived.push(element);
    else awaiting.resolve(element);
  }

  /** Replies go to who asked, pings are answered; everything else is for the listeners. */
  #takeStanza(stanza: Element): void {
    const { type, id } = stanza.attrs;
    const reply = stanza.name === 'iq' && (type === 'result' || type === 'error') && this.#replies.get(String(id));
    if (reply) {
      this.#replies.delete(String(id));
      reply(stanza);
    } else if (stanza.name === 'iq' && type === 'get' && stanza.getChild('ping', NS_PING) !== undefined) {
      this.send(iqResult(stanza)); // XEP-0199 §4.2
    } else if (stanza.name === 'iq' && (type === 'get' || type === 'set') && this.#onStanza.length === 0) {
      this.send(errorReply(stanza, stanzaError('service-unavailable'))); // RFC 6120 §8.2.3
    } else {
      for (const listener of this.#onStanza) listener(stanza);
    }
  }

  #write(text: string, shown = text): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || !socket.writable) return false;
    this.#tellWire('out', shown);
    socket.write(text);
    return true;
  }

  #tellWire(direction: 'in' | 'out', xml: string): void {
    for (const listener of this.#onWire) listener(direction, xml);
  }

  #end(reason: XmppClientFailure): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#awaiting?.reject(reason);
    this.#awaiting = undefined;
    for (const listener of this.#onClosed) listener(reason);
  }
}

function bindingsOf(secure: TLSSocket, certificate: X509Certificate): ChannelBindings {
  const exporter =
    secure.getProtocol() === 'TLSv1.3'
      ? secure.exportKeyingMaterial(EXPORTER_OCTETS, EXPORTER_LABEL, Buffer.alloc(0))
      : undefined;
  return channelBindings(certificate.raw, exporter);
}

function saslElement(name: string, data: string, mechanism?: string): Element {
  const element = new Element(name, { xmlns: NS_SASL, ...(mechanism !== undefined && { mechanism }) });
  return element.t(Buffer.from(data).toString('base64'));
}

function decode(element: Element): string {
  return Buffer.from(element.getText(), 'base64').toString();
}

function presenceOf(priority: number): Element {
  const presence = new Element('presence', { xmlns: NS_CLIENT });
  if (priority !== 0) presence.c('priority').t(String(priority));
  return presence;
}
