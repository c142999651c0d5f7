/** A map for tables whose entries come and go with every message; it knows which is the oldest. */

/** An entry, linked to the ones before and after it in the order of setting. */
class Link<K, V> {
  older: Link<K, V> | undefined;
  newer: Link<K, V> | undefined;

  constructor(
    readonly key: K,
    public value: V,
  ) {}
}

/**
 * Every operation costs O(1). It does two things that the Map of the language, as V8 makes it, does badly where entries come
 * and go:
 *
 * - That keeps the places of deleted entries until it grows. Where each new entry ends the oldest one, asking it for the first
 *   key walks over thousands of such places: measured, 11 µs a time with 20,000 entries.
 * - That moves to a new store every few hundred additions, and leaves an old one that holds all that was in it until the next
 *   full collection: objects that would be gone in a moment are copied again and again. Here the stores hold links that
 *   hold nothing once they are deleted: measured, 2.6 µs instead of 16 for an entry of 5 KiB among 200.
 */
export class AgingMap<K, V> {
  readonly #links = new Map<K, Link<K, V>>();
  #oldest: Link<K, V> | undefined;
  #newest: Link<K, V> | undefined;

  get size(): number {
    return this.#links.size;
  }

  /** The entry that was set first; to be read before it is deleted. */
  get oldest(): { readonly key: K; readonly value: V } | undefined {
    return this.#oldest;
  }

  get(key: K): V | undefined {
    return this.#links.get(key)?.value;
  }

  /** Sets a value; the entry is the newest from now on, whether the key is new or not. */
  set(key: K, value: V): void {
    this.delete(key);
    const link = new Link(key, value);
    link.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = link;
    else this.#newest.newer = link;
    this.#newest = link;
    this.#links.set(key, link);
  }

  /** False when there was no such entry. */
  delete(key: K): boolean {
    const link = this.#links.get(key);
    if (link === undefined) return false;
    this.#links.delete(key);
    if (link.older === undefined) this.#oldest = link.newer;
    else link.older.newer = link.newer;
    if (link.newer === undefined) this.#newest = link.older;
    else link.newer.older = link.older;
    link.older = link.newer = undefined;
    (link as { value: V | undefined }).value = undefined;
    return true;
  }
}
