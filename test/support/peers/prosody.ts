/** Prosody, with one virtual host and one component, on loopback. */
import { join } from 'node:path';
import { certificateFor } from './certificate.js';
import { PeerProcess, plainEnvironment } from './peer.js';
import { accepts, freeTcpPort } from './ports.js';
import { secret } from './secret.js';
import { TemporaryFolder } from './temporary-folder.js';
import type { XmppServer, XmppServerOptions } from './xmpp-server.js';

export class Prosody implements XmppServer {
  readonly host = '127.0.0.1';
  readonly domain: string;
  readonly componentSecret = secret();
  readonly caFile: string;
  readonly c2sPort: number;
  readonly componentPort: number;
  readonly #folder: TemporaryFolder;
  readonly #configFile: string;
  #process: PeerProcess | undefined;

  private constructor(folder: TemporaryFolder, options: XmppServerOptions, ports: readonly [number, number]) {
    this.#folder = folder;
    this.domain = options.domain;
    [this.c2sPort, this.componentPort] = ports;
    this.caFile = join(folder.path, `${options.domain}.crt`);
    this.#configFile = join(folder.path, 'prosody.cfg.lua');
  }

  static async start(options: XmppServerOptions): Promise<Prosody> {
    const folder = await TemporaryFolder.make('prosody');
    const server = new Prosody(folder, options, [await freeTcpPort(), await freeTcpPort()]);
    const { certificate, key } = await certificateFor(options.domain);
    await folder.write(`${options.domain}.crt`, certificate);
    await folder.write(`${options.domain}.key`, key);
    await folder.folder('data');
    await folder.write('prosody.cfg.lua', server.#config(options));
    await server.resume();
    return server;
  }

  get process(): PeerProcess {
    if (this.#process === undefined) throw new Error('prosody is not running');
    return this.#process;
  }

  async addUser(name: string): Promise<string> {
    const password = secret();
    const control = PeerProcess.start({
      name: 'prosodyctl',
      command: 'prosodyctl',
      args: ['--config', this.#configFile, 'register', name, this.domain, password],
      env: plainEnvironment(this.#folder.path),
    });
    const { code } = await control.exited;
    if (code !== 0) throw control.failure('made no account');
    return password;
  }

  async halt(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal);
  }

  async resume(): Promise<void> {
    const process = PeerProcess.start({
      name: 'prosody',
      command: 'prosody',
      args: ['--config', this.#configFile, '-F'],
      env: plainEnvironment(this.#folder.path),
    });
    this.#process = process;
    await process.until('accepting components', () => accepts(this.componentPort));
    await process.until('accepting clients', () => accepts(this.c2sPort));
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.#folder.remove();
  }

  #config(options: XmppServerOptions): string {
    const folder = JSON.stringify(this.#folder.path);
    return `
run_as_root = true
pidfile = ${folder} .. "/prosody.pid"
data_path = ${folder} .. "/data"
certificates = ${folder}
interfaces = { "127.0.0.1" }
c2s_ports = { ${this.c2sPort} }
component_ports = { ${this.componentPort} }
component_interfaces = { "127.0.0.1" }
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "offline", "presence", "message", "iq" }
modules_disabled = { "s2s", "http" }
c2s_require_encryption = true
authentication = "internal_hashed"
log = { { levels = { min = "debug" }, to = "console", timestamps = true } }
VirtualHost ${JSON.stringify(options.domain)}
Component ${JSON.stringify(options.component)}
  component_secret = ${JSON.stringify(this.componentSecret)}
`;
  }
}
