/** End-to-end encrypted stanzas: what is inside cannot be translated, and ciphertext is never sent on (RFC 7572 §9). */
import type { Element } from 'ltx';

/** Elements that hold ciphertext, by namespace. */
const CIPHERTEXT: Readonly<Record<string, string>> = {
  'eu.siacs.conversations.axolotl': 'encrypted', // XEP-0384 0.3
  'urn:xmpp:omemo:1': 'encrypted',
  'urn:xmpp:omemo:2': 'encrypted',
  'urn:xmpp:openpgp:0': 'openpgp', // XEP-0373 §3
  'jabber:x:encrypted': 'x', // XEP-0027 §3
};

/**
 * Whether `child` of a stanza holds a message that only its recipient can read. Keys without a message (OMEMO without
 * payload) are none.
 */
export function isCiphertext(child: Element): boolean {
  const xmlns = child.attrs.xmlns as string | undefined;
  if (xmlns === undefined || CIPHERTEXT[xmlns] !== child.name) return false;
  return child.name !== 'encrypted' || child.getChild('payload') !== undefined;
}
