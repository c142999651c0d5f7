/** Host and port as they stand in URIs and in Via: a host name, an IPv4 address or an IPv6 reference (RFC 3261 §25.1). */
import { isDigitCode, isHexCode, isHostCode, readNumber } from './characters.js';

/** The end of the host that starts at `pos`, or -1 when there is none. */
export function skipHost(text: string, pos: number, end: number): number {
  if (text.charCodeAt(pos) === 0x5b) {
    const close = text.indexOf(']', pos);
    if (close < 0 || close >= end || parseIpv6(text.slice(pos + 1, close)) === undefined) return -1;
    return close + 1;
  }
  const start = pos;
  let dot = true; // an empty label is no label
  for (; pos < end; pos++) {
    const code = text.charCodeAt(pos);
    if (!isHostCode(code)) break;
    if (code === 0x2e && dot) return -1;
    dot = code === 0x2e;
  }
  return pos === start ? -1 : pos;
}

/** Whether `text` from `start` to `end` is a reg-name (RFC 3986 §3.2.2), escaped or raw UTF-8: the host of im, pres and xmpp. */
export function isRegName(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80 && !isHostCode(code) && !"%~!$&'()*+,;=".includes(text[i]!)) return false;
  }
  return start < end;
}

/** `text` between `start` and `end` in lower case, without a copy when it is so already. */
export function lowerCaseHost(text: string, start: number, end: number): string {
  const host = text.slice(start, end);
  if (host.charCodeAt(0) === 0x5b) return host.replace(':::', '::').toLowerCase();
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) return host.toLowerCase();
  }
  return host;
}

/** `host` without the dot of the root, which names the same host (RFC 1034 §3.1). */
export function withoutRoot(host: string): string {
  return host.charCodeAt(host.length - 1) === 0x2e ? host.slice(0, -1) : host;
}

/** A port in digits, or -1. */
export function readPort(text: string, start: number, end: number): number {
  return readNumber(text, start, end, 65535);
}

/** The eight 16-bit groups of an IPv6 address (RFC 4291 §2.2), or undefined when it is none. No zone. */
export function parseIpv6(text: string): number[] | undefined {
  if (text.length < 2 || text.length > 46) return undefined;
  // COMPAT: the grammar of RFC 3261 puts a third colon before an IPv4 part (RFC 5118 §4.10).
  if (text.includes(':::')) {
    const repaired = text.replace(':::', '::');
    return text.includes('.') && !repaired.includes(':::') ? parseIpv6(repaired) : undefined;
  }
  const double = text.indexOf('::');
  if (double < 0) {
    const groups = readGroups(text, true);
    return groups?.length === 8 ? groups : undefined;
  }
  if (text.indexOf('::', double + 1) >= 0) return undefined;
  const head = readGroups(text.slice(0, double), false);
  const tail = readGroups(text.slice(double + 2), true);
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function readGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (part.includes('.')) {
      const ipv4 = last && i === parts.length - 1 ? parseIpv4(part) : undefined;
      if (ipv4 === undefined) return undefined;
      groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!);
    } else {
      if (part.length < 1 || part.length > 4) return undefined;
      for (let k = 0; k < part.length; k++) if (!isHexCode(part.charCodeAt(k))) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** The four octets of a dotted IPv4 address, or undefined. */
export function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const octets: number[] = [];
  for (const part of parts) {
    if (part.length > 3 || !isDigitCode(part.charCodeAt(0))) return undefined;
    const octet = readNumber(part, 0, part.length, 255);
    if (octet < 0) return undefined;
    octets.push(octet);
  }
  return octets;
}

/** Whether two hosts are the same: names without case, IPv6 by value (RFC 5954 §4.2). Both are in lower case. */
export function sameHost(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.charCodeAt(0) !== 0x5b || b.charCodeAt(0) !== 0x5b) return false;
  const left = parseIpv6(a.slice(1, -1));
  const right = parseIpv6(b.slice(1, -1));
  return left !== undefined && right !== undefined && left.every((group, i) => group === right[i]);
}
