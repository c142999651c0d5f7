/** Stanzas as text for a stream whose header declares their namespace as its default one (RFC 6120 §4.8.3). */
import type { Element } from 'ltx';
import { serializeXml } from '../xml/serialize-xml.js';
import { NS_CLIENT } from './namespaces.js';

/**
 * The text of a stanza in `jabber:client`, without that namespace: it is the stream's, and a component stream has another
 * in its place (XEP-0114 §3). Never throws.
 */
export function stanzaText(stanza: Element): string {
  return serializeXml(stanza, NS_CLIENT);
}
