/** Stanzas: the three kinds of first-level elements that are routed (RFC 6120 §8). */
import { Element } from 'ltx';
import { NS_CLIENT } from '../stream/namespaces.js';

export type StanzaKind = 'message' | 'presence' | 'iq';

/** Which kind of stanza this is; undefined for any other element, whatever its name, outside `jabber:client`. */
export function stanzaKind(element: Element): StanzaKind | undefined {
  if (element.attrs.xmlns !== NS_CLIENT) return undefined;
  const { name } = element;
  return name === 'message' || name === 'presence' || name === 'iq' ? name : undefined;
}

/** The result of an IQ request, addresses swapped (RFC 6120 §8.2.3). */
export function iqResult(iq: Element, payload?: Element): Element {
  const result = new Element('iq', { xmlns: NS_CLIENT, type: 'result' });
  if (iq.attrs.to !== undefined) result.attrs.from = iq.attrs.to;
  if (iq.attrs.from !== undefined) result.attrs.to = iq.attrs.from;
  if (iq.attrs.id !== undefined) result.attrs.id = iq.attrs.id;
  if (payload !== undefined) result.cnode(payload);
  return result;
}
