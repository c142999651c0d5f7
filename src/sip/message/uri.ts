/** URIs as SIP carries them: sip, sips (RFC 3261 §19.1), tel (RFC 3966), im, pres (RFC 3860, 3859), xmpp (RFC 5122). */
import { err, ok, type Result } from '../../base/result.js';
import { isDigitCode, isForbiddenInUri, isHexCode, isLetterCode, isSchemeCode, show } from './characters.js';
import { isRegName, lowerCaseHost, readPort, skipHost } from './host.js';
import {
  formatParameters,
  NO_PARAMETERS,
  type Parameter,
  type ParameterList,
  parameter,
  refuseParameter,
  withoutParameter,
  withParameter,
} from './parameters.js';
import { sameUri } from './uri-comparison.js';

/** The longest URI that is read at all; a Request-URI may be bounded closer by `SipLimits.maxUriOctets`. */
export const MAX_URI_LENGTH = 16_384;

/** What a URI is made of. Texts are as on the wire, already escaped. */
export interface UriParts {
  readonly scheme: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly host: string;
  readonly port?: number | undefined;
  readonly params?: ParameterList | undefined;
  readonly headers?: string | undefined;
  /** Of an xmpp URI: the resource behind '/', still escaped. */
  readonly path?: string | undefined;
}

/** One URI, immutable. */
export class Uri {
  /** Lower case. */
  readonly scheme: string;
  /** As on the wire, escapes kept. Of tel the number; of an unknown scheme everything behind the colon. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Lower case, IPv6 with its brackets; '' for tel and unknown schemes. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ParameterList;
  /** Raw text behind '?'. */
  readonly headers: string | undefined;
  /** Of an xmpp URI: the resource behind '/', still escaped. */
  readonly path: string | undefined;
  #text: string | undefined;

  private constructor(parts: UriParts, text?: string) {
    this.scheme = parts.scheme;
    this.user = parts.user;
    this.password = parts.password;
    this.host = parts.host;
    this.port = parts.port;
    this.params = parts.params ?? NO_PARAMETERS;
    this.headers = parts.headers;
    this.path = parts.path;
    this.#text = text;
  }

  /**
   * Reads one URI that fills `text`. Malformed escapes in the user are kept as they are (what they mean is for the one
   * who maps addresses); controls, blanks, quotes and angle brackets are refused.
   */
  static parse(text: string): Result<Uri, string> {
    if (text.length > MAX_URI_LENGTH) return err(`a URI of more than ${MAX_URI_LENGTH} characters`);
    for (let i = 0; i < text.length; i++) {
      if (isForbiddenInUri(text.charCodeAt(i)))
        return err(`found ${show(text[i]!)} in a URI, where it must be escaped`);
    }
    const colon = text.indexOf(':');
    const scheme = colon > 0 ? readScheme(text, colon) : undefined;
    if (scheme === undefined) return err('found no URI scheme where "sip:" or another was expected');
    switch (scheme) {
      case 'sip':
      case 'sips':
        return Uri.#parseSip(scheme, text, colon + 1);
      case 'tel':
        return Uri.#parseTel(text, colon + 1);
      case 'im':
      case 'pres':
      case 'xmpp':
        return Uri.#parseMailbox(scheme, text, colon + 1);
      default:
        return ok(new Uri({ scheme, user: text.slice(colon + 1), host: '' }, text));
    }
  }

  /** RFC 3261 §25.1: SIP-URI and SIPS-URI, from behind the colon. */
  static #parseSip(scheme: string, text: string, start: number): Result<Uri, string> {
    let user: string | undefined;
    let password: string | undefined;
    let pos = start;
    // ';' and '?' may stand in the user, so the '@' is looked for first; it is never raw anywhere else.
    const at = text.indexOf('@', start);
    if (at >= 0) {
      if (text.indexOf('@', at + 1) >= 0)
        return err('found a second "@"; one inside a user or a header is written %40');
      const colon = text.indexOf(':', start);
      const userEnd = colon >= 0 && colon < at ? colon : at;
      if (userEnd === start) return err('found an empty user before "@"');
      user = text.slice(start, userEnd);
      if (userEnd < at) password = text.slice(userEnd + 1, at);
      pos = at + 1;
    }
    const hostEnd = skipHost(text, pos, text.length);
    if (hostEnd < 0) return err('found no host name or address where one was expected');
    const host = lowerCaseHost(text, pos, hostEnd);
    pos = hostEnd;
    let port: number | undefined;
    if (text.charCodeAt(pos) === 0x3a) {
      const portStart = ++pos;
      while (isDigitCode(text.charCodeAt(pos))) pos++;
      port = readPort(text, portStart, pos);
      if (port < 0) return err('found no port between 0 and 65535 behind ":"');
    }
    if (pos === text.length) return ok(new Uri({ scheme, user, password, host, port }, text));
    const tail = parseTail(text, pos);
    if (!tail.ok) return tail;
    const { params, headers, exact } = tail.value;
    return ok(new Uri({ scheme, user, password, host, port, params, headers }, exact ? text : undefined));
  }

  /** RFC 3966 §3: telephone-uri, from behind the colon. */
  static #parseTel(text: string, start: number): Result<Uri, string> {
    let pos = start;
    if (text.charCodeAt(pos) === 0x2b) pos++;
    const digits = pos;
    while (isPhoneCode(text.charCodeAt(pos))) pos++;
    if (pos === digits) return err('found no telephone number behind "tel:"');
    const user = text.slice(start, pos);
    const tail = parseTail(text, pos);
    if (!tail.ok) return tail;
    if (tail.value.headers !== undefined) return err('found "?" in a tel URI, which has no headers');
    return ok(
      new Uri({ scheme: 'tel', user, host: '', params: tail.value.params }, tail.value.exact ? text : undefined),
    );
  }

  /** RFC 3860 §3, RFC 3859 §3, RFC 5122 §2: mailbox or JID, then "?headers"; an xmpp URI may name a resource. */
  static #parseMailbox(scheme: string, text: string, start: number): Result<Uri, string> {
    if (scheme === 'xmpp' && text.startsWith('//', start)) {
      return err('an xmpp URI that names an account to use ("xmpp://") cannot be an address');
    }
    const question = text.indexOf('?', start);
    let end = question < 0 ? text.length : question;
    const headers = question < 0 ? undefined : text.slice(question + 1);
    let path: string | undefined;
    if (scheme === 'xmpp') {
      const slash = text.indexOf('/', start);
      if (slash >= 0 && slash < end) {
        path = text.slice(slash + 1, end);
        end = slash;
      }
    }
    const at = text.lastIndexOf('@', end - 1);
    const user = at < start ? undefined : text.slice(start, at);
    if (user === '') return err('found nothing before "@"');
    if (user?.includes('@')) return err('found a second "@"; one inside a user is written %40');
    const hostStart = at < start ? start : at + 1;
    if (!isRegName(text, hostStart, end) && skipHost(text, hostStart, end) !== end) {
      return err('found no host name where one was expected');
    }
    const host = lowerCaseHost(text, hostStart, end);
    return ok(new Uri({ scheme, user, host, headers, path }, text));
  }

  /** Puts a URI together. Parts must be escaped already; a part that cannot stand in a URI is our own bug and throws. */
  static build(parts: UriParts): Uri {
    const uri = new Uri({ ...parts, scheme: parts.scheme.toLowerCase(), host: parts.host.toLowerCase() });
    const text = uri.toString();
    for (let i = 0; i < text.length; i++) {
      if (isForbiddenInUri(text.charCodeAt(i))) throw new RangeError(`unescaped ${show(text[i]!)} in a URI`);
    }
    return uri;
  }

  /** The raw (still escaped) value of a parameter: '' when it has none, undefined when absent. */
  param(name: string): string | undefined {
    return parameter(this.params, name);
  }

  /** This URI with some parts changed; a part given as undefined is removed. */
  with(changes: Partial<UriParts>): Uri {
    return Uri.build({
      scheme: this.scheme,
      user: this.user,
      password: this.password,
      host: this.host,
      port: this.port,
      params: this.params,
      headers: this.headers,
      path: this.path,
      ...changes,
    });
  }

  withParam(name: string, value?: string): Uri {
    return this.with({ params: withParameter(this.params, name, value) });
  }

  withoutParam(name: string): Uri {
    return this.with({ params: withoutParameter(this.params, name) });
  }

  /** Whether both name the same resource: RFC 3261 §19.1.4 for sip and sips, RFC 3966 §4 for tel. */
  equals(other: Uri): boolean {
    return this === other || sameUri(this, other);
  }

  /** As it was written, or as it was built. */
  toString(): string {
    this.#text ??= format(this);
    return this.#text;
  }
}

function readScheme(text: string, colon: number): string | undefined {
  // The usual ones without any work.
  if (colon === 3 && text.startsWith('sip')) return 'sip';
  if (!isLetterCode(text.charCodeAt(0))) return undefined;
  for (let i = 1; i < colon; i++) if (!isSchemeCode(text.charCodeAt(i))) return undefined;
  return text.slice(0, colon).toLowerCase();
}

/** The parameters and headers from `pos` on; `exact` is false when something tolerated was left out. */
function parseTail(
  text: string,
  pos: number,
): Result<{ params: ParameterList; headers: string | undefined; exact: boolean }, string> {
  let end = text.length;
  let headers: string | undefined;
  const question = text.indexOf('?', pos);
  if (question >= 0) {
    headers = text.slice(question + 1);
    end = question;
  }
  let exact = true;
  let params = NO_PARAMETERS;
  if (pos < end) {
    if (text.charCodeAt(pos) !== 0x3b) return err(`found ${show(text[pos]!)} where ";" or the end was expected`);
    const list: Parameter[] = [];
    while (pos < end) {
      let next = text.indexOf(';', pos + 1);
      if (next < 0 || next > end) next = end;
      if (next === pos + 1) {
        // COMPAT: an empty parameter (";;" or a ";" at the end) says nothing and is left out.
        exact = false;
      } else {
        const entry = splitParameter(text, pos + 1, next);
        if (entry[0] === '') return err('found a URI parameter without a name');
        const refused = refuseParameter(list, entry[0]);
        if (refused !== undefined) return err(refused);
        list.push(entry);
      }
      pos = next;
    }
    params = list;
  }
  return ok({ params, headers, exact });
}

function splitParameter(text: string, start: number, end: number): Parameter {
  const equals = text.indexOf('=', start);
  if (equals < 0 || equals >= end) return [text.slice(start, end), undefined];
  return [text.slice(start, equals), text.slice(equals + 1, end)];
}

/** phonedigit-hex (RFC 3966 §3): digits, visual separators, and what local numbers may hold. */
function isPhoneCode(code: number): boolean {
  return isHexCode(code) || (code >= 0x28 && code <= 0x2a) || code === 0x2d || code === 0x2e || code === 0x23;
}

function format(uri: Uri): string {
  let out = `${uri.scheme}:`;
  if (uri.host === '') {
    out += uri.user ?? '';
  } else {
    if (uri.user !== undefined) out += uri.password === undefined ? `${uri.user}@` : `${uri.user}:${uri.password}@`;
    out += uri.host;
    if (uri.port !== undefined) out += `:${uri.port}`;
  }
  if (uri.path !== undefined) out += `/${uri.path}`;
  out += formatParameters(uri.params);
  if (uri.headers !== undefined) out += `?${uri.headers}`;
  return out;
}
