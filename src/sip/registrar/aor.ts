/** The canonical form of an address of record (RFC 3261 §10.3 step 5): the key under which bindings are kept. */
import { withoutRoot } from '../message/host.js';
import type { Uri } from '../message/uri.js';

/**
 * `sip:user@host`: without port, password, parameters and headers, in lower case but for the user, and with no character
 * escaped that need not be. A sips URI names the same AOR as its sip URI. Undefined for a URI without user, or of another scheme.
 */
export function canonicalAor(uri: Uri): string | undefined {
  if ((uri.scheme !== 'sip' && uri.scheme !== 'sips') || uri.user === undefined || uri.host === '') return undefined;
  return `sip:${canonicalUser(uri.user)}@${withoutRoot(uri.host)}`;
}

/** A user part with the fewest escapes (RFC 3261 §10.3 step 5, §19.1.4). */
function canonicalUser(user: string): string {
  if (!user.includes('%')) return user;
  return user.replace(/%[0-9A-Fa-f]{2}/g, (octet) => {
    const code = Number.parseInt(octet.slice(1), 16);
    const character = String.fromCharCode(code);
    return code < 0x80 && /[A-Za-z0-9\-_.!~*'()&=+$,;?/]/.test(character) ? character : octet.toUpperCase();
  });
}

/** A user part as the text that it stands for; undefined when its escapes spell no UTF-8. */
export function unescapedUser(user: string): string | undefined {
  if (!user.includes('%')) return user;
  try {
    return decodeURIComponent(user);
  } catch {
    return undefined;
  }
}
