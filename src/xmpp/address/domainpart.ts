/** The domainpart of a JID: a fully qualified domain name, a host name or an IP address (RFC 7622 §3.2). */
import tr46 from 'tr46';
import { err, ok, type Result } from '../../base/result.js';
import { obeysContextRule, Surroundings } from './context-rules.js';
import { enforceIpLiteral } from './ip-literal.js';
import { lowerCase, mapWidth } from './precis.js';
import { derivedProperty } from './precis-class.js';
import { RecentTexts } from './recent-texts.js';

/** NR-LDH labels in lower case; nothing in 3 and 4 that makes a label reserved (RFC 5890 §2.3.1). */
const PLAIN_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const RESERVED_LABEL = /(?:^|\.)..--/;
const MAX_NAME_OCTETS = 253;
const CHECKS = { checkHyphens: true, checkBidi: true, checkJoiners: true, useSTD3ASCIIRules: true };
/** Enforcing such a name takes tens of microseconds, and few domains have many users. Costs at most 2 * 1024 short texts. */
const recent = new RecentTexts<string>(1024, 128);
/** Blocks that identifiers have no use for (RFC 5892 §2.4). */
const IGNORABLE_BLOCK = /^[\u20d0-\u20ff\u{1d100}-\u{1d1ff}\u{1d200}-\u{1d24f}]$/u;

/**
 * Enforces a domainpart (RFC 7622 §3.2.2): lower case, U-labels, no trailing dot.
 * @returns the enforced text; in words what is wrong with it otherwise
 */
export function enforceDomainpart(text: string): Result<string, string> {
  if (text.startsWith('[')) return enforceIpLiteral(text);
  const name = /[.\u3002\uff0e\uff61]$/.test(text) ? text.slice(0, -1) : text; // RFC 7622 §3.2
  if (name === '') return err('an empty domainpart');
  const lower = name.toLowerCase();
  if (lower.length <= MAX_NAME_OCTETS && PLAIN_NAME.test(lower) && !RESERVED_LABEL.test(lower)) return ok(lower);
  const known = recent.get(name);
  if (known !== undefined) return ok(known);
  const enforced = enforceInternationalName(name);
  if (enforced.ok) recent.add(name, enforced.value);
  return enforced;
}

/** IDNA2008, with the mappings of RFC 5895 §2 before. */
function enforceInternationalName(name: string): Result<string, string> {
  const mapped = lowerCase(mapWidth(name)).normalize('NFC').replaceAll('\u3002', '.');
  // Each character takes one octet in DNS at least, and one or two units here.
  if (mapped.length > 2 * MAX_NAME_OCTETS) return err('a domain name of more than 253 octets');
  const { domain, error } = tr46.toUnicode(mapped, CHECKS);
  if (error) return err(fault(name));
  const before = mapped.split('.');
  for (const [index, label] of domain.split('.').entries()) {
    if (!isLabel(before[index]!, label)) return err(fault(name));
  }
  // RFC 1035 §2.3.4: 63 octets a label, 253 a name, as they are sent in DNS
  if (tr46.toASCII(domain, { ...CHECKS, verifyDNSLength: true }) === null) return err(fault(name));
  return ok(domain);
}

function isLabel(before: string, label: string): boolean {
  // An A-label is what its U-label gives (RFC 5891 §5.4); any other label was not changed by UTS 46, hence is stable.
  const same = before.startsWith('xn--') ? tr46.toASCII(label, CHECKS) === before : label === before;
  if (!same || label === '') return false;
  const surroundings = new Surroundings(label);
  return surroundings.codePoints.every((codePoint, index) => isIdnaCodePoint(codePoint, surroundings, index));
}

/** The derived property of RFC 5892 §3, given that the label is stable, expressed by the one of PRECIS, which is wider. */
function isIdnaCodePoint(codePoint: number, label: Surroundings, index: number): boolean {
  if (codePoint < 0x80) return /^[a-z0-9-]$/.test(String.fromCodePoint(codePoint));
  const property = derivedProperty(codePoint);
  if (property === 'CONTEXTJ' || property === 'CONTEXTO') return obeysContextRule(label, index);
  return property === 'PVALID' && !IGNORABLE_BLOCK.test(String.fromCodePoint(codePoint));
}

function fault(name: string): string {
  return `'${name}', which is not a domain name`;
}
