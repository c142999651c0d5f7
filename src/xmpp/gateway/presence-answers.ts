/**
 * The gateway's answers to presence for SIP users, who share none with XMPP in this version: no subscription exists, none is
 * granted, and whoever asks is told so (RFC 6121 §3.1.4, §4.3.2).
 */
import { Element } from 'ltx';
import { errorReply } from '../stanza/error-reply.js';
import { stanzaError } from '../stanza/error-type.js';
import { NS_CLIENT } from '../stream/namespaces.js';

/** The answers to a presence stanza, perhaps none. */
export function presenceAnswer(presence: Element): readonly Element[] {
  switch (presence.attrs.type as string | undefined) {
    case 'subscribe': // a refusal (RFC 6121 §3.2)
    case 'probe': // there is no subscription to answer for (RFC 6121 §4.3.2 rule 1)
      return [refusal(presence)];
    case undefined:
    case 'unavailable':
    case 'subscribed':
    case 'unsubscribe':
    case 'unsubscribed':
    case 'error':
      // notifications, and the ends of subscriptions that are none, change nothing (RFC 6121 Appendix A.3); errors are never answered
      return [];
    default:
      return [errorReply(presence, stanzaError('bad-request', 'expected a type of RFC 6121, or none'))]; // RFC 6121 §4.7.1
  }
}

/** From the bare JID, mirroring the id (RFC 6121 §4.3.2). */
function refusal(presence: Element): Element {
  const { from, to, id } = presence.attrs as Record<string, string | undefined>;
  const answer = new Element('presence', { xmlns: NS_CLIENT, type: 'unsubscribed' });
  if (to !== undefined) answer.attrs.from = to.split('/', 1)[0];
  if (from !== undefined) answer.attrs.to = from.split('/', 1)[0];
  if (id !== undefined) answer.attrs.id = id;
  return answer;
}
