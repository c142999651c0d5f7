/** Software Version (XEP-0092), of the server alone. */
import { Element } from 'ltx';
import { ok } from '../../base/result.js';
import { NS_VERSION } from '../stanza/namespaces.js';
import { type IqFeature, readOnly } from './iq-feature.js';

/** The operating system is left out: it helps attackers alone (XEP-0092 §5). */
export function softwareVersion(name: string, version: string): IqFeature {
  return {
    name: 'query',
    xmlns: NS_VERSION,
    serverFeatures: [NS_VERSION],
    forServer: readOnly(() => {
      const query = new Element('query', { xmlns: NS_VERSION });
      query.c('name').t(name);
      query.c('version').t(version);
      return ok(query);
    }),
  };
}
