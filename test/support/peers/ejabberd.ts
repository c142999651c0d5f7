/** ejabberd, with one host and one component, on loopback: the Erlang program itself, without node name and epmd. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { certificateFor } from './certificate.js';
import { PeerProcess, plainEnvironment } from './peer.js';
import { accepts, freeTcpPort } from './ports.js';
import { secret } from './secret.js';
import { TemporaryFolder } from './temporary-folder.js';
import type { XmppServer, XmppServerOptions } from './xmpp-server.js';

const START_TIMEOUT_MS = 30_000;

export class Ejabberd implements XmppServer {
  readonly host = '127.0.0.1';
  readonly domain: string;
  readonly componentSecret = secret();
  readonly caFile: string;
  readonly c2sPort: number;
  readonly componentPort: number;
  readonly #httpPort: number;
  readonly #folder: TemporaryFolder;
  #process: PeerProcess | undefined;

  private constructor(folder: TemporaryFolder, domain: string, ports: readonly [number, number, number]) {
    this.#folder = folder;
    this.domain = domain;
    [this.c2sPort, this.componentPort, this.#httpPort] = ports;
    this.caFile = join(folder.path, 'certificate.pem');
  }

  static async start(options: XmppServerOptions): Promise<Ejabberd> {
    const folder = await TemporaryFolder.make('ejabberd');
    const ports = [await freeTcpPort(), await freeTcpPort(), await freeTcpPort()] as const;
    const server = new Ejabberd(folder, options.domain, ports);
    const { certificate, key } = await certificateFor(options.domain);
    await folder.write('certificate.pem', certificate);
    await folder.write('key.pem', key);
    await folder.folder('spool');
    await folder.write('ejabberd.yml', stringify(server.#config(options)));
    await server.resume();
    return server;
  }

  get process(): PeerProcess {
    if (this.#process === undefined) throw new Error('ejabberd is not running');
    return this.#process;
  }

  async addUser(name: string): Promise<string> {
    const password = secret();
    const answer = await fetch(`http://${this.host}:${this.#httpPort}/api/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: name, host: this.domain, password }),
    });
    if (!answer.ok) throw this.process.failure(`made no account: ${answer.status} ${await answer.text()}`);
    return password;
  }

  async halt(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal);
  }

  async resume(): Promise<void> {
    const { path } = this.#folder;
    const process = PeerProcess.start({
      name: 'ejabberd',
      command: 'erl',
      args: ['-noinput', '-mnesia', 'dir', JSON.stringify(join(path, 'spool')), '-s', 'ejabberd'],
      cwd: path,
      env: {
        ...plainEnvironment(path),
        ERL_LIBS: await erlangLibraries(),
        EJABBERD_CONFIG_PATH: join(path, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: join(path, 'ejabberd.log'),
        ERL_CRASH_DUMP_SECONDS: '0',
      },
    });
    this.#process = process;
    for (const port of [this.componentPort, this.c2sPort, this.#httpPort]) {
      await process.until(`accepting on port ${port}`, () => accepts(port), START_TIMEOUT_MS);
    }
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.#folder.remove();
  }

  #config(options: XmppServerOptions): object {
    const ip = '127.0.0.1';
    return {
      hosts: [options.domain],
      loglevel: 'debug',
      certfiles: [join(this.#folder.path, 'certificate.pem'), join(this.#folder.path, 'key.pem')],
      listen: [
        { port: this.c2sPort, ip, module: 'ejabberd_c2s', starttls_required: true, shaper: 'none', access: 'all' },
        {
          port: this.componentPort,
          ip,
          module: 'ejabberd_service',
          hosts: { [options.component]: { password: this.componentSecret } },
          access: 'all',
        },
        { port: this.#httpPort, ip, module: 'ejabberd_http', request_handlers: { '/api': 'mod_http_api' } },
      ],
      api_permissions: { accounts: { from: ['mod_http_api'], who: 'all', what: ['register'] } },
      auth_method: 'internal',
      auth_password_format: 'scram',
      registration_timeout: 'infinity',
      modules: { mod_roster: {}, mod_offline: {}, mod_disco: {}, mod_ping: {} },
    };
  }
}

/** The folder that holds ejabberd's and its libraries' Erlang applications: Debian has it under the machine's triplet. */
async function erlangLibraries(): Promise<string> {
  for (const folder of (await readdir('/usr/lib')).filter((name) => name.endsWith('-linux-gnu'))) {
    const inside = await readdir(join('/usr/lib', folder));
    if (inside.some((name) => name.startsWith('ejabberd-'))) return join('/usr/lib', folder);
  }
  return '/usr/lib/erlang/lib';
}
