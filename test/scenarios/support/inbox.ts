/** What somebody has received, for a script to wait for. */
export class Inbox<T> {
  #unread: T[] = [];
  #waiting: { readonly matches: (item: T) => boolean; readonly resolve: (item: T) => void }[] = [];

  put(item: T): void {
    const at = this.#waiting.findIndex(({ matches }) => matches(item));
    if (at < 0) this.#unread.push(item);
    else this.#waiting.splice(at, 1)[0]?.resolve(item);
  }

  /** The oldest one that matches, now or as soon as it comes; a script that waits in vain fails by its timeout. */
  next(matches: (item: T) => boolean = () => true): Promise<T> {
    const at = this.#unread.findIndex(matches);
    if (at >= 0) return Promise.resolve(this.#unread.splice(at, 1)[0] as T);
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  /** What came and nobody has waited for. */
  get unread(): readonly T[] {
    return this.#unread;
  }
}
