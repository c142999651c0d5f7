/** Kamailio with the configuration of deploy/, on a loopback address of its own: proxy and registrar of example.net. */
import { packagePath } from '../package-path.js';
import { PeerProcess, plainEnvironment } from './peer.js';
import { accepts, freeSipPort } from './ports.js';
import { secret } from './secret.js';
import { TemporaryFolder } from './temporary-folder.js';

export interface KamailioOptions {
  /** All with the password `password`. */
  readonly users: readonly string[];
  /** Where requests for XMPP users go, and whose requests are trusted. */
  readonly gateway: { readonly host: string; readonly port: number };
  readonly configFile?: string;
}

export class Kamailio {
  /** Not 127.0.0.1: there the phones are, and a proxy that trusts by address has to tell them apart. */
  readonly host = '127.0.0.3';
  readonly port: number;
  readonly process: PeerProcess;
  readonly password: string;
  readonly #folder: TemporaryFolder;

  private constructor(port: number, process: PeerProcess, password: string, folder: TemporaryFolder) {
    this.port = port;
    this.process = process;
    this.password = password;
    this.#folder = folder;
  }

  static async start(options: KamailioOptions): Promise<Kamailio> {
    const folder = await TemporaryFolder.make('kamailio');
    const host = '127.0.0.3';
    const port = await freeSipPort(host);
    const password = secret();
    const process = PeerProcess.start({
      name: 'kamailio',
      command: 'kamailio',
      args: [
        ...['-DD', '-E', '-m', '32', '-M', '4', '-Y', folder.path],
        ...['-f', options.configFile ?? packagePath('deploy/kamailio/kamailio.cfg')],
        ...['-A', `LISTEN=${host}:${port}`],
        ...['-A', `GATEWAY_IP=${options.gateway.host}`, '-A', `GATEWAY_PORT=${options.gateway.port}`],
      ],
      cwd: folder.path,
      env: { ...plainEnvironment(folder.path), SIP_USERS: options.users.join(' '), SIP_PASSWORD: password },
    });
    await process.until('accepting SIP over TCP', () => accepts(port, host));
    return new Kamailio(port, process, password, folder);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.#folder.remove();
  }
}
