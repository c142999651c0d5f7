/** The XML namespaces of stanzas and of what they carry. Those of streams are in `stream/namespaces.ts`. */

/** RFC 6120 §8.3.2. */
export const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
/** XEP-0030 §3. */
export const NS_DISCO_INFO = 'http://jabber.org/protocol/disco#info';
/** XEP-0030 §4. */
export const NS_DISCO_ITEMS = 'http://jabber.org/protocol/disco#items';
/** XEP-0199 §4. */
export const NS_PING = 'urn:xmpp:ping';
/** XEP-0092 §2. */
export const NS_VERSION = 'jabber:iq:version';
/** XEP-0203 §3. */
export const NS_DELAY = 'urn:xmpp:delay';
/** XEP-0091 §2, the predecessor of XEP-0203: read, never sent. */
export const NS_LEGACY_DELAY = 'jabber:x:delay';
/** The feature of XEP-0106 §5: not a namespace, but spelled like one. */
export const FEATURE_JID_ESCAPING = 'jid\\20escaping';
/** Application conditions of RFC 6120 §4.9.4 and XEP-0205 §2.1, such as `stanza-too-big`. */
export const NS_ERRORS = 'urn:xmpp:errors';
