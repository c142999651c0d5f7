/** The bounded queue in front of one socket: what is queued within one turn of the event loop is written at once. */
import type { Socket } from 'node:net';
import type { Element } from 'ltx';
import type { Clock } from '../../base/time.js';

export interface StreamWriterOptions {
  readonly clock: Clock;
  /** Characters that may wait for a slow reader. */
  readonly maxQueued: number;
  /** More than that waits: the connection is to be given up. Called once. */
  readonly onOverflow: () => void;
}

interface Batch {
  readonly text: string;
  /** The stanzas in it that must not get lost. */
  readonly stanzas: readonly Element[];
  /** Who wants to know what became of it. */
  readonly watchers: readonly ((written: boolean) => void)[];
}

export class StreamWriter {
  readonly #options: StreamWriterOptions;
  #socket: Socket;
  #text = '';
  #stanzas: Element[] = [];
  #watchers: ((written: boolean) => void)[] = [];
  #scheduled = false;
  /** The one batch that the socket has and has not confirmed; the next gathers meanwhile. */
  #inFlight: Batch | undefined;
  #inFlightSince = 0;
  #ending = false;
  #ended = false;
  #lost = false;

  constructor(socket: Socket, options: StreamWriterOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Since when the reader has taken nothing of what waits for it, in milliseconds since the Unix epoch. */
  get stalledSince(): number | undefined {
    return this.#inFlight === undefined ? undefined : this.#inFlightSince;
  }

  /** Characters that wait, those in flight among them. */
  get queuedCharacters(): number {
    return this.#text.length + (this.#inFlight?.text.length ?? 0);
  }

  /** The stanzas of which the socket has nothing yet; those in flight may have arrived in part. */
  get unsent(): readonly Element[] {
    return this.#stanzas;
  }

  /** Queues `text`; false when nothing is taken any more. */
  write(text: string, stanza?: Element): boolean {
    if (this.#ending || this.#lost) return false;
    const queued = this.queuedCharacters;
    if (queued + text.length > this.#options.maxQueued && queued > 0) {
      this.#lost = true;
      this.#options.onOverflow();
      return false;
    }
    this.#text += text;
    if (stanza !== undefined) this.#stanzas.push(stanza);
    this.#schedule();
    return true;
  }

  /** Calls back once all that was queued before was handed to the network, or never will be. */
  whenWritten(then: (written: boolean) => void): void {
    if (this.#lost) then(false);
    else if (this.#text === '' && this.#inFlight === undefined) then(true);
    else {
      this.#watchers.push(then);
      this.#schedule();
    }
  }

  /** Half-closes the socket after what is queued. */
  end(): void {
    if (this.#ending || this.#lost) return;
    this.#ending = true;
    this.#schedule();
  }

  /** Goes on with another socket (STARTTLS); everything was written before. */
  moveTo(socket: Socket): void {
    if (this.#text !== '' || this.#inFlight !== undefined) throw new Error('clear text is still queued');
    this.#socket = socket;
  }

  /** The connection is gone: gives back the stanzas that were not handed to the network, oldest first. */
  abandon(): readonly Element[] {
    this.#lost = true;
    const unwritten = [...(this.#inFlight?.stanzas ?? []), ...this.#stanzas];
    const watchers = [...(this.#inFlight?.watchers ?? []), ...this.#watchers];
    this.#inFlight = undefined;
    this.#text = '';
    this.#stanzas = [];
    this.#watchers = [];
    for (const then of watchers) then(false);
    return unwritten;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#lost || this.#inFlight !== undefined) return;
    if (this.#text === '' && this.#watchers.length === 0) {
      this.#endIfAsked();
      return;
    }
    const batch: Batch = { text: this.#text, stanzas: this.#stanzas, watchers: this.#watchers };
    this.#inFlight = batch;
    this.#inFlightSince = this.#options.clock.now();
    this.#text = '';
    this.#stanzas = [];
    this.#watchers = [];
    const socket = this.#socket;
    socket.write(batch.text, (cause) => {
      // Node reports a write that was cut off by `destroy` as a success; `abandon` follows and gives it back.
      if (this.#inFlight !== batch || cause || socket.destroyed) return;
      this.#inFlight = undefined;
      for (const then of batch.watchers) then(true);
      this.#flush();
    });
  }

  #endIfAsked(): void {
    if (!this.#ending || this.#ended) return;
    this.#ended = true;
    this.#socket.end();
  }
}
