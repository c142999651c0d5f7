/** The new address that `gone`, `redirect` and 3xx carry, on its way across (RFC 7247 §7.1 note 3, §7.2 note 1). */
import type { SipResponse } from '../../sip/message/message.js';
import { Uri } from '../../sip/message/uri.js';
import { Jid } from '../../xmpp/address/jid.js';
import { type AddressMap, isAddressLiteral } from '../address/address-map.js';
import { jidFromUri } from '../address/sip-to-xmpp.js';
import { iriFromJid, jidFromIri } from '../address/xmpp-iri.js';
import { uriFromJid } from '../address/xmpp-to-sip.js';

/** The longest address that is looked at, in characters. */
const LONGEST = 4096;
/** How many Contacts of one response are tried. */
const MOST_CONTACTS = 8;

/**
 * The URI for a Contact from the character data of `gone` or `redirect` (RFC 6120 §8.3.3.5, §8.3.3.14): an `xmpp:` IRI is
 * mapped as any JID, a `sip`, `sips` or `tel` URI is used as it is. Undefined when there is no address, or none that SIP
 * can use.
 */
export function contactFor(address: string | undefined, map: AddressMap): Uri | undefined {
  const text = address?.trim() ?? '';
  if (text === '' || text.length > LONGEST) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'sip':
    case 'sips':
    case 'tel': {
      const uri = Uri.parse(text);
      return uri.ok ? uri.value : undefined;
    }
    case 'xmpp':
      return mapped(jidFromIri(text), map);
    case undefined:
      // COMPAT: servers that write a bare JID where RFC 6120 wants a URI.
      return mapped(Jid.parse(text), map);
    default:
      return undefined;
  }
}

function mapped(jid: ReturnType<typeof Jid.parse>, map: AddressMap): Uri | undefined {
  if (!jid.ok) return undefined;
  const uri = uriFromJid(jid.value, map);
  return uri.ok ? uri.value : undefined;
}

/**
 * The first Contact of `response` that maps to a JID, as an `xmpp:` IRI. A Contact at an IP address is a device, not the
 * user's new address, and tells how a network looks inside: it counts as none.
 */
export function newAddressOf(response: SipResponse, map: AddressMap): string | undefined {
  if (response.fault('Contact') !== undefined || response.contacts === '*') return undefined;
  for (const { uri } of response.contacts.slice(0, MOST_CONTACTS)) {
    if (isAddressLiteral(uri.host)) continue;
    const jid = uri.scheme === 'xmpp' ? jidFromIri(uri.toString()) : jidFromUri(uri, map, { learn: false });
    if (jid.ok) return iriFromJid(jid.value);
  }
  return undefined;
}
