/** A bounded memory of what texts stood for, so that a text that comes again and again is read once. */

/**
 * Keeps between `size` and twice `size` of the entries used last: two generations, of which the older is dropped when
 * the younger is full. Looking up and adding cost O(1).
 */
export class RecentTexts<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  /** @param maxUnits texts with more UTF-16 units are not remembered */
  constructor(
    private readonly size: number,
    private readonly maxUnits: number,
  ) {}

  get(text: string): T | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.add(text, old);
    return old;
  }

  add(text: string, value: T): void {
    if (text.length > this.maxUnits) return;
    if (this.#young.size >= this.size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, value);
  }
}
