/** Content-Transfer-Encoding undone (RFC 2045 §6). */
import { asBuffer } from './entity.js';

/**
 * The octets that `encoded` stands for. Malformed stretches are read as well as they can be (RFC 2045 §6.7, §6.8).
 * @param encoding the value of Content-Transfer-Encoding; absent means that nothing was encoded
 * @returns undefined when the encoding is not known
 */
export function decodeTransfer(encoded: Uint8Array, encoding: string | undefined): Uint8Array | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return encoded;
    case 'base64':
      return Buffer.from(asBuffer(encoded).toString('latin1'), 'base64');
    case 'quoted-printable':
      return decodeQuotedPrintable(asBuffer(encoded));
    default:
      return undefined;
  }
}

function decodeQuotedPrintable(encoded: Buffer): Buffer {
  const decoded = Buffer.alloc(encoded.length);
  let length = 0;
  let pos = 0;
  while (pos < encoded.length) {
    const octet = encoded[pos] as number;
    if (octet !== 0x3d) {
      decoded[length++] = octet;
      pos++;
      continue;
    }
    const lineEnd = softBreakEnd(encoded, pos + 1);
    if (lineEnd > 0) {
      pos = lineEnd;
      continue;
    }
    const value = hexPair(encoded[pos + 1], encoded[pos + 2]);
    decoded[length++] = value ?? octet;
    pos += value === undefined ? 1 : 3;
  }
  return decoded.subarray(0, length);
}

/** Behind a soft line break that starts at `pos`, or -1. */
function softBreakEnd(octets: Buffer, pos: number): number {
  while (octets[pos] === 0x20 || octets[pos] === 0x09) pos++;
  if (octets[pos] === 0x0d && octets[pos + 1] === 0x0a) return pos + 2;
  return octets[pos] === 0x0a || pos >= octets.length ? pos + 1 : -1;
}

function hexPair(high: number | undefined, low: number | undefined): number | undefined {
  const first = hexDigit(high);
  const second = hexDigit(low);
  return first === undefined || second === undefined ? undefined : first * 16 + second;
}

function hexDigit(code: number | undefined): number | undefined {
  if (code === undefined) return undefined;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}
