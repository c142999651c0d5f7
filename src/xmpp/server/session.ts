/** The connected resources of the local accounts (RFC 6120 §7, RFC 6121 §4.2). */
import type { Element } from 'ltx';
import type { Jid } from '../address/jid.js';
import type { StreamError } from '../stream/stream-error.js';

/** Where the stanzas of one session go; the wire's bounded queue in front of a socket. */
export interface SessionOutput {
  /**
   * Queues one stanza as text.
   * @param stanza what is to be delivered otherwise if the stream ends before it is written; undefined: nothing
   * @returns false when nothing more can be queued: the stream is closing, or its reader too slow
   */
  send(text: string, stanza: Element | undefined): boolean;
  /** Calls back once: true when everything queued until now was handed to the network, false when it never will be. */
  whenWritten(then: (written: boolean) => void): void;
  /** Ends the stream with an error. Afterwards the session's `disconnected` comes, as for any other end. */
  end(error: StreamError): void;
  /** Whether the client still answers: true at once if it was just heard, else after asking it. Never rejects. */
  answers(): Promise<boolean>;
}

/** One connected resource. */
export class Session {
  readonly jid: Jid;
  /** The JID as text, full and bare. */
  readonly full: string;
  readonly bare: string;
  readonly output: SessionOutput;
  /** Default language of its stanzas (RFC 6120 §4.7.4). */
  readonly lang: string | undefined;
  /** The last broadcast presence, while the resource is available (RFC 6121 §4.2.1). */
  presence: Element | undefined;
  /** Of that presence (RFC 6121 §4.7.2.3). */
  priority = 0;
  /** Who got directed presence and is owed an unavailable (RFC 6121 §4.6.3), by the text of the address. */
  readonly directed = new Map<string, Jid>();
  /** Set once its stream is gone. */
  ended = false;

  constructor(jid: Jid, output: SessionOutput, lang: string | undefined) {
    this.jid = jid;
    this.full = jid.toString();
    this.bare = jid.bare.toString();
    this.output = output;
    this.lang = lang;
  }

  get available(): boolean {
    return this.presence !== undefined;
  }
}

const NOBODY: readonly Session[] = [];

/** All sessions, found by full and by bare JID without a scan. */
export class SessionTable {
  readonly #byFull = new Map<string, Session>();
  /** An account has few resources (`limits.resourcesPerAccount`): walking them is the cost of a bare JID. */
  readonly #byBare = new Map<string, Session[]>();

  get size(): number {
    return this.#byFull.size;
  }

  add(session: Session): void {
    this.#byFull.set(session.full, session);
    const siblings = this.#byBare.get(session.bare);
    if (siblings === undefined) this.#byBare.set(session.bare, [session]);
    else siblings.push(session);
  }

  remove(session: Session): void {
    if (this.#byFull.get(session.full) !== session) return;
    this.#byFull.delete(session.full);
    const left = (this.#byBare.get(session.bare) ?? []).filter((sibling) => sibling !== session);
    if (left.length > 0) this.#byBare.set(session.bare, left);
    else this.#byBare.delete(session.bare);
  }

  find(fullJid: string): Session | undefined {
    return this.#byFull.get(fullJid);
  }

  ofAccount(bareJid: string): readonly Session[] {
    return this.#byBare.get(bareJid) ?? NOBODY;
  }

  all(): Iterable<Session> {
    return this.#byFull.values();
  }
}
