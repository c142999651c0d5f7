/** A set of Unicode code points, kept as sorted ranges. */
export class CodePointSet {
  readonly #text: string;
  #first: Uint32Array | undefined;
  #last: Uint32Array | undefined;

  /** @param text sorted hexadecimal code points and ranges, separated by white space: `30-39 b2`; read at first use */
  constructor(text: string) {
    this.#text = text;
  }

  has(codePoint: number): boolean {
    const first = this.#first ?? this.#read();
    let low = 0;
    let high = first.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (codePoint < first[middle]!) high = middle - 1;
      else if (codePoint > this.#last![middle]!) low = middle + 1;
      else return true;
    }
    return false;
  }

  #read(): Uint32Array {
    const ranges = this.#text.trim().split(/\s+/);
    const ends = ranges.map((range) => range.split('-').map((digits) => Number.parseInt(digits, 16)));
    this.#last = Uint32Array.from(ends, ([first, last]) => last ?? first!);
    this.#first = Uint32Array.from(ends, ([first]) => first!);
    return this.#first;
  }
}
