/** IP addresses in square brackets, as domainparts (RFC 7622 §3.1, RFC 3986 §3.2.2, RFC 6874 §2). */
import { err, ok, type Result } from '../../base/result.js';

const FUTURE = /^v[0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+$/i;
const ZONE = /^%25(?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})+$/;
const IPV4_OCTET = /^(?:0|[1-9][0-9]{0,2})$/;

/**
 * Enforces an IP-literal: an IPv6 address in the one form that RFC 5952 §4 gives it, so that equal addresses are equal
 * texts, with its zone as it came; or an address of a future version.
 */
export function enforceIpLiteral(text: string): Result<string, string> {
  if (!text.endsWith(']')) return err(`'${text}', which is not an IP address in brackets`);
  const inside = text.slice(1, -1);
  if (FUTURE.test(inside)) return ok(`[${inside.toLowerCase()}]`);
  const zoneAt = inside.indexOf('%');
  const address = zoneAt < 0 ? inside : inside.slice(0, zoneAt);
  const zone = zoneAt < 0 ? '' : inside.slice(zoneAt);
  const groups = ipv6Groups(address);
  if (groups === undefined || (zone !== '' && !ZONE.test(zone))) return err(`'${text}', which is not an IPv6 address`);
  return ok(`[${ipv6Text(groups)}${zone}]`);
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2), or undefined. */
function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Groups between colons; the last may be an IPv4 address, where `mayEndInIpv4`. */
function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const octets = mayEndInIpv4 && index === parts.length - 1 ? ipv4Octets(part) : undefined;
      if (octets === undefined) return undefined;
      groups.push(octets[0]! * 256 + octets[1]!, octets[2]! * 256 + octets[3]!);
    }
  }
  return groups;
}

function ipv4Octets(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => IPV4_OCTET.test(part) && Number(part) < 256)) return undefined;
  return parts.map(Number);
}

/** RFC 5952 §4: the longest run of zero groups, the first of equals, is shortened if it has two at least. */
function ipv6Text(groups: readonly number[]): string {
  let start = 0;
  let length = 0;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (groups[end] === 0) end++;
    if (end - at > length) {
      start = at;
      length = end - at;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
