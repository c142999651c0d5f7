/** The gateway under test, as an operator runs it: a process of its own, its log in a file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { packagePath } from '../../support/package-path.js';
import { plainEnvironment } from '../../support/peers/peer.js';
import { freeSipPort, freeTcpPort } from '../../support/peers/ports.js';
import { TemporaryFolder } from '../../support/peers/temporary-folder.js';
import { nodeArguments } from './bench-options.js';
import { delay } from './load.js';
import { cpuMs, residentOctets } from './process-cost.js';

const READY_TIMEOUT_MS = 60_000;

export interface GatewayOptions {
  /** Names its CPU profile. */
  readonly name: string;
  /** `xmpp`, `users`, `limits` … of the configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether `memory` will be asked for. */
  readonly measuresMemory?: boolean;
  /** The UDP port of the SIP server that takes what goes to SIP users without a binding. */
  readonly outboundPort?: number;
}

export interface Memory {
  /** The heap of JavaScript and what it holds outside, as buffers and TLS sessions do in part. */
  readonly scriptOctets: number;
  readonly residentOctets: number;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** XMPP users live in example.com, SIP users in example.net; SIP peers on loopback are trusted. */
export class GatewayProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: TemporaryFolder,
    readonly sipPort: number,
    private readonly httpPort: number,
  ) {}

  /** Starts it and waits until it is ready. */
  static async ready(options: GatewayOptions): Promise<GatewayProcess> {
    const folder = await TemporaryFolder.make('bench');
    const [sipPort, httpPort] = [await freeSipPort(), await freeTcpPort()];
    const outbound = options.outboundPort;
    const config = {
      domains: { xmpp: ['example.com'], sip: ['example.net'] },
      sip: {
        listen: [`udp:127.0.0.1:${sipPort}`, `tcp:127.0.0.1:${sipPort}`],
        trustedPeers: ['127.0.0.1/32'],
        ...(outbound === undefined ? {} : { outboundProxy: `sip:127.0.0.1:${outbound};transport=udp;lr` }),
      },
      store: 'memory:',
      dataDir: `${folder.path}/data`,
      http: { listen: `127.0.0.1:${httpPort}` },
      log: { level: process.env.BENCH_LOG_LEVEL ?? 'info', format: 'json' },
      ...options.config,
    };
    await folder.write('verona.yaml', stringify(config));
    const log = openSync(join(folder.path, 'log'), 'w');
    const child = spawn(
      process.execPath,
      [
        ...nodeArguments(options.name),
        ...(options.measuresMemory
          ? ['--expose-gc', `--import=${new URL('collect-garbage.js', import.meta.url)}`]
          : []),
        packagePath('dist/src/cli/main.js'),
        'run',
        '--config',
        `${folder.path}/verona.yaml`,
      ],
      { cwd: folder.path, env: plainEnvironment(folder.path), stdio: ['ignore', log, log] },
    );
    running.add(child);
    const gateway = new GatewayProcess(child, folder, sipPort, httpPort);
    await gateway.#untilReady();
    return gateway;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  cpuMs(): number {
    return cpuMs(this.pid);
  }

  residentOctets(): number {
    return residentOctets(this.pid);
  }

  /** What it holds after garbage collection. */
  async memory(): Promise<Memory> {
    this.child.kill('SIGUSR2');
    await delay(200); // collection starts within that time, and the process answers no request before its end
    const [heap, external] = [
      await this.metric('nodejs_heap_size_used_bytes'),
      await this.metric('nodejs_external_memory_bytes'),
    ];
    return { scriptOctets: heap + external, residentOctets: this.residentOctets() };
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await exited;
    running.delete(this.child);
    await this.folder.remove();
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline && this.child.exitCode === null) {
      const status = await fetch(`http://127.0.0.1:${this.httpPort}/readyz`).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) return;
      await delay(50);
    }
    throw new Error(
      `the gateway did not get ready:\n${readFileSync(join(this.folder.path, 'log'), 'utf8').slice(-2000)}`,
    );
  }
}
