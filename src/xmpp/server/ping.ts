/** XMPP Ping (XEP-0199). */
import { ok } from '../../base/result.js';
import { NS_PING } from '../stanza/namespaces.js';
import { type IqFeature, readOnly } from './iq-feature.js';

const pong = readOnly(() => ok(undefined));

export const ping: IqFeature = {
  name: 'ping',
  xmlns: NS_PING,
  serverFeatures: [NS_PING],
  accountFeatures: [NS_PING],
  forServer: pong, // §4.2
  forOwnAccount: pong, // §4.1: the account's server answers for its bare JID
};
