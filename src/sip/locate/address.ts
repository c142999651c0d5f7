/** Numeric addresses as transports know them: IPv4, and IPv6 without brackets. */
import { parseIpv4, parseIpv6 } from '../message/host.js';

export type Family = 4 | 6;

/** The eight 16-bit groups of an address; of an IPv4 address those of its IPv4-mapped form (RFC 4291 §2.5.5.2). */
export type Groups = readonly number[];

/** An IPv6 reference without its brackets; anything else as it is. */
export function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** An address as it stands in a URI or a Via: IPv6 in brackets. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** `address:port`, IPv6 in brackets. */
export function hostPort(address: string, port: number): string {
  return `${bracketed(address)}:${port}`;
}

/** Which family a numeric address is of; undefined for a name. */
export function addressFamily(host: string): Family | undefined {
  if (host.includes(':')) return parseIpv6(withoutZone(host)) === undefined ? undefined : 6;
  return parseIpv4(host) === undefined ? undefined : 4;
}

/** The groups of a numeric address, by which addresses compare whatever their spelling; undefined for a name. */
export function addressGroups(host: string): Groups | undefined {
  if (host.includes(':')) return parseIpv6(withoutZone(host));
  const octets = parseIpv4(host);
  if (octets === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return [0, 0, 0, 0, 0, 0xffff, (a << 8) | b, (c << 8) | d];
}

/** Whether two hosts are the same numeric address. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  if (!a.includes(':') && !b.includes(':')) return false;
  const left = addressGroups(a);
  const right = addressGroups(b);
  return left !== undefined && right !== undefined && left.every((group, index) => group === right[index]);
}

/** The address as text of one form: an IPv4-mapped one, as dual-stack sockets report it, as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The zone names an interface, not an address (RFC 4007 §11). */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
