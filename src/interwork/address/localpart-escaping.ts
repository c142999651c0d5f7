/**
 * XEP-0106 escaping of localparts, by owner of the address. RFC 7247 §6.2 speaks of all ten sequences, §6.4 and §6.5 list
 * three; both are right, each for one owner: what the gateway escaped (the user of a SIP domain) it undoes completely,
 * and what an XMPP server keeps under a localpart stays as opaque as §6.5 leaves it. So every address finds its way back.
 */
import { type AddressTables, RAW } from './tables.js';

export type Owner = 'sip' | 'xmpp';

const BACKSLASH = 0x5c;

/**
 * `text`, an unescaped local part, as a localpart: each of the nine characters that a localpart cannot hold becomes its
 * sequence (RFC 7247 §6.4 step 5, §6.2). The text of a SIP user also has the backslash of a look-alike escaped, whatever
 * the case of its digits, since XMPP servers fold case (XEP-0106 §4.1).
 */
export function escapeLocalpart(text: string, owner: Owner, tables: AddressTables): string {
  let plain = 0;
  while (plain < text.length && isPlain(text.charCodeAt(plain), tables)) plain++;
  if (plain === text.length) return text;
  let escaped = text.slice(0, plain);
  for (let index = plain; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const guarded = code === BACKSLASH && owner === 'sip' && sequenceAt(text, index, true, tables) !== undefined;
    escaped += guarded || (code !== BACKSLASH && !isPlain(code, tables)) ? tables.escapes[code] : text[index];
  }
  return escaped;
}

/**
 * `localpart` with its sequences undone, once and from left to right (XEP-0106 §4.1): all ten in the address of a SIP user,
 * `\26`, `\27` and `\2f` in that of an XMPP user (RFC 7247 §6.5 step 3). Digits in upper case make no sequence.
 */
export function unescapeLocalpart(localpart: string, owner: Owner, tables: AddressTables): string {
  let start = localpart.indexOf('\\');
  if (start < 0) return localpart;
  let text = '';
  let copied = 0;
  while (start >= 0) {
    const sequence = sequenceAt(localpart, start, false, tables);
    const undone = sequence !== undefined && (owner === 'sip' || sequence.always);
    if (undone) {
      text += localpart.slice(copied, start) + sequence.character;
      copied = start + 3;
    }
    start = localpart.indexOf('\\', undone ? copied : start + 1);
  }
  return text + localpart.slice(copied);
}

function sequenceAt(text: string, index: number, anyCase: boolean, tables: AddressTables) {
  const digits = text.slice(index + 1, index + 3);
  return tables.sequences.get(anyCase ? digits.toLowerCase() : digits);
}

function isPlain(code: number, tables: AddressTables): boolean {
  return code >= 0x80 || (code !== BACKSLASH && tables.jid[code] === RAW);
}
