/** `verona run`: the gateway until SIGTERM or SIGINT, then a drain and exit 0. */
import type { Server } from 'node:http';
import { splitAddress } from '../config/address.js';
import { describeProblem } from '../config/problem.js';
import type { Config } from '../config/schema.js';
import { Gateway } from '../gateway.js';
import { boundAddress, openHttp } from '../ops/http.js';
import { openLog } from '../ops/log.js';
import { PrometheusMetrics } from '../ops/metrics.js';
import { readConfigFile } from './config-file.js';
import { CommandFailure } from './failure.js';
import { loadMappings } from './mappings.js';
import { packageVersion } from './package-root.js';

/** Runs until a signal ends it. */
export async function runCommand(file: string): Promise<void> {
  const { config, warnings } = readConfigFile(file);
  const log = openLog(config.log);
  log.info('starting', { version: packageVersion(), config: file });
  for (const warning of warnings) log.warn('configuration', { problem: describeProblem(warning) });
  const metrics = new PrometheusMetrics();
  const mappings = loadMappings(config.mappings);
  if (!mappings.ok) throw new CommandFailure(mappings.error);
  const gateway = new Gateway(config, { log, metrics, ...mappings.value, version: packageVersion() });
  const stopped = untilSignal();
  let http: Server | undefined;
  try {
    http = await startHttp(config, metrics, gateway);
    await gateway.start();
  } catch (error) {
    http?.close();
    await gateway.stop();
    throw startFailure(error);
  }
  const listening = [...gateway.listening, ...(http === undefined ? [] : [`http:${boundAddress(http)}`])];
  void gateway.ready.then(() => log.info('ready', { listening: listening.join(' ') }));
  const signal = await stopped;
  log.info('draining', { signal });
  await gateway.stop();
  http?.closeAllConnections();
  http?.close();
  log.info('stopped');
}

async function startHttp(config: Config, metrics: PrometheusMetrics, gateway: Gateway): Promise<Server | undefined> {
  if (config.http === undefined) return undefined;
  const { host, port } = splitAddress(config.http.listen);
  return openHttp({ host, port, metrics, notReady: () => gateway.notReady() });
}

/** A port that is taken or a file that cannot be read is the operator's to mend, in one line. */
function startFailure(error: unknown): unknown {
  const { code, syscall, address, port, path, message } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (code === 'EADDRINUSE')
    return new CommandFailure(`${address}:${port} is in use; stop the other program, or change the listener`);
  if (code === 'EACCES' && syscall === 'listen')
    return new CommandFailure(
      `${address}:${port}: no permission to listen; use a port above 1023, or grant CAP_NET_BIND_SERVICE`,
    );
  if (code === 'EADDRNOTAVAIL')
    return new CommandFailure(`${address} is no address of this machine; change the listener`);
  if (code !== undefined && path !== undefined) return new CommandFailure(`${path}: ${message}`);
  return error;
}

function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
