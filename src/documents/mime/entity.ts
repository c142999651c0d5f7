/** A MIME entity: header fields, a blank line, content (RFC 2045 §3; fields as RFC 5322 §2.2). */
import { err, ok, type Result } from '../../base/result.js';

export interface EntityLimits {
  /** Octets of the header section. Default 8192. */
  readonly maxHeaderOctets?: number;
  /** Default 32. */
  readonly maxFields?: number;
}

/** A header field, unfolded and trimmed, its name as written. */
export type MimeField = readonly [name: string, value: string];

/** Immutable; the content is a view of the octets that were parsed. */
export class MimeEntity {
  constructor(
    readonly fields: readonly MimeField[],
    readonly content: Uint8Array,
  ) {}

  /** The value of the first field of that name, which is written in lower case. */
  field(name: string): string | undefined {
    for (const [key, value] of this.fields) {
      if (key.length === name.length && key.toLowerCase() === name) return value;
    }
    return undefined;
  }
}

/**
 * Reads an entity that fills `bytes`. Lines end with CRLF; LF alone is tolerated. An entity may have no fields: it starts
 * with the blank line then.
 */
export function parseEntity(bytes: Uint8Array, limits: EntityLimits = {}): Result<MimeEntity, string> {
  const octets = asBuffer(bytes);
  const maxOctets = limits.maxHeaderOctets ?? 8192;
  const maxFields = limits.maxFields ?? 32;
  const fields: [string, string][] = [];
  let pos = 0;
  while (pos < octets.length) {
    const lineEnd = octets.indexOf(0x0a, pos);
    const next = lineEnd < 0 ? octets.length : lineEnd + 1;
    if (next > maxOctets) return err(`a MIME header of more than ${maxOctets} octets`);
    const line = octets.toString('utf8', pos, textEnd(octets, pos, lineEnd < 0 ? octets.length : lineEnd));
    if (line === '') return ok(new MimeEntity(fields, octets.subarray(next)));
    pos = next;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      const last = fields.at(-1);
      if (last === undefined) return err('a MIME header starts with a folded line');
      last[1] = `${last[1]} ${line.trim()}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : line.slice(0, colon).trimEnd();
    if (!isFieldName(name)) return err('found a line without a field name in a MIME header');
    if (fields.length === maxFields) return err(`more than ${maxFields} MIME header fields`);
    fields.push([name, line.slice(colon + 1).trim()]);
  }
  return ok(new MimeEntity(fields, octets.subarray(octets.length)));
}

/** `bytes` without a copy as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Where the text of a line ends that has its LF at `lineFeed`. */
function textEnd(octets: Buffer, start: number, lineFeed: number): number {
  return lineFeed > start && octets[lineFeed - 1] === 0x0d ? lineFeed - 1 : lineFeed;
}

/** ftext (RFC 5322 §3.6.8): printable ASCII without the colon. */
function isFieldName(text: string): boolean {
  if (text === '') return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code >= 0x7f || code === 0x3a) return false;
  }
  return true;
}
