/** Multipart bodies taken apart at their boundary (RFC 2046 §5.1). */
import { err, ok, type Result } from '../../base/result.js';
import { asBuffer, type EntityLimits, type MimeEntity, parseEntity } from './entity.js';

export interface MultipartLimits extends EntityLimits {
  /** Default 16. */
  readonly maxParts?: number;
}

/**
 * The parts of a multipart body in order; preamble and epilogue are left out.
 * @param boundary the parameter of Content-Type, without quotes
 */
export function splitMultipart(
  bytes: Uint8Array,
  boundary: string,
  limits: MultipartLimits = {},
): Result<readonly MimeEntity[], string> {
  if (!isBoundary(boundary)) return err('the boundary is missing or malformed');
  const octets = asBuffer(bytes);
  const maxParts = limits.maxParts ?? 16;
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: MimeEntity[] = [];
  let line = nextDelimiter(octets, delimiter, 0);
  if (line === undefined) return err('no part starts at the boundary');
  while (line !== undefined && !line.closes) {
    const next = nextDelimiter(octets, delimiter, line.end);
    // COMPAT: a last delimiter without its closing "--" (as RFC 5438 §8.3 prints it) ends the body all the same.
    if (next === undefined && line.end >= octets.length) break;
    if (parts.length === maxParts) return err(`more than ${maxParts} parts`);
    // An empty part: its delimiters share one line break, which belongs to the second (RFC 2046 §5.1.1).
    const end = next === undefined ? octets.length : Math.max(line.end, next.start);
    const part = parseEntity(octets.subarray(line.end, end), limits);
    if (!part.ok) return part;
    parts.push(part.value);
    line = next;
  }
  return ok(parts);
}

interface DelimiterLine {
  /** Where the part before it ends: the line break before a delimiter belongs to the delimiter (RFC 2046 §5.1.1). */
  readonly start: number;
  readonly end: number;
  readonly closes: boolean;
}

function nextDelimiter(octets: Buffer, delimiter: Buffer, from: number): DelimiterLine | undefined {
  for (let at = octets.indexOf(delimiter, from); at >= 0; at = octets.indexOf(delimiter, at + 1)) {
    if (at > 0 && octets[at - 1] !== 0x0a) continue;
    let pos = at + delimiter.length;
    const closes = octets[pos] === 0x2d && octets[pos + 1] === 0x2d;
    if (closes) pos += 2;
    while (octets[pos] === 0x20 || octets[pos] === 0x09) pos++;
    if (octets[pos] === 0x0d) pos++;
    if (pos < octets.length && octets[pos] !== 0x0a) continue;
    let start = at;
    if (start > from) start--;
    if (start > from && octets[start - 1] === 0x0d) start--;
    return { start, end: Math.min(pos + 1, octets.length), closes };
  }
  return undefined;
}

/** RFC 2046 §5.1.1: one to 70 bchars, no space at the end. */
function isBoundary(text: string): boolean {
  return text.length <= 70 && /^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/.test(text);
}
