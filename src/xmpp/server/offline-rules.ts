/** Which messages are kept for an account without a resource to take them (XEP-0160 §3, XEP-0334 §4). */
import type { Element } from 'ltx';

/** What becomes of a message that may be kept by its type. */
export type OfflineFate =
  | 'store'
  /** Its sender forbade keeping it, so that it goes back. */
  | 'refuse'
  /** It only means something now: a chat state, a receipt. Nobody misses it, and an error would only confuse. */
  | 'ignore';

const NS_HINTS = 'urn:xmpp:hints';

/** Payloads that are no content by themselves. */
const MOMENTARY: ReadonlySet<string | undefined> = new Set([
  'http://jabber.org/protocol/chatstates',
  'urn:xmpp:receipts',
  'urn:xmpp:chat-markers:0',
  'urn:xmpp:delay',
  'urn:xmpp:sid:0',
  NS_HINTS,
]);

/** Names in the content namespace that are no content by themselves. */
const MOMENTARY_NAMES: ReadonlySet<string> = new Set(['thread', 'error']);

/** For messages of type normal and chat; the other types are never kept (XEP-0160 §3). */
export function offlineFate(message: Element): OfflineFate {
  const hints = message.getChildElements().filter((child) => child.getNS() === NS_HINTS);
  const hasHint = (name: string) => hints.some((hint) => hint.getName() === name);
  const content = message.getChildElements().some(isContent);
  // XEP-0334 §4.2; `no-permanent-store` is about archives and leaves this alone (§4.1).
  if (hasHint('no-store')) return content ? 'refuse' : 'ignore';
  return content || hasHint('store') ? 'store' : 'ignore';
}

function isContent(child: Element): boolean {
  const xmlns = child.getNS();
  return xmlns === 'jabber:client' ? !MOMENTARY_NAMES.has(child.getName()) : !MOMENTARY.has(xmlns);
}
