/** Ports on loopback: free ones from the kernel, and whether one answers. */
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';

/** A TCP port that is free on `host`. */
export function freeTcpPort(host = '127.0.0.1'): Promise<number> {
  return boundTcpPort(host, 0);
}

/** A port that is free for UDP and for TCP on `host`, as SIP wants it. */
export async function freeSipPort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = await boundTcpPort(host, 0);
    if (await udpFree(host, port)) return port;
  }
  throw new Error(`no port of ${host} is free for UDP and TCP`);
}

/** Whether something accepts TCP connections there. */
export function accepts(port: number, host = '127.0.0.1'): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (accepted: true | undefined) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(undefined));
  });
}

/** Whether some program of this machine holds the UDP port; Linux tells it without a packet being sent. */
export async function holdsUdp(port: number): Promise<true | undefined> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const table = await readFile('/proc/net/udp', 'utf8');
  return table.split('\n').some((row) => row.trim().split(/\s+/)[1]?.endsWith(wanted)) || undefined;
}

function boundTcpPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}

function udpFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, host, () => socket.close(() => resolve(true)));
  });
}
