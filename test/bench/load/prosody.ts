/** A real Prosody with two components and no users, writing no log to speak of. */
import { PeerProcess, plainEnvironment } from '../../support/peers/peer.js';
import { accepts, freeTcpPort } from '../../support/peers/ports.js';
import { secret } from '../../support/peers/secret.js';
import { TemporaryFolder } from '../../support/peers/temporary-folder.js';
import { cpuMs } from './process-cost.js';

export class BenchProsody {
  private constructor(
    private readonly process: PeerProcess,
    private readonly folder: TemporaryFolder,
    readonly port: number,
    /** Of every component. */
    readonly secret: string,
  ) {}

  static async start(components: readonly string[]): Promise<BenchProsody> {
    const folder = await TemporaryFolder.make('prosody');
    const [port, password] = [await freeTcpPort(), secret()];
    const path = JSON.stringify(folder.path);
    const file = await folder.write(
      'prosody.cfg.lua',
      `
run_as_root = true
pidfile = ${path} .. "/prosody.pid"
data_path = ${path} .. "/data"
interfaces = { "127.0.0.1" }
c2s_ports = { }
component_ports = { ${port} }
component_interfaces = { "127.0.0.1" }
modules_enabled = { "message", "iq", "ping" }
modules_disabled = { "s2s", "http", "c2s" }
log = { error = "*console" }
VirtualHost "localhost"
${components.map((domain) => `Component ${JSON.stringify(domain)}\n  component_secret = ${JSON.stringify(password)}`).join('\n')}
`,
    );
    await folder.folder('data');
    const process = PeerProcess.start({
      name: 'prosody',
      command: 'prosody',
      args: ['--config', file, '-F'],
      env: plainEnvironment(folder.path),
    });
    await process.until('accepting components', () => accepts(port));
    return new BenchProsody(process, folder, port, password);
  }

  cpuMs(): number {
    return cpuMs(this.process.pid);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.folder.remove();
  }
}
