/** The operators' HTTP listener: /healthz (alive), /readyz (every listener and link is up), /metrics. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PrometheusMetrics } from './metrics.js';

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: PrometheusMetrics;
  /** What is not up yet; empty when the gateway is ready. */
  readonly notReady: () => readonly string[];
}

/** Starts listening; resolves with the server once bound. */
export async function openHttp(options: HttpOptions): Promise<Server> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8192 },
    (request, response) => {
      const answer = (status: number, contentType: string, text: string) => {
        response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : text);
      };
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('allow', 'GET, HEAD');
        return answer(405, 'text/plain', 'Only GET and HEAD are served here.\n');
      }
      switch (request.url?.split('?', 1)[0]) {
        case '/healthz':
          return answer(200, 'text/plain', 'ok\n');
        case '/readyz': {
          const missing = options.notReady();
          return missing.length === 0
            ? answer(200, 'text/plain', 'ready\n')
            : answer(503, 'text/plain', `waiting for ${missing.join(', ')}\n`);
        }
        case '/metrics':
          options.metrics.exposition().then(
            ({ text, contentType }) => answer(200, contentType, text),
            () => answer(500, 'text/plain', 'metrics could not be collected\n'),
          );
          return;
        default:
          return answer(404, 'text/plain', 'Served here: /healthz /readyz /metrics\n');
      }
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      server.on('error', () => {}); // a failed accept concerns that connection alone, not the process
      resolve();
    });
  });
  return server;
}

/** `address:port` that the server is bound to. */
export function boundAddress(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
