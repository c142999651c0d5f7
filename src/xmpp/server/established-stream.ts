/** IQs about the stream itself that may come after its negotiation (RFC 6120 §7, RFC 3921 §3). */
import { err, ok } from '../../base/result.js';
import { stanzaError } from '../stanza/error-type.js';
import { NS_BIND, NS_SESSION } from '../stream/namespaces.js';
import type { IqFeature } from './iq-feature.js';

/** COMPAT: RFC 3921 clients open a session after binding; since RFC 6121 that does nothing and always succeeds. */
export const legacySession: IqFeature = {
  name: 'session',
  xmlns: NS_SESSION,
  forServer: () => ok(undefined),
  forOwnAccount: () => ok(undefined),
};

/** One resource a stream: a second one is refused (RFC 6120 §7.1). */
export const secondBinding: IqFeature = {
  name: 'bind',
  xmlns: NS_BIND,
  forServer: () => err(stanzaError('not-allowed')),
  forOwnAccount: () => err(stanzaError('not-allowed')),
};
