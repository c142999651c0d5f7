/**
 * The promise behind a 200: a server handles the stanzas of a stream in their order (RFC 6120 §10.1), so its answer to a
 * ping (XEP-0199) says that it has taken every message before that ping, and an error for one of them has come by then.
 */
import { AgingMap } from '../../base/aging-map.js';
import { err, ok, type Result } from '../../base/result.js';
import type { DeliveryFailure } from '../link.js';
import type { StanzaError } from '../stanza/stanza-error.js';

export type Settled = Result<void, DeliveryFailure>;

interface Delivery {
  readonly id: string;
  /** Bare JID of the addressee. */
  readonly to: string;
  readonly settle: (settled: Settled) => void;
  settled: boolean;
}

interface Ping {
  readonly id: string;
  /** How many of the waiting deliveries it covers. */
  covers: number;
}

const TAKEN: Settled = ok(undefined);

/** The messages of one stream that wait for their confirmation. Memory: one entry for each. */
export class DeliveryBarrier {
  /** In the order of sending; what is done with goes at once, since it holds its stanza. */
  #deliveries: Delivery[] = [];
  readonly #byId = new AgingMap<string, Delivery>();
  #ping: Ping | undefined;

  /** How many wait. */
  get waiting(): number {
    return this.#byId.size;
  }

  /** Whether a message of this id waits. */
  has(id: string): boolean {
    return this.#byId.get(id) !== undefined;
  }

  /** True while a ping is out. */
  get pinging(): boolean {
    return this.#ping !== undefined;
  }

  /** A message is about to be sent; `settle` hears its fate once. Its id must not wait here already. */
  add(id: string, to: string, settle: (settled: Settled) => void): void {
    const delivery = { id, to: bareOf(to), settle, settled: false };
    this.#deliveries.push(delivery);
    this.#byId.set(id, delivery);
  }

  /** A ping of this id is about to be sent, and covers every message so far. One is out at a time. */
  sendPing(id: string): void {
    this.#ping = { id, covers: this.#deliveries.length };
  }

  /**
   * An IQ result or error came.
   * @returns whether it is the answer to the ping; then the covered messages are taken
   */
  answered(id: string): boolean {
    const ping = this.#ping;
    if (ping === undefined || ping.id !== id) return false;
    this.#settleCovered(ping, TAKEN);
    return true;
  }

  /** The ping has waited long enough: what it covers may or may not arrive. */
  timedOut(): void {
    if (this.#ping !== undefined) this.#settleCovered(this.#ping, local('unconfirmed'));
  }

  /**
   * An error stanza came for the message `id`.
   * @returns whether that message waits here and went to that address; then it is refused
   */
  refused(id: string, from: string, error: StanzaError): boolean {
    const delivery = this.#byId.get(id);
    if (delivery === undefined || delivery.to !== bareOf(from)) return false;
    this.#settle(delivery, err({ kind: 'refused', error, from }));
    return true;
  }

  /** The stream broke. `unwritten`: the ids of messages that never reached the network. */
  broke(unwritten: ReadonlySet<string>): void {
    this.#ping = undefined;
    for (const delivery of this.#deliveries.splice(0)) {
      this.#settle(delivery, local(unwritten.has(delivery.id) ? 'link-down' : 'unconfirmed'));
    }
  }

  #settleCovered(ping: Ping, settled: Settled): void {
    this.#ping = undefined;
    for (const delivery of this.#deliveries.splice(0, ping.covers)) this.#settle(delivery, settled);
  }

  #settle(delivery: Delivery, settled: Settled): void {
    if (delivery.settled) return;
    delivery.settled = true;
    this.#byId.delete(delivery.id);
    delivery.settle(settled);
  }
}

function local(cause: 'link-down' | 'unconfirmed'): Settled {
  return err({ kind: 'local', cause });
}

function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}
