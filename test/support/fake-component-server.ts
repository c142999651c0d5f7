/** An XMPP server as components see it (XEP-0114), over real sockets: scripted by a test. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Element } from 'ltx';
import { handshakeOf } from '../../src/xmpp/component/component-stream.js';
import { serializeXml } from '../../src/xmpp/xml/serialize-xml.js';
import { XmlStreamParser } from '../../src/xmpp/xml/xml-stream-parser.js';

const NS_PING = 'urn:xmpp:ping';

/** One component that connected. */
export class ConnectedComponent {
  /** What its header asked for. */
  domain = '';
  /** All first-level elements but the handshake, pings included. */
  readonly stanzas: Element[] = [];
  /** How many chunks of octets came since the handshake. */
  chunks = 0;
  ended = false;

  constructor(readonly socket: Socket) {}

  get pings(): readonly Element[] {
    return this.stanzas.filter((stanza) => stanza.getChild('ping', NS_PING) !== undefined);
  }

  get messages(): readonly Element[] {
    return this.stanzas.filter((stanza) => stanza.name === 'message');
  }

  write(xml: string): void {
    this.socket.write(xml);
  }

  /** The answer to a ping: a result, or an error, which is as good. */
  answer(ping: Element, type: 'result' | 'error' = 'result'): void {
    const { id, from, to } = ping.attrs;
    const error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    this.write(`<iq type='${type}' id='${id}' from='${to}' to='${from}'>${type === 'error' ? error : ''}</iq>`);
  }
}

export class FakeComponentServer {
  readonly components: ConnectedComponent[] = [];
  /** How pings are answered at once; undefined: a test answers, or nobody. */
  pong: 'result' | 'error' | undefined = 'result';
  /** Sent in place of the accepted handshake. */
  refusal: string | undefined;
  /** Whether it says nothing, not even its header. */
  silent = false;
  /** The default namespace of the server's own header. */
  contentNamespace = 'jabber:component:accept';
  /** Told of each component and each stanza. */
  #watchers: (() => void)[] = [];
  #server: Server | undefined;
  #port = 0;

  constructor(private readonly secret: string) {}

  static async open(secret: string): Promise<FakeComponentServer> {
    const server = new FakeComponentServer(secret);
    await server.listen();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** The component that connected last. */
  get last(): ConnectedComponent {
    const last = this.components.at(-1);
    if (last === undefined) throw new Error('no component connected');
    return last;
  }

  /** Listens, at the same port as before if it did. */
  async listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as { port: number }).port;
  }

  /** Drops everything at once, as a crash does. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const { socket } of this.components) socket.resetAndDestroy();
    await closed;
  }

  /** Resolves as soon as `condition` holds; looked at whenever something happens. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const watch = () => {
        if (!condition()) return;
        this.#watchers = this.#watchers.filter((other) => other !== watch);
        resolve();
      };
      this.#watchers.push(watch);
    });
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }

  #accept(socket: Socket): void {
    const component = new ConnectedComponent(socket);
    const parser = new XmlStreamParser();
    this.components.push(component);
    let accepted = false;
    const id = `stream-${this.components.length}`;
    socket.on('error', () => {});
    socket.on('close', () => {
      component.ended = true;
      this.#changed();
    });
    socket.on('data', (chunk) => {
      if (accepted) component.chunks++;
      for (const event of parser.push(chunk)) {
        if (event.kind === 'stream-start') {
          component.domain = event.attrs.to ?? '';
          if (this.silent) continue;
          socket.write(
            `<?xml version='1.0'?><stream:stream xmlns='${this.contentNamespace}' xmlns:stream='http://etherx.jabber.org/streams' from='${component.domain}' id='${id}'>`,
          );
          if (this.contentNamespace !== 'jabber:component:accept') socket.write('<features/>');
        } else if (event.kind === 'element' && !accepted) {
          accepted = event.element.getText() === handshakeOf(id, this.secret) && this.refusal === undefined;
          if (accepted) socket.write('<handshake/>');
          else {
            const condition = this.refusal ?? 'not-authorized';
            socket.end(
              `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
            );
          }
        } else if (event.kind === 'element') {
          component.stanzas.push(event.element);
          if (this.pong !== undefined && event.element.getChild('ping', NS_PING) !== undefined) {
            component.answer(event.element, this.pong);
          }
        } else if (event.kind === 'stream-end') socket.end('</stream:stream>');
        else throw new Error(`the component wrote ${event.text}`);
      }
      this.#changed();
    });
    this.#changed();
  }
}

/** A stanza as text, for comparisons. */
export function text(stanza: Element | undefined): string {
  return stanza === undefined ? '' : serializeXml(stanza);
}
