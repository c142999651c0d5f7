/** Sends numbered message stanzas to many SIP users at little cost, through whatever writes text to a stream. */
import type { Source } from './load.js';

export interface StanzaSourceOptions {
  /** SIP users `user0@…` and so on; slot after slot takes the next one. */
  readonly targets: number;
  readonly toDomain: string;
  /** The sender, for streams that do not know it; absent on a client's own stream. */
  readonly from?: string;
}

/** What is written in one turn of the event loop leaves in one piece. */
export class StanzaSource implements Source {
  readonly endsWith = 'arrival';
  #pending = '';

  constructor(
    private readonly options: StanzaSourceOptions,
    private readonly write: (xml: string) => void,
  ) {}

  send(slot: number, number: number): void {
    const { targets, toDomain, from } = this.options;
    const digits = number.toString(16).padStart(8, '0');
    const sender = from === undefined ? '' : `from='${from}' `;
    if (this.#pending === '') setImmediate(() => this.#flush());
    this.#pending += `<message ${sender}to='user${slot % targets}@${toDomain}' id='m${digits}'><body>#${digits} Art thou not Romeo, and a Montague?</body></message>`;
  }

  /** A stream loses nothing. */
  retransmit(): number {
    return 0;
  }

  close(): void {}

  #flush(): void {
    const xml = this.#pending;
    this.#pending = '';
    this.write(xml);
  }
}
