/** go-sendxmpp: a second XMPP client, in Go, that sends one message or listens. */
import { PeerProcess, plainEnvironment } from './peer.js';
import { TemporaryFolder } from './temporary-folder.js';

export interface GoSendxmppOptions {
  readonly jid: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

export class GoSendxmpp {
  readonly #options: GoSendxmppOptions;
  readonly #folder: TemporaryFolder;
  #listener: PeerProcess | undefined;

  private constructor(options: GoSendxmppOptions, folder: TemporaryFolder) {
    this.#options = options;
    this.#folder = folder;
  }

  static async make(options: GoSendxmppOptions): Promise<GoSendxmpp> {
    const folder = await TemporaryFolder.make('go-sendxmpp');
    await folder.write('sendxmpprc', `username: ${options.jid}\npassword: ${options.password}\n`);
    return new GoSendxmpp(options, folder);
  }

  /** Signs in, sends one message and signs out. */
  async send(to: string, text: string): Promise<void> {
    const process = this.#start([to]);
    process.write(`${text}\n`);
    process.closeInput();
    const { code } = await process.exited;
    if (code !== 0) throw process.failure('did not send');
  }

  /** Signs in and prints what arrives, until `stop`. */
  listen(): PeerProcess {
    this.#listener = this.#start(['--listen', '--debug']);
    return this.#listener;
  }

  async stop(): Promise<void> {
    await this.#listener?.stop();
    await this.#folder.remove();
  }

  #start(args: readonly string[]): PeerProcess {
    const { host, port } = this.#options;
    return PeerProcess.start({
      name: `go-sendxmpp ${this.#options.jid}`,
      command: 'go-sendxmpp',
      // its certificate check knows the system's authorities only
      args: ['--file', `${this.#folder.path}/sendxmpprc`, '--jserver', `${host}:${port}`, '--no-tls-verify', ...args],
      cwd: this.#folder.path,
      env: plainEnvironment(this.#folder.path),
    });
  }
}
