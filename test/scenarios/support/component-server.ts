/**
 * An XMPP server in the test's own process, with users and with components (XEP-0114), as a real one is: it handles the
 * stanzas of a stream in their order, bounces what it cannot deliver, keeps what comes for users who are away. It can be
 * killed, restarted, halted and made to write octet by octet.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { clone, Element } from 'ltx';
import { formatDateTime } from '../../../src/documents/date-time.js';
import { handshakeOf } from '../../../src/xmpp/component/component-stream.js';
import { errorReply } from '../../../src/xmpp/stanza/error-reply.js';
import { stanzaError } from '../../../src/xmpp/stanza/error-type.js';
import { NS_DELAY, NS_PING } from '../../../src/xmpp/stanza/namespaces.js';
import { iqResult } from '../../../src/xmpp/stanza/stanza.js';
import type { StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import { NS_CLIENT } from '../../../src/xmpp/stream/namespaces.js';
import { stanzaText } from '../../../src/xmpp/stream/stanza-text.js';
import { XmlStreamParser } from '../../../src/xmpp/xml/xml-stream-parser.js';
import type { UserSession } from './xmpp-user.js';

export interface ComponentServerOptions {
  /** The domain of its users. */
  readonly domain: string;
  /** The components that it lets in, by name, and their secrets. */
  readonly components: Readonly<Record<string, string>>;
  /** Localparts of its users. */
  readonly users?: readonly string[];
}

interface Account {
  readonly sessions: Map<string, ServerSession>;
  readonly stored: Element[];
}

export class ComponentServer {
  /** The secrets of the components, by name; may be changed. */
  readonly secrets: Record<string, string>;
  /** Refuses a message at once, as a server does by its own rules; undefined: routed as ever. */
  refuses: (message: Element) => StanzaError | undefined = () => undefined;
  /** Whether each octet to a component is a segment of its own. */
  trickles = false;
  /** The messages of components that were delivered or stored, oldest first. */
  readonly taken: Element[] = [];
  /** Component connections that were made so far. */
  connections = 0;
  readonly domain: string;
  readonly #accounts = new Map<string, Account>();
  readonly #streams = new Set<AcceptedStream>();
  #server: Server | undefined;
  #port = 0;
  #halted = false;
  #waiting: (() => void)[] = [];
  #watchers: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(options: ComponentServerOptions) {
    this.domain = options.domain;
    this.secrets = { ...options.components };
    for (const user of options.users ?? []) {
      this.#accounts.set(`${user}@${this.domain}`, { sessions: new Map(), stored: [] });
    }
  }

  static async open(options: ComponentServerOptions): Promise<ComponentServer> {
    const server = new ComponentServer(options);
    await server.restart();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** Stanzas that came while it was halted. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether the component is connected. */
  has(component: string): boolean {
    return this.#streamOf(component) !== undefined;
  }

  /** Resolves once `holds`, which is asked whenever something has happened here. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ holds, resolve }));
  }

  /** A user comes online, and gets what was stored. */
  connect(user: string, resource: string): ServerSession {
    const account = this.#accounts.get(`${user}@${this.domain}`);
    if (account === undefined) throw new Error(`${user} has no account`);
    const session = new ServerSession(`${user}@${this.domain}/${resource}`, {
      send: (stanza) => this.#route(stanza),
      ready: (receive) => {
        for (const stanza of account.stored.splice(0)) receive(stanza);
      },
      close: () => void account.sessions.delete(session.jid),
    });
    account.sessions.set(session.jid, session);
    return session;
  }

  /** Handles nothing any more: what comes waits, in order. */
  halt(): void {
    this.#halted = true;
  }

  /** Handles what waited, and goes on. */
  release(): void {
    this.#halted = false;
    for (const act of this.#waiting.splice(0)) act();
    this.#happened();
  }

  /** A crash: connections break, and what was not handled is lost. Accounts and stored messages remain. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#waiting = [];
    for (const stream of this.#streams) stream.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Breaks the connection of a component; the server stays. */
  cut(component: string): void {
    this.#streamOf(component)?.destroy();
  }

  /** Listens again on the same port. */
  async restart(): Promise<void> {
    this.#halted = false;
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Writes a stanza to a component, whatever its addresses say. */
  sendRaw(component: string, stanza: Element): void {
    const stream = this.#streamOf(component);
    if (stream === undefined) throw new Error(`${component} is not connected`);
    stream.send(stanza);
  }

  #accept(socket: Socket): void {
    this.connections++;
    const stream: AcceptedStream = new AcceptedStream(socket, {
      trickles: () => this.trickles,
      handshake: (name, id, hash) => this.#handshake(stream, name, id, hash),
      stanza: (stanza) => this.#inOrder(() => this.#fromComponent(stream, stanza)),
      closed: () => {
        this.#streams.delete(stream);
        this.#happened();
      },
    });
    this.#streams.add(stream);
    this.#happened();
  }

  /** Why the component is not let in; undefined when it is (XEP-0114 §3). */
  #handshake(stream: AcceptedStream, name: string, id: string, hash: string): string | undefined {
    const secret = this.secrets[name];
    if (secret === undefined) return 'host-unknown';
    if (handshakeOf(id, secret) !== hash) return 'not-authorized';
    for (const other of this.#streams) if (other !== stream && other.component === name) return 'conflict';
    setImmediate(() => this.#happened());
    return undefined;
  }

  #inOrder(act: () => void): void {
    if (this.#halted) this.#waiting.push(act);
    else act();
    this.#happened();
  }

  #fromComponent(stream: AcceptedStream, stanza: Element): void {
    if (domainOf(stanza.attrs.from) !== stream.component) stream.fail('invalid-from');
    else this.#route(stanza);
  }

  #route(stanza: Element): void {
    const to = String(stanza.attrs.to ?? this.domain);
    const domain = domainOf(to);
    if (domain === this.domain) this.#local(stanza, to);
    else if (this.secrets[domain] === undefined) this.#bounce(stanza, stanzaError('remote-server-not-found'));
    else if (this.has(domain)) this.#streamOf(domain)?.send(stanza);
    else this.#bounce(stanza, stanzaError('service-unavailable'));
  }

  #local(stanza: Element, to: string): void {
    if (stanza.name === 'message') this.#message(stanza, to);
    else if (stanza.name === 'iq' && to === this.domain) this.#iq(stanza);
    else {
      const session = this.#accounts.get(bareOf(to))?.sessions.get(to);
      if (session !== undefined) session.receive(stanza);
      else if (stanza.name === 'iq') this.#bounce(stanza, stanzaError('service-unavailable'));
    }
  }

  #iq(iq: Element): void {
    if (iq.attrs.type !== 'get' && iq.attrs.type !== 'set') return;
    if (iq.getChild('ping', NS_PING) !== undefined) this.#route(iqResult(iq));
    else this.#bounce(iq, stanzaError('service-unavailable'));
  }

  #message(message: Element, to: string): void {
    const refusal = this.refuses(message) ?? this.#deliver(message, to);
    if (refusal !== undefined) this.#bounce(message, refusal);
    else if (message.attrs.type !== 'error') this.taken.push(message);
  }

  #deliver(message: Element, to: string): StanzaError | undefined {
    const account = this.#accounts.get(bareOf(to));
    if (account === undefined) return stanzaError('service-unavailable');
    const addressed = account.sessions.get(to);
    const sessions = addressed === undefined ? [...account.sessions.values()] : [addressed];
    for (const session of sessions) session.receive(message);
    if (sessions.length === 0 && message.attrs.type !== 'error') account.stored.push(stamped(message, this.domain));
    return undefined;
  }

  #bounce(stanza: Element, error: StanzaError): void {
    const { type } = stanza.attrs;
    if (type !== 'error' && type !== 'result' && stanza.name !== 'presence') this.#route(errorReply(stanza, error));
  }

  #streamOf(component: string): AcceptedStream | undefined {
    for (const stream of this.#streams) if (stream.component === component) return stream;
    return undefined;
  }

  #happened(): void {
    const due = this.#watchers.filter(({ holds }) => holds());
    this.#watchers = this.#watchers.filter((watcher) => !due.includes(watcher));
    for (const { resolve } of due) resolve();
  }
}

interface SessionEvents {
  readonly send: (stanza: Element) => void;
  readonly ready: (receive: (stanza: Element) => void) => void;
  readonly close: () => void;
}

/** A user of that server who is online. */
export class ServerSession implements UserSession {
  #listener: ((stanza: Element) => void) | undefined;

  constructor(
    readonly jid: string,
    private readonly events: SessionEvents,
  ) {}

  onStanza(listener: (stanza: Element) => void): void {
    this.#listener = listener;
    this.events.ready((stanza) => listener(stanza));
  }

  send(stanza: Element): void {
    stanza.attrs.from = this.jid;
    this.events.send(stanza);
  }

  receive(stanza: Element): void {
    this.#listener?.(stanza);
  }

  async close(): Promise<void> {
    this.events.close();
  }
}

interface StreamEvents {
  readonly trickles: () => boolean;
  readonly handshake: (name: string, id: string, hash: string) => string | undefined;
  readonly stanza: (stanza: Element) => void;
  readonly closed: () => void;
}

const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams';

/** The server's side of a component stream. */
class AcceptedStream {
  readonly #parser = new XmlStreamParser();
  readonly #id = Math.random().toString(16).slice(2);
  #name = '';
  #accepted = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly socket: Socket,
    private readonly events: StreamEvents,
  ) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => events.closed());
  }

  /** The name of the component that was let in here. */
  get component(): string | undefined {
    return this.#accepted ? this.#name : undefined;
  }

  send(stanza: Element): void {
    this.#write(stanzaText(stanza));
  }

  fail(condition: string): void {
    this.#write(`<stream:error><${condition} xmlns='${NS_STREAM_ERRORS}'/></stream:error></stream:stream>`);
    this.#accepted = false;
    void this.#writing.then(() => this.socket.end());
  }

  destroy(): void {
    this.#accepted = false;
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    for (const event of this.#parser.push(chunk)) {
      if (this.socket.destroyed) return;
      switch (event.kind) {
        case 'stream-start':
          this.#name = event.attrs.to ?? '';
          this.#write(
            `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' ` +
              `xmlns:stream='http://etherx.jabber.org/streams' from='${this.#name}' id='${this.#id}'>`,
          );
          break;
        case 'element':
          this.#take(event.element);
          break;
        case 'stream-end':
          this.#write('</stream:stream>');
          void this.#writing.then(() => this.socket.end());
          break;
        case 'error':
          this.fail(event.condition);
      }
    }
  }

  #take(element: Element): void {
    if (this.#accepted) {
      element.attrs.xmlns = NS_CLIENT;
      this.events.stanza(element);
      return;
    }
    if (element.name !== 'handshake') {
      this.fail('not-authorized');
      return;
    }
    const refusal = this.events.handshake(this.#name, this.#id, element.getText());
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    this.#accepted = true;
    this.#write('<handshake/>');
  }

  #write(text: string): void {
    if (!this.events.trickles()) {
      this.#writing = this.#writing.then(() => void this.socket.write(text));
      return;
    }
    this.#writing = this.#writing.then(async () => {
      for (const octet of Buffer.from(text)) {
        await new Promise<void>((resolve) => this.socket.write(Buffer.of(octet), () => resolve()));
      }
    });
  }
}

/** XEP-0203: when it came here. */
function stamped(message: Element, domain: string): Element {
  const copy = clone(message);
  copy.cnode(new Element('delay', { xmlns: NS_DELAY, from: domain, stamp: formatDateTime(Date.now()) }));
  return copy;
}

function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}

function domainOf(jid: unknown): string {
  const bare = bareOf(String(jid ?? ''));
  return bare.slice(bare.lastIndexOf('@') + 1);
}
