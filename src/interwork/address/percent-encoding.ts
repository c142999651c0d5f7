/** Percent-encoding by table, and its strict reverse (RFC 3986 §2.1). */
import { err, ok, type Result } from '../../base/result.js';

const HEX = Array.from({ length: 256 }, (_, octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `text` with each octet of its UTF-8 form as `%HH`, except where `raw[octet]` is 1. Hex digits are upper case. */
export function percentEncode(text: string, raw: Uint8Array): string {
  let plain = 0;
  while (plain < text.length && raw[text.charCodeAt(plain)] === 1) plain++;
  if (plain === text.length) return text;
  let encoded = text.slice(0, plain);
  for (const octet of encoder.encode(text.slice(plain))) {
    encoded += raw[octet] === 1 ? String.fromCharCode(octet) : HEX[octet];
  }
  return encoded;
}

/**
 * `text` with every `%HH` undone once, read as UTF-8 (RFC 7247 §6.4 steps 3 and 4).
 * Fails on an incomplete escape, on octets that are not UTF-8, and on control characters (C0 and DEL), raw or escaped.
 */
export function percentDecode(text: string): Result<string, string> {
  let special = false;
  for (let index = 0; index < text.length && !special; index++) {
    const code = text.charCodeAt(index);
    special = code === 0x25 || code < 0x20 || code >= 0x7f;
  }
  return special ? decodeOctets(text) : ok(text);
}

function decodeOctets(text: string): Result<string, string> {
  const octets = encoder.encode(text);
  let length = 0;
  for (let index = 0; index < octets.length; index++) {
    let octet = octets[index] as number;
    if (octet === 0x25) {
      const high = hexValue(octets[index + 1]);
      const low = hexValue(octets[index + 2]);
      if (high < 0 || low < 0) return err(`"%" must be followed by two hexadecimal digits in ${JSON.stringify(text)}`);
      octet = high * 16 + low;
      index += 2;
    }
    if (octet < 0x20 || octet === 0x7f) return err(`control character ${HEX[octet]} in ${JSON.stringify(text)}`);
    octets[length++] = octet;
  }
  try {
    return ok(decoder.decode(octets.subarray(0, length)));
  } catch {
    return err(`${JSON.stringify(text)} does not decode to UTF-8`);
  }
}

function hexValue(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
