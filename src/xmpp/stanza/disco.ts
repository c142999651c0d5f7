/** Answers to service discovery: who an entity is, what it can do, what it has (XEP-0030). */
import { Element } from 'ltx';
import { NS_DISCO_INFO, NS_DISCO_ITEMS } from './namespaces.js';

/** XEP-0030 §3.1, from the registry of identities. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
}

export interface Item {
  readonly jid: string;
  readonly node?: string;
  readonly name?: string;
}

/**
 * The payload of a disco#info result (XEP-0030 §3.1).
 * @param node mirrors the node of the request
 */
export function discoInfo(identities: readonly Identity[], features: readonly string[], node?: string): Element {
  const query = new Element('query', { xmlns: NS_DISCO_INFO, ...(node !== undefined && { node }) });
  for (const identity of identities) query.c('identity', { ...identity });
  for (const feature of features) query.c('feature', { var: feature });
  return query;
}

/**
 * The payload of a disco#items result; without items it is empty, not an error (XEP-0030 §4.1).
 * @param node mirrors the node of the request
 */
export function discoItems(items: readonly Item[], node?: string): Element {
  const query = new Element('query', { xmlns: NS_DISCO_ITEMS, ...(node !== undefined && { node }) });
  for (const item of items) query.c('item', { ...item });
  return query;
}
