/** The XML namespaces of streams and their negotiation (RFC 6120 §15, §4.8). */

export const NS_STREAMS = 'http://etherx.jabber.org/streams';
export const NS_CLIENT = 'jabber:client';
export const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams';
export const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
export const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
/** XEP-0440 §2. */
export const NS_SASL_CHANNEL_BINDING = 'urn:xmpp:sasl-cb:0';
export const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
/** RFC 3921 §3, gone from RFC 6121 and asked for by older clients. */
export const NS_SESSION = 'urn:ietf:params:xml:ns:xmpp-session';
