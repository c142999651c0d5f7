/** Verona itself, as an operator runs it: `verona run --config FILE` in a process of its own. */
import { stringify } from 'yaml';
import { packagePath } from '../package-path.js';
import { type Exit, PeerProcess, plainEnvironment } from './peer.js';
import { freeSipPort, freeTcpPort } from './ports.js';
import { TemporaryFolder } from './temporary-folder.js';

/** One line of its log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface VeronaOptions {
  /** Its address; 127.0.0.2 where a proxy has to tell it from phones by address. */
  readonly host?: string;
  /** Its SIP port; default: a free one. */
  readonly port?: number;
  /**
   * Keys of the configuration contract; `sip.listen`, `http`, `store`, `dataDir` and `log` are added. Or a file, which `env`
   * adapts to this machine by variables made from where the gateway is to be.
   */
  readonly config: (Readonly<Record<string, unknown>> & { readonly sip?: object }) | string;
  /** Variables that override keys. */
  readonly env?: (place: VeronaPlace) => Readonly<Record<string, string>>;
}

/** Where a gateway is to listen and to keep its data. */
export interface VeronaPlace {
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly folder: string;
}

const READY_TIMEOUT_MS = 20_000;

export class Verona {
  readonly host: string;
  /** Its SIP port, for UDP and TCP. */
  readonly port: number;
  readonly httpPort: number;
  readonly #folder: TemporaryFolder;
  readonly #env: Readonly<Record<string, string>>;
  #configFile = '';
  #process: PeerProcess | undefined;

  private constructor(folder: TemporaryFolder, place: VeronaPlace, options: VeronaOptions) {
    this.#folder = folder;
    this.host = place.host;
    this.port = place.port;
    this.httpPort = place.httpPort;
    this.#env = options.env?.(place) ?? {};
  }

  /** Starts it without waiting until it is ready. */
  static async start(options: VeronaOptions): Promise<Verona> {
    const host = options.host ?? '127.0.0.1';
    const folder = await TemporaryFolder.make('verona');
    const port = options.port ?? (await freeSipPort(host));
    const place = { host, port, httpPort: await freeTcpPort(), folder: folder.path };
    const gateway = new Verona(folder, place, options);
    gateway.#configFile = await gateway.#file(options.config);
    gateway.resume();
    return gateway;
  }

  /** Starts it and waits for its `ready` line. */
  static async ready(options: VeronaOptions): Promise<Verona> {
    const gateway = await Verona.start(options);
    await gateway.untilReady();
    return gateway;
  }

  /** The certificate that its XMPP server makes for itself; clients are to trust it. */
  get caFile(): string {
    return `${this.#folder.path}/data/xmpp-self-signed.crt`;
  }

  get process(): PeerProcess {
    if (this.#process === undefined) throw new Error('verona is not running');
    return this.#process;
  }

  /** What it has logged so far. */
  get log(): readonly LogLine[] {
    return this.process.lines.flatMap((line) => parsed(line) ?? []);
  }

  async untilReady(): Promise<void> {
    await this.logged(({ message }) => message === 'ready', READY_TIMEOUT_MS);
  }

  /** Waits for a line of its log that was or will be written; `from` skips that many lines of output. */
  async logged(wanted: (line: LogLine) => boolean, timeoutMs?: number, from?: number): Promise<LogLine> {
    const matches = (text: string) => {
      const line = parsed(text);
      return line !== undefined && wanted(line);
    };
    return parsed(await this.process.line(matches, timeoutMs, from, `log line for ${wanted}`))!;
  }

  /** The answer of one of its HTTP paths. */
  async http(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}${path}`);
    return { status: answer.status, text: await answer.text() };
  }

  /** Ends the process and keeps its data. */
  halt(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    return this.process.stop(signal);
  }

  /** Starts it again with the same configuration and data. */
  resume(): void {
    this.#process = PeerProcess.start({
      name: 'verona',
      command: process.execPath,
      args: [packagePath('dist/src/cli/main.js'), 'run', '--config', this.#configFile],
      cwd: this.#folder.path,
      env: { ...plainEnvironment(this.#folder.path), ...this.#env },
    });
  }

  async stop(): Promise<Exit> {
    const exit = await this.halt();
    await this.#folder.remove();
    return exit;
  }

  async #file(config: VeronaOptions['config']): Promise<string> {
    if (typeof config === 'string') return config;
    const address = `${this.host}:${this.port}`;
    const complete = {
      store: `sqlite:${this.#folder.path}/verona.db`,
      dataDir: `${this.#folder.path}/data`,
      log: { level: 'debug', format: 'json' },
      http: { listen: `127.0.0.1:${this.httpPort}` },
      ...config,
      sip: { listen: [`udp:${address}`, `tcp:${address}`], ...config.sip },
    };
    return this.#folder.write('verona.yaml', stringify(complete));
  }
}

function parsed(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
