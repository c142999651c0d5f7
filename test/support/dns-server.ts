import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

/** Records by "TYPE name": addresses, or "priority weight port target" for SRV; a number is a response code. */
export type DnsZone = Record<string, readonly string[] | number>;

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const REFUSED = 5;

/** A DNS server of a few names on the loopback address (RFC 1035 §4); what it does not know does not exist. */
export class TestDnsServer {
  readonly asked: string[] = [];
  ttlSeconds = 60;
  /** True: says nothing at all. */
  silent = false;

  private constructor(
    private readonly socket: Socket,
    readonly zone: DnsZone,
  ) {
    socket.on('message', (query, from) => {
      const response = this.#answer(query);
      if (!this.silent) socket.send(response, from.port, from.address);
    });
  }

  static async open(zone: DnsZone): Promise<TestDnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new TestDnsServer(socket, zone);
  }

  /** For the resolver: address:port. */
  get server(): string {
    return `127.0.0.1:${(this.socket.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  #answer(query: Buffer): Buffer {
    const { name, end } = readName(query, 12);
    const type = TYPES[query.readUInt16BE(end)] ?? '?';
    this.asked.push(`${type} ${name}`);
    const found = this.zone[`${type} ${name}`];
    const known = Object.keys(this.zone).some((key) => key.endsWith(` ${name}`));
    const records = Array.isArray(found) ? (found as readonly string[]) : [];
    const code = typeof found === 'number' ? found : known ? 0 : NXDOMAIN;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | code, 2); // a response, authoritative, recursion available
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, query.subarray(12, end + 4), ...records.map((record) => this.#record(type, record))]);
  }

  #record(type: string, text: string): Buffer {
    const data =
      type === 'SRV' ? serviceData(text) : type === 'A' ? Buffer.from(text.split('.').map(Number)) : ipv6Data(text);
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0); // the name of the question
    head.writeUInt16BE(Number(Object.entries(TYPES).find(([, name]) => name === type)?.[0]), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(this.ttlSeconds, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  }
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] as number; length > 0; length = message[at] as number) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function serviceData(text: string): Buffer {
  const [priority, weight, port, target] = text.split(' ');
  const head = Buffer.alloc(6);
  head.writeUInt16BE(Number(priority), 0);
  head.writeUInt16BE(Number(weight), 2);
  head.writeUInt16BE(Number(port), 4);
  const labels = (target as string).split('.').filter((label) => label !== '');
  const name = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([head, ...name, Buffer.from([0])]);
}

function ipv6Data(text: string): Buffer {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const zeros = new Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  const data = Buffer.alloc(16);
  for (const [index, group] of [...groups(head), ...zeros, ...groups(tail)].entries()) {
    data.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  }
  return data;
}
