/** dnsmasq as the only name server of a test: what it is told, and nothing from elsewhere. */
import { PeerProcess, plainEnvironment } from './peer.js';
import { accepts, freeSipPort } from './ports.js';
import { TemporaryFolder } from './temporary-folder.js';

export interface Records {
  readonly a?: Readonly<Record<string, string>>;
  readonly srv?: readonly { name: string; target: string; port: number; priority?: number; weight?: number }[];
  readonly naptr?: readonly { name: string; order: number; service: string; replacement: string }[];
}

export class Dnsmasq {
  readonly address: string;
  readonly process: PeerProcess;
  readonly #folder: TemporaryFolder;

  private constructor(address: string, process: PeerProcess, folder: TemporaryFolder) {
    this.address = address;
    this.process = process;
    this.#folder = folder;
  }

  static async start(records: Records): Promise<Dnsmasq> {
    const folder = await TemporaryFolder.make('dnsmasq');
    const port = await freeSipPort();
    const process = PeerProcess.start({
      name: 'dnsmasq',
      command: 'dnsmasq',
      args: [
        ...['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=', '--pid-file='],
        ...['--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, '--log-queries', '--log-facility=-'],
        ...Object.entries(records.a ?? {}).map(([name, address]) => `--host-record=${name},${address}`),
        ...(records.srv ?? []).map(
          ({ name, target, port, priority = 10, weight = 10 }) =>
            `--srv-host=${name},${target},${port},${priority},${weight}`,
        ),
        ...(records.naptr ?? []).map(
          ({ name, order, service, replacement }) => `--naptr-record=${name},${order},10,s,${service},,${replacement}`,
        ),
        // every other name does not exist, at once
        '--address=/#/',
      ],
      cwd: folder.path,
      env: plainEnvironment(folder.path),
    });
    await process.until('answering', () => accepts(port));
    return new Dnsmasq(`127.0.0.1:${port}`, process, folder);
  }

  /** The names that were asked for so far, as "query[SRV] name". */
  get queries(): readonly string[] {
    return this.process.lines.flatMap((line) => /query\[\w+\] \S+/.exec(line)?.[0] ?? []);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.#folder.remove();
  }
}
