/** Why an address of one side has none on the other (RFC 7247 §6). What it is answered with is told in `interwork/error`. */
import { err } from '../../base/result.js';

export type AddressFailureKind =
  /** It breaks the rules of its own side: bad escapes, octets that are not UTF-8, control characters, an empty part. */
  | 'malformed'
  /** It keeps the rules of its own side, but nobody on the other side can have it. */
  | 'unmappable'
  /** Its scheme has no mapping (RFC 7247 §6.1). */
  | 'scheme'
  /** A `sips` request, which is never translated (RFC 7247 §8). */
  | 'sips'
  /** Its domain belongs to the wrong leg for the direction: a forged sender, or a loop. */
  | 'wrong-side';

export interface AddressFailure {
  readonly kind: AddressFailureKind;
  /** For people: what was found, and what was expected. */
  readonly text: string;
  /** Whose address it is, where the finder knows: `sender` (From, `from`) or `recipient` (Request-URI, `to`). */
  readonly party?: Party;
}

export type Party = 'sender' | 'recipient';

/** A failed mapping. */
export function unmapped(
  kind: AddressFailureKind,
  text: string,
): { readonly ok: false; readonly error: AddressFailure } {
  return err({ kind, text });
}
