/** The value of From, To, Contact, Route and their like: name-addr or addr-spec with header parameters (RFC 3261 §20.10). */
import { err, ok, type Result } from '../../base/result.js';
import { isBlankCode, quote, show, skipBlanks, skipQuotedString, trimBlanksBefore, unquote } from './characters.js';
import {
  formatParameters,
  NO_PARAMETERS,
  type ParameterList,
  parameter,
  parseParameters,
  withoutParameter,
  withParameter,
} from './parameters.js';
import { Uri } from './uri.js';

/** A display name, a URI and header parameters, immutable. */
export class NameAddr {
  /** Without quotes, quoted pairs undone. */
  readonly displayName: string | undefined;
  readonly uri: Uri;
  /** As written: a quoted value keeps its quotes. */
  readonly params: ParameterList;

  constructor(uri: Uri, displayName?: string, params: ParameterList = NO_PARAMETERS) {
    this.uri = uri;
    this.displayName = displayName;
    this.params = params;
  }

  /** Reads one value that fills `text`, which is already unfolded. */
  static parse(text: string): Result<NameAddr, string> {
    const start = skipBlanks(text, 0);
    let open: number;
    let displayName: string | undefined;
    if (text.charCodeAt(start) === 0x22) {
      const close = skipQuotedString(text, start);
      if (close < 0) return err('the quoted display name never ends');
      displayName = unquote(text.slice(start, close));
      open = skipBlanks(text, close);
      if (text.charCodeAt(open) !== 0x3c) return err('found no "<" behind the display name');
    } else {
      open = text.indexOf('<', start);
      if (open < 0) return NameAddr.#parseAddrSpec(text, start);
      const nameEnd = trimBlanksBefore(text, start, open);
      if (nameEnd > start) {
        // COMPAT: a bare display name may hold more than tokens ("Bell, Alexander", RFC 4475 §3.1.2.15; raw UTF-8).
        displayName = text.slice(start, nameEnd);
        if (displayName.includes('"') || displayName.includes('>')) return err('the display name is malformed');
      }
    }
    const close = text.indexOf('>', open);
    if (close < 0) return err('found "<" without ">"');
    const uri = Uri.parse(text.slice(open + 1, close));
    if (!uri.ok) return uri;
    if (close + 1 === text.length) return ok(new NameAddr(uri.value, displayName));
    const params = parseParameters(text, close + 1);
    if (!params.ok) return params;
    return ok(new NameAddr(uri.value, displayName, params.value));
  }

  /** Without angle brackets all parameters belong to the header, and the URI may hold no ',', '?' or ';' (RFC 3261 §20). */
  static #parseAddrSpec(text: string, start: number): Result<NameAddr, string> {
    let end = start;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === 0x3b || isBlankCode(code)) break;
      if (code === 0x2c || code === 0x3f) return err(`a URI with ${show(text[end]!)} must stand in angle brackets`);
    }
    const uri = Uri.parse(text.slice(start, end));
    if (!uri.ok) return uri;
    if (end === text.length) return ok(new NameAddr(uri.value));
    const params = parseParameters(text, end);
    if (!params.ok) return params;
    return ok(new NameAddr(uri.value, undefined, params.value));
  }

  /** The raw value of a header parameter: '' when it has none, undefined when absent. */
  param(name: string): string | undefined {
    return parameter(this.params, name);
  }

  get tag(): string | undefined {
    return parameter(this.params, 'tag');
  }

  withParam(name: string, value?: string): NameAddr {
    return new NameAddr(this.uri, this.displayName, withParameter(this.params, name, value));
  }

  withoutParam(name: string): NameAddr {
    return new NameAddr(this.uri, this.displayName, withoutParameter(this.params, name));
  }

  /** With angle brackets always, and the display name always quoted. */
  toString(): string {
    const name = this.displayName === undefined ? '' : `${quote(this.displayName)} `;
    return `${name}<${this.uri.toString()}>${formatParameters(this.params)}`;
  }
}
