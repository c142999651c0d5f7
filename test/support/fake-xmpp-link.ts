import type { Element } from 'ltx';
import { err, ok, type Result } from '../../src/base/result.js';
import type { DeliveryFailure, LinkCause, XmppLink } from '../../src/xmpp/link.js';
import type { StanzaError } from '../../src/xmpp/stanza/stanza-error.js';

/** A message stanza that was handed over, and what becomes of it. */
export interface Delivery {
  readonly stanza: Element;
  readonly done: boolean;
  /** The XMPP side has it. */
  take(): void;
  /** The XMPP side answers with a stanza error. */
  refuse(error: StanzaError, from?: string): void;
  fail(cause: LinkCause): void;
}

/** The XMPP side in memory: takes every message at once, unless `holds` keeps it open for the test. */
export class FakeXmppLink implements XmppLink {
  up = true;
  /** Whether deliveries wait for the test to end them. */
  holds = false;
  /** Whether `send` takes anything. */
  accepts = true;
  readonly deliveries: Delivery[] = [];
  /** What nobody waits for: errors, results. */
  readonly sent: Element[] = [];
  #take: ((stanza: Element) => void) | undefined;

  get last(): Delivery {
    const last = this.deliveries.at(-1);
    if (last === undefined) throw new Error('nothing was delivered to XMPP');
    return last;
  }

  deliver(stanza: Element): Promise<Result<void, DeliveryFailure>> {
    if (!this.up) return Promise.resolve(err({ kind: 'local', cause: 'link-down' }));
    return new Promise((resolve) => {
      const entry = {
        stanza,
        done: false,
        take() {
          entry.done = true;
          resolve(ok(undefined));
        },
        refuse(error: StanzaError, from: string = stanza.attrs.to) {
          entry.done = true;
          resolve(err({ kind: 'refused', error, from }));
        },
        fail(cause: LinkCause) {
          entry.done = true;
          resolve(err({ kind: 'local', cause }));
        },
      };
      this.deliveries.push(entry);
      if (!this.holds) entry.take();
    });
  }

  send(stanza: Element): boolean {
    if (!this.up || !this.accepts) return false;
    this.sent.push(stanza);
    return true;
  }

  onStanza(take: (stanza: Element) => void): void {
    this.#take = take;
  }

  /** A stanza of an XMPP user or server. */
  receive(stanza: Element): void {
    if (this.#take === undefined) throw new Error('nobody takes stanzas');
    this.#take(stanza);
  }
}
