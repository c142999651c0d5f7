/** Messages kept for accounts without a resource to take them, and brought to the next one (XEP-0160, XEP-0203). */
import { Element } from 'ltx';
import type { Log } from '../../base/log.js';
import { err, ok, type Result } from '../../base/result.js';
import type { Clock } from '../../base/time.js';
import { delayStamp } from '../stanza/delay.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import { stanzaText } from '../stream/stanza-text.js';
import type { AccountStore } from './account-store.js';
import { UNAVAILABLE } from './message-delivery.js';
import { offlineFate } from './offline-rules.js';
import type { OfflineMessage, OfflineStore } from './offline-store.js';
import type { Session } from './session.js';

/** What is written in one go while offline messages are brought to a client, in characters. */
const FLUSH_CHUNK = 64 * 1024;

/** Unlike the usual type of this condition: the same message may well be kept later. */
export const STORE_FAILED: StanzaError = { condition: 'internal-server-error', type: 'wait' };

export class OfflineMessages {
  readonly #accounts: AccountStore;
  readonly #store: OfflineStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limit: number;
  readonly #maxOctets: number;

  /**
   * @param limit messages kept for one account
   * @param maxOctets octets of them; they are all in memory while they are brought to a client
   */
  constructor(accounts: AccountStore, store: OfflineStore, clock: Clock, log: Log, limit: number, maxOctets: number) {
    this.#accounts = accounts;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#limit = limit;
    this.#maxOctets = maxOctets;
  }

  /**
   * Keeps a message of type normal or chat for the account `bareJid`. Resolves with ok when it is durable, or is one that
   * nobody keeps; with the error for its sender otherwise. Never rejects.
   */
  async keep(message: Element, bareJid: string, domain: string): Promise<Result<void, StanzaError>> {
    try {
      if ((await this.#accounts.account(bareJid)) === undefined) return err(UNAVAILABLE); // RFC 6121 §8.5.1
      const fate = offlineFate(message);
      if (fate === 'ignore') return ok(undefined);
      if (fate === 'refuse') return err(UNAVAILABLE);
      const text = this.#delayed(message, domain);
      const stored = await this.#store.storeOffline(bareJid, text, this.#limit, this.#maxOctets);
      return stored ? ok(undefined) : err(UNAVAILABLE); // XEP-0160 §2: the queue is full
    } catch (cause) {
      this.#log.error('offline message not stored', { account: bareJid, reason: String(cause) });
      return err(STORE_FAILED);
    }
  }

  /**
   * Writes what was kept to `session`, in order, and forgets each message once it was handed to the network. What cannot
   * be written stays for the next time. Never rejects.
   */
  async flush(session: Session): Promise<void> {
    try {
      const messages = await this.#store.loadOffline(session.bare);
      for (let start = 0; start < messages.length; ) {
        const end = chunkEnd(messages, start);
        const chunk = messages.slice(start, end);
        if (!(await this.#write(session, chunk))) return;
        await this.#store.removeOffline(
          session.bare,
          chunk.map((message) => message.key),
        );
        start = end;
      }
    } catch (cause) {
      this.#log.error('offline messages not brought', { account: session.bare, reason: String(cause) });
    }
  }

  /** True when all of `chunk` was handed to the network. Stops for a resource that no longer listens (XEP-0160 §2). */
  #write(session: Session, chunk: readonly OfflineMessage[]): Promise<boolean> {
    const listens = !session.ended && session.available && session.priority >= 0;
    if (!listens || !chunk.every((message) => session.output.send(message.stanza, undefined))) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => session.output.whenWritten(resolve));
  }

  /** The text to keep: with the time of arrival, which is what the client will show (XEP-0203 §4). */
  #delayed(message: Element, domain: string): string {
    const copy = new Element(message.name, message.attrs);
    copy.children = [...message.children, delayStamp(this.#clock.now(), domain)];
    return stanzaText(copy);
  }
}

/** The index after the messages from `start` that fit into one chunk: at least one. */
function chunkEnd(messages: readonly OfflineMessage[], start: number): number {
  let end = start;
  let length = 0;
  do length += messages[end++]!.stanza.length;
  while (end < messages.length && length + messages[end]!.stanza.length <= FLUSH_CHUNK);
  return end;
}
