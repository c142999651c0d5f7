/** Writing Message/CPIM (RFC 3862 §3.6). */
import type { MimeField } from '../mime/entity.js';
import type { CpimSubject } from './cpim.js';
import { type CpimAddress, escapeValue, formatAddress } from './header-value.js';

/** Headers of one more namespace, as RFC 5438 §6 has them. */
export interface CpimExtension {
  readonly namespace: string;
  readonly prefix: string;
  /** Without prefix; values not yet escaped. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface CpimParts {
  readonly from: CpimAddress;
  readonly to: readonly CpimAddress[];
  readonly cc?: readonly CpimAddress[];
  /** RFC 3339. */
  readonly dateTime?: string;
  readonly subjects?: readonly CpimSubject[];
  readonly extensions?: readonly CpimExtension[];
  /** MIME fields of the content, Content-Type among them; values hold no CR or LF. */
  readonly fields: readonly MimeField[];
  readonly content: Uint8Array;
}

/** The octets of the message; its media type is Message/CPIM without parameters (RFC 3862 §2.1). */
export function buildCpim(parts: CpimParts): Uint8Array {
  const lines = [`From: ${formatAddress(parts.from)}`];
  for (const address of parts.to) lines.push(`To: ${formatAddress(address)}`);
  for (const address of parts.cc ?? []) lines.push(`cc: ${formatAddress(address)}`);
  if (parts.dateTime !== undefined) lines.push(`DateTime: ${parts.dateTime}`);
  for (const { text, lang } of parts.subjects ?? []) {
    // RFC 3862 §2.2: no white space at either end of a value
    lines.push(`Subject:${lang === undefined ? '' : `;lang=${lang}`} ${escapeValue(text.trim())}`);
  }
  for (const { namespace, prefix, headers } of parts.extensions ?? []) {
    lines.push(`NS: ${prefix} <${namespace}>`);
    for (const [name, value] of headers) lines.push(`${prefix}.${name}: ${escapeValue(value)}`);
  }
  lines.push('');
  for (const [name, value] of parts.fields) lines.push(`${name}: ${value}`);
  lines.push('', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'utf8'), parts.content]);
}
