/** `verona check`: the configuration, and what it names, each told with its remedy. Changes nothing. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createServer, connect as tcpConnect } from 'node:net';
import { dirname } from 'node:path';
import { splitAddress } from '../config/address.js';
import { configJsonSchema } from '../config/json-schema.js';
import { describeProblem } from '../config/problem.js';
import type { Config } from '../config/schema.js';
import { Uri } from '../sip/message/uri.js';
import { readConfigFile } from './config-file.js';
import { CommandFailure } from './failure.js';
import { loadMappings } from './mappings.js';

/** What one check found; `remedy` only where it failed. */
interface Finding {
  readonly what: string;
  readonly failure?: string;
  readonly remedy?: string;
}

const CONNECT_TIMEOUT_MS = 3000;

/** Prints a line for each thing checked; fails when one does not hold. */
export async function checkCommand(file: string, printSchema: boolean): Promise<void> {
  if (printSchema) {
    process.stdout.write(configJsonSchema());
    return;
  }
  const { config, warnings } = readConfigFile(file);
  process.stdout.write(`ok    ${file} is valid\n`);
  for (const warning of warnings) process.stdout.write(`warn  ${describeProblem(warning)}\n`);
  let failures = 0;
  for (const check of checksFor(config)) {
    const { what, failure, remedy } = await check();
    if (failure === undefined) {
      process.stdout.write(`ok    ${what}\n`);
    } else {
      failures++;
      process.stdout.write(`FAIL  ${what}: ${failure}; ${remedy}\n`);
    }
  }
  if (failures > 0) throw new CommandFailure(`${failures} of the checks failed`);
}

function* checksFor(config: Config): Generator<() => Promise<Finding>> {
  yield async () => checkMappings(config);
  yield async () => checkStore(config.store);
  for (const listener of config.sip.listen) yield () => checkSipListener(listener);
  const server = config.xmpp.server;
  if (server !== undefined) {
    yield () => checkTcpPort('xmpp.server.c2s.listen', server.c2s.listen);
    const { tls, directTls } = { tls: server.c2s.tls, directTls: server.directTls };
    if (directTls !== undefined) yield () => checkTcpPort('xmpp.server.directTls.listen', directTls.listen);
    if (tls !== undefined) yield async () => checkCertificate(tls.cert, tls.key, config.domains.xmpp);
  }
  const component = config.xmpp.component;
  if (component !== undefined) {
    yield () =>
      checkReachable(
        `XMPP server at ${component.host}:${component.port}`,
        component.host,
        component.port,
        'start it, or correct xmpp.component.host and port; its component listener must be switched on',
      );
  }
  const { http } = config;
  if (http !== undefined) yield () => checkTcpPort('http.listen', http.listen);
  if (config.sip.outboundProxy !== undefined) {
    const proxy = config.sip.outboundProxy;
    yield () => checkProxy(proxy);
  }
}

function checkMappings(config: Config): Finding {
  const what = 'mappings';
  const loaded = loadMappings(config.mappings);
  return loaded.ok ? { what } : { what, failure: loaded.error, remedy: 'correct that row, or remove it' };
}

function checkStore(url: string): Finding {
  const what = `store ${url}`;
  if (!url.startsWith('sqlite:')) return { what };
  const path = url.slice('sqlite:'.length);
  try {
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
    else accessSync(nearestFolder(path), constants.W_OK);
    return { what };
  } catch (error) {
    return {
      what,
      failure: (error as Error).message,
      remedy: 'give the gateway write access there, or choose another path',
    };
  }
}

function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : nearestFolder(folder);
}

async function checkSipListener(text: string): Promise<Finding> {
  const colon = text.indexOf(':');
  const address = text.slice(colon + 1);
  return text.startsWith('udp:') ? checkUdpPort(text, address) : checkTcpPort(text, address);
}

async function checkUdpPort(what: string, address: string): Promise<Finding> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(bindFailure(what, error));
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve({ what })));
  });
}

async function checkTcpPort(what: string, address: string): Promise<Finding> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(bindFailure(`${what} ${address}`, error)));
    server.listen(port, host, () => server.close(() => resolve({ what: `${what} ${address}` })));
  });
}

function bindFailure(what: string, error: NodeJS.ErrnoException): Finding {
  const remedies: Record<string, string> = {
    EADDRINUSE: 'another program listens there (perhaps a running gateway): stop it, or choose another port',
    EACCES: 'use a port above 1023, or grant CAP_NET_BIND_SERVICE',
    EADDRNOTAVAIL: 'this machine has no such address: correct it',
  };
  return { what, failure: error.message, remedy: remedies[error.code ?? ''] ?? 'correct the listener' };
}

async function checkReachable(what: string, host: string, port: number, remedy: string): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = tcpConnect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (failure?: string) => {
      socket.destroy();
      resolve(failure === undefined ? { what } : { what, failure, remedy });
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end('no answer'));
    socket.once('error', (error) => end(error.message));
  });
}

/** A proxy on TCP is asked for a connection; one on UDP gives no sign without a request, so only its URI is checked. */
async function checkProxy(text: string): Promise<Finding> {
  const what = `outbound proxy ${text}`;
  const uri = Uri.parse(text);
  if (!uri.ok) return { what, failure: uri.error, remedy: 'correct sip.outboundProxy' };
  if (uri.value.param('transport')?.toLowerCase() !== 'tcp') return { what };
  return checkReachable(
    what,
    uri.value.host.replace(/^\[|\]$/g, ''),
    uri.value.port ?? 5060,
    'start it, or correct sip.outboundProxy',
  );
}

function checkCertificate(certFile: string, keyFile: string, domains: readonly string[]): Finding {
  const what = `certificate ${certFile}`;
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)))) {
      return {
        what,
        failure: `does not belong to the key ${keyFile}`,
        remedy: 'give the key that the certificate was made for',
      };
    }
    if (Date.parse(certificate.validTo) < Date.now()) {
      return { what, failure: `expired on ${certificate.validTo}`, remedy: 'renew it' };
    }
    const missing = domains.filter((domain) => certificate.checkHost(domain) === undefined);
    if (missing.length > 0)
      return {
        what,
        failure: `does not name ${missing.join(', ')}`,
        remedy: 'get one that names every domain of domains.xmpp',
      };
    return { what };
  } catch (error) {
    return { what, failure: (error as Error).message, remedy: 'give PEM files that the gateway can read' };
  }
}
