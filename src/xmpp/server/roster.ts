/** The roster (RFC 6121 §2): empty in this version, and not to be changed. */
import { Element } from 'ltx';
import { err, ok } from '../../base/result.js';
import type { IqFeature } from './iq-feature.js';

export const NS_ROSTER = 'jabber:iq:roster';

export const emptyRoster: IqFeature = {
  name: 'query',
  xmlns: NS_ROSTER,
  forOwnAccount: ({ type }) => {
    // RFC 6121 §2.1.4: an account without items has an empty query, which is what clients wait for at login.
    if (type === 'get') return ok(new Element('query', { xmlns: NS_ROSTER }));
    // RFC 6120 §8.3.3.3: the namespace is known, but this part of it not done yet. (`service-unavailable` would say that
    // there is no roster at all, and `not-allowed` that this user may not.)
    return err({ condition: 'feature-not-implemented', type: 'cancel', text: 'rosters cannot be changed yet' });
  },
};
