/** Preparation of passwords by SASLprep (RFC 4013), as SCRAM asks for it (RFC 5802 §2.2). */
import saslprep from '@mongodb-js/saslprep';
import { err, ok, type Result } from '../../base/result.js';

/**
 * @param use `stored`: a new password, where code points unknown to Unicode 3.2 are refused; `query`: what a client sent
 *   (RFC 4013 §2.5)
 * @returns the prepared password, or what is wrong with it
 */
export function preparePassword(password: string, use: 'stored' | 'query'): Result<string, string> {
  try {
    const prepared = saslprep(password, { allowUnassigned: use === 'query' });
    return prepared === '' ? err('the password is empty') : ok(prepared);
  } catch (cause) {
    return err(cause instanceof Error ? cause.message : String(cause));
  }
}
