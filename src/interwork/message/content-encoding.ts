/** Undoing the Content-Encoding of a body (RFC 3261 §20.12), within limits. */
import { inflateSync } from 'node:zlib';
import { err, ok, type Result } from '../../base/result.js';
import { type Refusal, unsupportedEncoding } from './content.js';

/**
 * The body as it was before it was encoded.
 *
 * COMPAT: linphone sends its delivery notices in `deflate`, asked or not; gzip is sent by nobody that we know.
 * @param encoding the header field's value; undefined for none
 * @param maxOctets what a body may become; beyond it the refusal is 413, so that a small body cannot be a large one
 */
export function decodeContent(
  body: Uint8Array,
  encoding: string | undefined,
  maxOctets: number,
): Result<Uint8Array, Refusal> {
  switch (encoding?.toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return ok(body);
    case 'deflate':
      return inflated(body, maxOctets);
    default:
      return err(unsupportedEncoding());
  }
}

function inflated(body: Uint8Array, maxOctets: number): Result<Uint8Array, Refusal> {
  try {
    return ok(inflateSync(body, { maxOutputLength: maxOctets }));
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return err(tooLarge ? { status: 413 } : { status: 400, reason: 'Malformed body: it is not deflate' });
  }
}
