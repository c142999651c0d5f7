/** Delivery of messages to the local accounts (RFC 6121 §8.5), in order for each account. */
import type { Element } from 'ltx';
import { err, ok, type Result } from '../../base/result.js';
import type { Jid } from '../address/jid.js';
import { stanzaError } from '../stanza/error-type.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import { stanzaText } from '../stream/stanza-text.js';
import type { AccountQueues } from './account-queue.js';
import { messageDelivery, messageType, UNAVAILABLE } from './message-delivery.js';
import type { OfflineMessages } from './offline-messages.js';
import type { Session, SessionTable } from './session.js';

/** Ok: queued to a socket, or durable offline, or of a kind that ends quietly. Else what its sender is owed. */
export type Delivered = Result<void, StanzaError>;

const TAKEN: Delivered = ok(undefined);

export class LocalMessages {
  readonly #sessions: SessionTable;
  readonly #queues: AccountQueues;
  readonly #offline: OfflineMessages;

  constructor(sessions: SessionTable, queues: AccountQueues, offline: OfflineMessages) {
    this.#sessions = sessions;
    this.#queues = queues;
    this.#offline = offline;
  }

  /**
   * Delivers a message addressed to a local account; at once when a resource takes it and nothing of that account is
   * waited for. The promise never rejects.
   */
  deliver(message: Element, to: Jid): Delivered | Promise<Delivered> {
    const bare = to.bare.toString();
    if (this.#queues.busy(bare)) return this.#deliverInTurn(message, to, bare);
    const outcome = this.#deliverNow(message, to, bare);
    if (outcome instanceof Promise) this.#queues.run(bare, () => outcome.then(() => undefined));
    return outcome;
  }

  #deliverInTurn(message: Element, to: Jid, bare: string): Promise<Delivered> {
    return new Promise((resolve) => {
      const taken = this.#queues.run(bare, () => {
        const outcome = this.#deliverNow(message, to, bare);
        if (outcome instanceof Promise) return outcome.then(resolve);
        resolve(outcome);
        return undefined;
      });
      if (!taken) resolve(err(stanzaError('resource-constraint')));
    });
  }

  #deliverNow(message: Element, to: Jid, bare: string): Delivered | Promise<Delivered> {
    const match = to.resource === undefined ? undefined : this.#sessions.find(to.toString());
    return this.#decide(message, to, match, this.#sessions.ofAccount(bare));
  }

  #decide(
    message: Element,
    to: Jid,
    match: Session | undefined,
    sessions: readonly Session[],
  ): Delivered | Promise<Delivered> {
    const addressed = to.resource === undefined ? ({ form: 'bare' } as const) : ({ form: 'full', match } as const);
    const delivery = messageDelivery(messageType(message.attrs.type), addressed, sessions);
    switch (delivery.kind) {
      case 'deliver': {
        const text = stanzaText(message);
        const deaf = delivery.resources.filter((session) => !session.output.send(text, message));
        if (deaf.length < delivery.resources.length) return TAKEN;
        // Streams on their way out take nothing more: as if their resources were gone already.
        const others = sessions.filter((session) => !deaf.includes(session));
        return this.#decide(message, to, undefined, others);
      }
      case 'store':
        return this.#offline.keep(message, to.bare.toString(), to.domain);
      case 'refuse':
        return err(UNAVAILABLE);
      case 'ignore':
        return TAKEN;
    }
  }
}
