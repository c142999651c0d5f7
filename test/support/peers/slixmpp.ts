/** An XMPP user on slixmpp, the Python library: signs in over STARTTLS, sends, and tells what arrives. */
import { packagePath } from '../package-path.js';
import { PYTHON } from './installed.js';
import { PeerProcess, plainEnvironment } from './peer.js';
import { TemporaryFolder } from './temporary-folder.js';

export interface SlixmppOptions {
  readonly jid: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  /** The certificate to trust; without it, any. */
  readonly caFile?: string;
  /** Whether to send presence when signed in; default: yes. */
  readonly available?: boolean;
}

/** A stanza as the user's client has seen it. */
export interface SeenStanza {
  readonly event: 'message' | 'presence';
  readonly id: string | null;
  readonly type: string | null;
  readonly from: string;
  readonly to: string;
  readonly body: string | null;
  readonly thread: string | null;
  readonly subject: string | null;
  /** The condition of a stanza of type error (RFC 6120 §8.3.3). */
  readonly condition: string | null;
  readonly errorType: string | null;
  readonly xml: string;
}

const START_TIMEOUT_MS = 20_000;

export class SlixmppUser {
  readonly process: PeerProcess;
  readonly #folder: TemporaryFolder;
  #count = 0;

  private constructor(process: PeerProcess, folder: TemporaryFolder) {
    this.process = process;
    this.#folder = folder;
  }

  /** Starts the client without waiting until it is signed in. */
  static async start(options: SlixmppOptions): Promise<SlixmppUser> {
    const folder = await TemporaryFolder.make('slixmpp');
    const { password, ...visible } = options;
    const process = PeerProcess.start({
      name: `slixmpp ${options.jid}`,
      command: PYTHON,
      args: [packagePath('test/support/peers/slixmpp-user.py'), JSON.stringify(visible)],
      cwd: folder.path,
      env: { ...plainEnvironment(folder.path), XMPP_PASSWORD: password, PYTHONDONTWRITEBYTECODE: '1' },
    });
    return new SlixmppUser(process, folder);
  }

  /** Starts the client and waits until it is signed in. */
  static async online(options: SlixmppOptions): Promise<SlixmppUser> {
    const user = await SlixmppUser.start(options);
    const { event } = await user.#event('online', () => true, START_TIMEOUT_MS, ['failed-auth', 'disconnected']);
    if (event !== 'online') throw user.process.failure('did not sign in');
    return user;
  }

  /** Everything that arrived so far. */
  get seen(): readonly SeenStanza[] {
    return this.process.lines.map(parsed).filter(isStanza);
  }

  /** The error stanzas that arrived so far. */
  get errors(): readonly SeenStanza[] {
    return this.seen.filter((stanza) => stanza.type === 'error');
  }

  /** Sends a message of type chat; returns its id. */
  send(to: string, body: string, type = 'chat'): string {
    const id = `test-${++this.#count}`;
    this.#command({ do: 'message', to, body, type, id });
    return id;
  }

  /** Sends a stanza as it is written. */
  sendXml(xml: string): void {
    this.#command({ do: 'xml', xml });
  }

  /** Waits for a stanza that has arrived or will. */
  async stanza(wanted: (stanza: SeenStanza) => boolean, timeoutMs?: number): Promise<SeenStanza> {
    return (await this.#event(
      'stanza',
      (line) => 'xml' in line && wanted(line as SeenStanza),
      timeoutMs,
    )) as SeenStanza;
  }

  message(body: string, timeoutMs?: number): Promise<SeenStanza> {
    return this.stanza(
      ({ event, type, body: text }) => event === 'message' && type !== 'error' && text === body,
      timeoutMs,
    );
  }

  /** Waits for the error that answers the stanza with this id. */
  errorOf(id: string, timeoutMs?: number): Promise<SeenStanza> {
    return this.stanza((stanza) => stanza.type === 'error' && stanza.id === id, timeoutMs);
  }

  /** Asks `to` for a ping and waits for the answer: what the stream carried before has then been worked off. */
  async ping(to: string): Promise<void> {
    const token = `ping-${++this.#count}`;
    this.#command({ do: 'ping', to, token });
    await this.#event('pong', (line) => line.token === token);
  }

  async stop(): Promise<void> {
    this.#command({ do: 'quit' });
    this.process.closeInput();
    const killer = setTimeout(() => this.process.signal('SIGKILL'), 3000);
    await this.process.exited;
    clearTimeout(killer);
    await this.#folder.remove();
  }

  #command(command: object): void {
    this.process.write(`${JSON.stringify(command)}\n`);
  }

  async #event(
    what: string,
    wanted: (line: Line) => boolean,
    timeoutMs?: number,
    others: readonly string[] = [],
  ): Promise<Line> {
    const matches = (text: string) => {
      const line = parsed(text);
      if (line === undefined) return false;
      return others.includes(line.event) || ((what === 'stanza' || line.event === what) && wanted(line));
    };
    const text = await this.process.line(matches, timeoutMs, 0, `such a ${what} event`);
    return parsed(text)!;
  }
}

interface Line {
  readonly event: string;
  readonly token?: string;
  readonly xml?: string;
}

function isStanza(line: Line | undefined): line is SeenStanza {
  return line?.xml !== undefined;
}

function parsed(text: string): Line | undefined {
  if (!text.startsWith('{"event"')) return undefined;
  return JSON.parse(text) as Line;
}
