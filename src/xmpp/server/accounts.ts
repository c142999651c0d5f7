/** Making an account from a password (RFC 5802 §3), and checking a password against an account. */
import type { Random } from '../../base/random.js';
import { ok, type Result } from '../../base/result.js';
import type { Jid } from '../address/jid.js';
import { preparePassword } from '../stream/password.js';
import { equalSecrets, keysOf, type ScramHash, saltedPassword } from '../stream/scram.js';
import type { Account, ScramKeys } from './account-store.js';

/**
 * PBKDF2 rounds of new accounts. RFC 7677 §4 wants 4,096 at least; more protects weak passwords in a stolen store, and
 * costs every login of every client the same time again.
 */
export const DEFAULT_ITERATIONS = 10_000;

const SALT_OCTETS = 16;

/** Keys for `password` at the bare JID, with fresh salts; the error says what is wrong with the password. */
export async function makeAccount(
  jid: Jid,
  password: string,
  random: Random,
  iterations = DEFAULT_ITERATIONS,
): Promise<Result<Account, string>> {
  const prepared = preparePassword(password, 'stored');
  if (!prepared.ok) return prepared;
  const keys = (hash: ScramHash) => makeKeys(hash, prepared.value, random.bytes(SALT_OCTETS), iterations);
  const [scramSha1, scramSha256] = await Promise.all([keys('SHA-1'), keys('SHA-256')]);
  return ok({ jid: jid.bare.toString(), scramSha1, scramSha256 });
}

/** Whether `password` is the account's. */
export async function hasPassword(account: Account, password: string): Promise<boolean> {
  const prepared = preparePassword(password, 'query');
  if (!prepared.ok) return false;
  const { salt, iterations, storedKey } = account.scramSha256;
  const salted = await saltedPassword('SHA-256', prepared.value, salt, iterations);
  return equalSecrets(keysOf('SHA-256', salted).storedKey, storedKey);
}

async function makeKeys(hash: ScramHash, password: string, salt: Uint8Array, iterations: number): Promise<ScramKeys> {
  return { salt, iterations, ...keysOf(hash, await saltedPassword(hash, password, salt, iterations)) };
}
