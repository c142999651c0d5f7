/** The answer to who asks for name and version of a program (XEP-0092 §3). */
import { Element } from 'ltx';
import { NS_VERSION } from './namespaces.js';

/** The payload of a result. The operating system is left out: it helps attackers alone (XEP-0092 §5). */
export function softwareVersionPayload(software: { readonly name: string; readonly version: string }): Element {
  const query = new Element('query', { xmlns: NS_VERSION });
  query.c('name').t(software.name);
  query.c('version').t(software.version);
  return query;
}
