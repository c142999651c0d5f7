/** Listening addresses as the configuration writes them: `127.0.0.1:5222`, `[::1]:5222`. */
import type { AddressInfo, Server } from 'node:net';

export interface BoundAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * Opens `server` at `text`; port 0 takes any free one.
 * @throws the system's error (EADDRINUSE, EACCES …)
 */
export async function listenAt(server: Server, text: string): Promise<BoundAddress> {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      server.on('error', () => {}); // a failed accept concerns that connection alone, not the process
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return { address: bound.address, port: bound.port };
}
