/** Making the digest secrets of a user from a password (RFC 3261 §22.4, RFC 8760 §2.6), which is then forgotten. */
import type { DigestCredentials } from './credential-store.js';
import { digestHa1 } from './digest.js';

/** H(user:realm:password) in each form that a phone may ask for. */
export function makeCredentials(username: string, realm: string, password: string): DigestCredentials {
  return {
    username,
    realm,
    ha1Md5: digestHa1('MD5', username, realm, password),
    ha1Sha256: digestHa1('SHA-256', username, realm, password),
  };
}
