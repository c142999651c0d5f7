/** The header fields of one message, in order and as they were spelled (RFC 3261 §7.3). */
import { isToken } from './characters.js';
import { headerKey, isListHeader } from './header-name.js';
import { nextComma, splitList } from './list.js';

/** Lines as a parser reads them, in three lists of equal length. */
export interface ParsedLines {
  /** As written. */
  readonly names: string[];
  /** As `headerKey` gives them. */
  readonly keys: string[];
  /** Unfolded and trimmed. */
  readonly values: string[];
}

/** Header fields in order; look-up takes a name in any case, full or compact. */
export class HeaderFields {
  readonly #names: string[];
  readonly #keys: string[];
  readonly #values: string[];
  #version = 0;

  /** Names and values as `add` takes them. */
  constructor(entries?: Iterable<readonly [name: string, value: string]>, parsed?: ParsedLines) {
    this.#names = parsed?.names ?? [];
    this.#keys = parsed?.keys ?? [];
    this.#values = parsed?.values ?? [];
    for (const [name, value] of entries ?? []) this.add(name, value);
  }

  /** Takes over what a parser read, without a copy. */
  static ofParsed(lines: ParsedLines): HeaderFields {
    return new HeaderFields(undefined, lines);
  }

  /** Grows with every change, so that who keeps a parsed value knows when it is old. */
  get version(): number {
    return this.#version;
  }

  /** The number of header lines. */
  get size(): number {
    return this.#names.length;
  }

  /** The first value, unfolded and trimmed; of a list header the first element. */
  get(name: string): string | undefined {
    const key = headerKey(name);
    const line = this.firstLine(key);
    if (line === undefined || !isListHeader(key) || !line.includes(',')) return line;
    return splitList(line).find((element) => element !== '');
  }

  /** All values in order; the elements of list headers one by one, empty ones left out. */
  getAll(name: string): readonly string[] {
    const key = headerKey(name);
    const lines = this.lines(key);
    if (!isListHeader(key)) return lines;
    return lines.flatMap((line) => splitList(line).filter((element) => element !== ''));
  }

  /** The value of the first line with this key (see `headerKey`), a list not split. */
  firstLine(key: string): string | undefined {
    const at = this.#keys.indexOf(key);
    return at < 0 ? undefined : this.#values[at];
  }

  /** The values of all lines with this key (see `headerKey`), lists not split. */
  lines(key: string): string[] {
    const out: string[] = [];
    for (let at = this.#keys.indexOf(key); at >= 0; at = this.#keys.indexOf(key, at + 1)) out.push(this.#values[at]!);
    return out;
  }

  has(name: string): boolean {
    return this.#keys.includes(headerKey(name));
  }

  /** Replaces all lines of this name by one, in the place of the first, or at the end. */
  set(name: string, value: string): void {
    check(name, value);
    const key = headerKey(name);
    const at = this.#keys.indexOf(key);
    if (at < 0) {
      this.#append(name, key, value);
      return;
    }
    this.#version++;
    this.#names[at] = name;
    this.#values[at] = value;
    for (let i = this.#keys.indexOf(key, at + 1); i >= 0; i = this.#keys.indexOf(key, i)) this.#removeAt(i);
  }

  /** One more line at the end. A name that is no token or a value with CR or LF is our own bug, and throws. */
  add(name: string, value: string): void {
    check(name, value);
    this.#append(name, headerKey(name), value);
  }

  /** One more line before all others. */
  prepend(name: string, value: string): void {
    check(name, value);
    this.#version++;
    this.#names.unshift(name);
    this.#keys.unshift(headerKey(name));
    this.#values.unshift(value);
  }

  /** Removes all lines of this name. */
  remove(name: string): void {
    const key = headerKey(name);
    for (let i = this.#keys.indexOf(key); i >= 0; i = this.#keys.indexOf(key, i)) this.#removeAt(i);
  }

  /** Removes the first value; of a list header the first element, and its line when that is empty then. */
  removeFirst(name: string): void {
    const key = headerKey(name);
    const at = this.#keys.indexOf(key);
    if (at < 0) return;
    const value = this.#values[at]!;
    const comma = isListHeader(key) ? nextComma(value, 0) : -1;
    const rest = comma < 0 ? '' : value.slice(comma + 1).trim();
    if (rest === '') {
      this.#removeAt(at);
    } else {
      this.#version++;
      this.#values[at] = rest;
    }
  }

  /** Every line, in order, as written. */
  *entries(): IterableIterator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i]!, this.#values[i]!];
  }

  /** A copy that can be changed on its own. */
  clone(): HeaderFields {
    return HeaderFields.ofParsed({ names: [...this.#names], keys: [...this.#keys], values: [...this.#values] });
  }

  /** Copies all lines with this key (see `headerKey`) from `other` to the end, as they are spelled there. */
  copy(other: HeaderFields, key: string): void {
    for (let at = other.#keys.indexOf(key); at >= 0; at = other.#keys.indexOf(key, at + 1)) {
      this.#append(other.#names[at]!, key, other.#values[at]!);
    }
  }

  /** Whether more than one line has this key (see `headerKey`). */
  repeats(key: string): boolean {
    const at = this.#keys.indexOf(key);
    return at >= 0 && this.#keys.indexOf(key, at + 1) >= 0;
  }

  /** The header lines as text, each ending with CRLF, with the given Content-Length in its old place or at the end. */
  format(contentLength: number): string {
    let out = '';
    let found = false;
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#keys[i] !== 'content-length') {
        out += `${this.#names[i]}: ${this.#values[i]}\r\n`;
      } else if (!found) {
        found = true;
        out += `${this.#names[i]}: ${contentLength}\r\n`;
      }
    }
    return found ? out : `${out}Content-Length: ${contentLength}\r\n`;
  }

  #append(name: string, key: string, value: string): void {
    this.#version++;
    this.#names.push(name);
    this.#keys.push(key);
    this.#values.push(value);
  }

  #removeAt(index: number): void {
    this.#version++;
    this.#names.splice(index, 1);
    this.#keys.splice(index, 1);
    this.#values.splice(index, 1);
  }
}

/** A header line cannot be broken out of: what comes from elsewhere is checked before, so this is our own bug. */
function check(name: string, value: string): void {
  if (!isToken(name)) throw new RangeError('a header name that is no token');
  if (value.includes('\r') || value.includes('\n')) throw new RangeError(`CR or LF in the value of ${name}`);
}
