/** Finds the numbers in the bodies of message stanzas on a stream, without parsing the XML. */
import { readNumber } from './load.js';

const MARK = Buffer.from('<body>#', 'latin1');
const DIGITS = 8;

export class NumberedBodies {
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly take: (number: number) => void) {}

  push(chunk: Buffer): void {
    const octets = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const found = octets.indexOf(MARK, at);
      if (found < 0) {
        // the end of the chunk may be the beginning of a mark
        this.#rest = octets.subarray(Math.max(at, octets.length - MARK.length + 1));
        return;
      }
      if (octets.length - found < MARK.length + DIGITS) {
        this.#rest = octets.subarray(found);
        return;
      }
      at = found + MARK.length + DIGITS;
      this.take(readNumber(octets, found + MARK.length, DIGITS));
    }
  }
}
