/** Service discovery of the server and of accounts (XEP-0030). */
import { err, ok } from '../../base/result.js';
import { discoInfo, discoItems, type Identity, type Item } from '../stanza/disco.js';
import { stanzaError } from '../stanza/error-type.js';
import { NS_DISCO_INFO, NS_DISCO_ITEMS } from '../stanza/namespaces.js';
import type { IqAnswer, IqFeature, IqRequest } from './iq-feature.js';
import { UNAVAILABLE } from './message-delivery.js';

/**
 * @param features what the other features add, so that exactly what is handled is told
 * @param items what the server's own items are
 */
export function discoFeatures(
  features: readonly IqFeature[],
  more: readonly string[],
  serverName: string,
  items: readonly Item[],
): readonly IqFeature[] {
  const own = [NS_DISCO_INFO, NS_DISCO_ITEMS];
  const ofServer = sorted([...own, ...more, ...features.flatMap((feature) => feature.serverFeatures ?? [])]);
  const ofAccount = sorted([...own, ...features.flatMap((feature) => feature.accountFeatures ?? [])]);
  return [
    {
      name: 'query',
      xmlns: NS_DISCO_INFO,
      forServer: (request) => info(request, { category: 'server', type: 'im', name: serverName }, ofServer),
      forOwnAccount: (request) => info(request, { category: 'account', type: 'registered' }, ofAccount),
      // XEP-0030 §8: nobody may tell from the answer whether the account exists.
    },
    {
      name: 'query',
      xmlns: NS_DISCO_ITEMS,
      forServer: (request) => list(request, items),
      forOwnAccount: (request) => list(request, []),
      forOtherAccount: (request) => list(request, []), // XEP-0030 §8
    },
  ];
}

function info(request: IqRequest, identity: Identity, features: readonly string[]): IqAnswer {
  return refuse(request) ?? ok(discoInfo([identity], features));
}

function list(request: IqRequest, items: readonly Item[]): IqAnswer {
  return refuse(request) ?? ok(discoItems(items));
}

/** No nodes exist (XEP-0030 §3.2), and discovery is never set. */
function refuse(request: IqRequest): IqAnswer | undefined {
  if (request.type === 'set') return err(UNAVAILABLE);
  return request.payload.attrs.node === undefined ? undefined : err(stanzaError('item-not-found'));
}

function sorted(features: readonly string[]): readonly string[] {
  return [...new Set(features)].sort();
}
