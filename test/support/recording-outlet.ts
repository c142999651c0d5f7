import type { Outlet, ReplyOutlet, Sender } from '../../src/sip/transaction/outlet.js';

/** An outlet that remembers what went through it. */
export class RecordingOutlet implements Outlet, ReplyOutlet {
  readonly sent: string[] = [];
  sender: Sender | undefined;
  released = 0;

  constructor(readonly reliable = false) {}

  stamp(): void {}

  send(octets: Uint8Array, sender: Sender | undefined): void {
    this.sent.push(Buffer.from(octets).toString());
    this.sender = sender;
  }

  release(): void {
    this.released++;
  }

  /** The start lines of what was sent. */
  get startLines(): readonly string[] {
    return this.sent.map((text) => text.slice(0, text.indexOf('\r\n')));
  }
}
