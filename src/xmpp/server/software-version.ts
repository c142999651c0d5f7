/** Software Version (XEP-0092), of the server alone. */
import { ok } from '../../base/result.js';
import { NS_VERSION } from '../stanza/namespaces.js';
import { softwareVersionPayload } from '../stanza/software-version.js';
import { type IqFeature, readOnly } from './iq-feature.js';

/** Answers with the name and version of this program. */
export function softwareVersion(name: string, version: string): IqFeature {
  return {
    name: 'query',
    xmlns: NS_VERSION,
    serverFeatures: [NS_VERSION],
    forServer: readOnly(() => ok(softwareVersionPayload({ name, version }))),
  };
}
