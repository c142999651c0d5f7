/**
 * Presence of the connected resources (RFC 6121 §4): broadcast among the resources of one account, directed presence,
 * probes. This version keeps no subscriptions: between accounts every state is "None" (RFC 6121 Appendix A).
 */
import { Element } from 'ltx';
import type { Jid } from '../address/jid.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import { NS_CLIENT } from '../stream/namespaces.js';
import { stanzaText } from '../stream/stanza-text.js';
import type { Session, SessionTable } from './session.js';

/** What is answered to requests about subscriptions, the same for every address, so that nothing is told about accounts. */
export const NO_SUBSCRIPTIONS: StanzaError = {
  condition: 'feature-not-implemented',
  type: 'cancel',
  text: 'presence subscriptions between accounts of this server are not supported yet',
};

export const SUBSCRIPTION_TYPES: ReadonlySet<string> = new Set([
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
]);

const PRESENCE_TYPES: ReadonlySet<string> = new Set([...SUBSCRIPTION_TYPES, 'error', 'probe', 'unavailable']);

/** Whether a presence has one of the types of RFC 6121 §4.7.1, or none. */
export function hasKnownType(presence: Element): boolean {
  const type: string | undefined = presence.attrs.type;
  return type === undefined || PRESENCE_TYPES.has(type);
}

/** `priority` as a number from -128 to 127; what is no such number counts as 0 (RFC 6121 §4.7.2.3). */
export function priorityOf(presence: Element): number {
  const text = presence.getChildText('priority', NS_CLIENT)?.trim();
  const priority = text !== undefined && /^[+-]?\d{1,3}$/.test(text) ? Number(text) : 0;
  return priority >= -128 && priority <= 127 ? priority : 0;
}

export class LocalPresence {
  readonly #sessions: SessionTable;
  readonly #route: (presence: Element, to: Jid, from: Jid) => void;
  readonly #maxDirected: number;

  /**
   * @param route sends a presence that this server made to whoever it is for
   * @param maxDirected addresses with directed presence that one session may have
   */
  constructor(sessions: SessionTable, route: (presence: Element, to: Jid, from: Jid) => void, maxDirected: number) {
    this.#sessions = sessions;
    this.#route = route;
    this.#maxDirected = maxDirected;
  }

  /**
   * A session's presence without `to`: absent type or `unavailable`.
   * @returns true when the resource begins to take messages: offline ones go to it now (XEP-0160 §2)
   */
  broadcast(session: Session, presence: Element): boolean {
    presence.attrs.to = session.bare;
    if (presence.attrs.type === 'unavailable') {
      this.#leave(session, presence);
      return false;
    }
    const first = !session.available;
    const listened = session.available && session.priority >= 0;
    session.presence = presence;
    session.priority = priorityOf(presence);
    this.#toAvailable(session.bare, presence); // RFC 6121 §4.2.2, §4.4.2: the sender's own resource gets it too
    if (first) this.#showSiblings(session);
    return !listened && session.priority >= 0;
  }

  /** The stream is gone: its unavailable presence is made for it (RFC 6121 §4.5.4). */
  ended(session: Session): void {
    if (!session.available && session.directed.size === 0) return;
    this.#leave(session, unavailable(session.full, session.bare));
  }

  /**
   * Notes directed presence on its way out (RFC 6121 §4.6.3).
   * @returns false when the session has more of it than the limit
   */
  direct(session: Session, presence: Element, to: Jid): boolean {
    const address = to.toString();
    if (presence.attrs.type === 'unavailable') session.directed.delete(address);
    if (presence.attrs.type !== undefined) return true;
    if (session.directed.size >= this.#maxDirected && !session.directed.has(address)) return false;
    session.directed.set(address, to);
    return true;
  }

  /** Presence for a local account, from wherever: all types but those of subscriptions (RFC 6121 §8.5). */
  deliver(presence: Element, to: Jid, from: Jid): void {
    const { type } = presence.attrs;
    if (type === 'probe') this.#answerProbe(presence, to, from);
    else if (to.resource !== undefined)
      this.#toMatch(presence, to); // §8.5.3
    else if (type !== 'error') this.#toAvailable(to.toString(), presence); // §8.5.2.1.2, §8.5.2.2.2
  }

  /** Whether `session` has shown itself to `asker`: same account, or directed presence (RFC 6121 §8.5.3.1). */
  isKnownTo(session: Session, asker: Jid): boolean {
    const bare = asker.bare.toString();
    return bare === session.bare || session.directed.has(bare) || session.directed.has(asker.toString());
  }

  /** RFC 6121 §4.3.2. Without subscriptions only the account itself, and those with directed presence, may know. */
  #answerProbe(probe: Element, to: Jid, from: Jid): void {
    const about = this.#sessions
      .ofAccount(to.bare.toString())
      .filter((session) => to.resource === undefined || session.jid.resource === to.resource);
    const shown = about.filter((session) => session.available && this.isKnownTo(session, from));
    for (const session of shown) this.#route(readdressed(session.presence!, from.toString()), from, session.jid);
    if (shown.length > 0 || from.bare.equals(to.bare)) return;
    const refusal = new Element('presence', {
      xmlns: NS_CLIENT,
      type: 'unsubscribed',
      from: to.bare.toString(),
      to: from.toString(),
      ...(probe.attrs.id !== undefined && { id: probe.attrs.id }),
    });
    this.#route(refusal, from, to.bare);
  }

  /** RFC 6121 §4.5.2: the own resources, and everybody with directed presence, learn that this one is gone. */
  #leave(session: Session, presence: Element): void {
    if (session.available) this.#toAvailable(session.bare, presence);
    session.presence = undefined;
    session.priority = 0;
    const owed = [...session.directed.values()];
    session.directed.clear();
    for (const to of owed) this.#route(readdressed(presence, to.toString()), to, session.jid);
  }

  /** A new resource learns which others of its account are there (RFC 6121 §4.2.2). */
  #showSiblings(session: Session): void {
    for (const sibling of this.#sessions.ofAccount(session.bare)) {
      if (sibling !== session && sibling.presence !== undefined) send(session, sibling.presence);
    }
  }

  #toAvailable(bareJid: string, presence: Element): void {
    const text = stanzaText(presence);
    for (const session of this.#sessions.ofAccount(bareJid)) {
      if (session.available) session.output.send(text, presence);
    }
  }

  #toMatch(presence: Element, to: Jid): void {
    const match = this.#sessions.find(to.toString());
    if (match !== undefined) send(match, presence);
  }
}

function send(session: Session, stanza: Element): void {
  session.output.send(stanzaText(stanza), stanza);
}

function unavailable(from: string, to: string): Element {
  return new Element('presence', { xmlns: NS_CLIENT, type: 'unavailable', from, to });
}

/** The same presence for somebody else; the children are shared, not copied. */
function readdressed(presence: Element, to: string): Element {
  const copy = new Element(presence.name, { ...presence.attrs, to });
  copy.children = presence.children;
  return copy;
}
