/** One Via value: the transport, who sent, and the branch that names the transaction (RFC 3261 §20.42, RFC 3581). */
import { err, ok, type Result } from '../../base/result.js';
import { isDigitCode, isTokenCode, readNumber, skipBlanks } from './characters.js';
import { lowerCaseHost, readPort, skipHost } from './host.js';
import {
  formatParameters,
  type ParameterList,
  parameter,
  parseParameters,
  withoutParameter,
  withParameter,
} from './parameters.js';

const SIP_2 = 'SIP/2.0';

/** One Via value, immutable. */
export class Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS … */
  readonly transport: string;
  /** Lower case, IPv6 with its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ParameterList;
  /** "SIP/2.0", or the name and version of the protocol that another hop spoke. */
  readonly protocol: string;

  constructor(
    transport: string,
    host: string,
    port: number | undefined,
    params: ParameterList,
    protocol: string = SIP_2,
  ) {
    this.transport = transport;
    this.host = host;
    this.port = port;
    this.params = params;
    this.protocol = protocol;
  }

  /** Reads one value that fills `text`, which is already unfolded: `SIP/2.0/UDP host:port;branch=…`. */
  static parse(text: string): Result<Via, string> {
    let pos = 8;
    let protocol = SIP_2;
    if (!text.startsWith('SIP/2.0/')) {
      const found = readProtocol(text);
      if (found === undefined) return err('found no "SIP/2.0/" at the start');
      ({ pos, protocol } = found);
    }
    const transportStart = pos;
    while (isTokenCode(text.charCodeAt(pos))) pos++;
    if (pos === transportStart) return err('found no transport behind the protocol');
    const transport = upperCaseTransport(text.slice(transportStart, pos));
    const hostStart = skipBlanks(text, pos);
    if (hostStart === pos) return err('found no blank behind the transport');
    const hostEnd = skipHost(text, hostStart, text.length);
    if (hostEnd < 0) return err('found no host where sent-by was expected');
    const host = lowerCaseHost(text, hostStart, hostEnd);
    pos = skipBlanks(text, hostEnd);
    let port: number | undefined;
    if (text.charCodeAt(pos) === 0x3a) {
      const portStart = skipBlanks(text, pos + 1);
      pos = portStart;
      while (isDigitCode(text.charCodeAt(pos))) pos++;
      port = readPort(text, portStart, pos);
      if (port < 0) return err('found no port between 0 and 65535 in sent-by');
    }
    const params = parseParameters(text, pos);
    if (!params.ok) return params;
    return ok(new Via(transport, host, port, params.value, protocol));
  }

  get branch(): string | undefined {
    return this.param('branch');
  }

  get received(): string | undefined {
    return this.param('received');
  }

  /** The port that was seen; '' when the client asks for it (RFC 3581 §3); undefined when it does not, or is no port. */
  get rport(): number | '' | undefined {
    const text = this.param('rport');
    if (text === undefined || text === '') return text;
    const port = readPort(text, 0, text.length);
    return port < 0 ? undefined : port;
  }

  get ttl(): number | undefined {
    const text = this.param('ttl') ?? '';
    const ttl = readNumber(text, 0, text.length, 255);
    return ttl < 0 ? undefined : ttl;
  }

  get maddr(): string | undefined {
    return this.param('maddr');
  }

  /** host, or host:port when a port was written. */
  get sentBy(): string {
    return this.port === undefined ? this.host : `${this.host}:${this.port}`;
  }

  /** The raw value of a parameter: '' when it has none, undefined when absent. */
  param(name: string): string | undefined {
    return parameter(this.params, name);
  }

  withParam(name: string, value?: string): Via {
    return new Via(this.transport, this.host, this.port, withParameter(this.params, name, value), this.protocol);
  }

  withoutParam(name: string): Via {
    return new Via(this.transport, this.host, this.port, withoutParameter(this.params, name), this.protocol);
  }

  toString(): string {
    return `${this.protocol}/${this.transport} ${this.sentBy}${formatParameters(this.params)}`;
  }
}

/** `SIP / 2.0 /` with blanks around the slashes, or other tokens there (sent-protocol, RFC 3261 §25.1). */
function readProtocol(text: string): { readonly pos: number; readonly protocol: string } | undefined {
  const name = readPart(text, 0);
  const version = name === undefined ? undefined : readPart(text, name.pos);
  if (name === undefined || version === undefined) return undefined;
  return { pos: version.pos, protocol: `${name.token.toUpperCase()}/${version.token}` };
}

function readPart(text: string, start: number): { readonly pos: number; readonly token: string } | undefined {
  const tokenStart = skipBlanks(text, start);
  let end = tokenStart;
  while (isTokenCode(text.charCodeAt(end))) end++;
  const slash = skipBlanks(text, end);
  if (end === tokenStart || text.charCodeAt(slash) !== 0x2f) return undefined;
  return { pos: skipBlanks(text, slash + 1), token: text.slice(tokenStart, end) };
}

function upperCaseTransport(text: string): string {
  return text === 'UDP' || text === 'TCP' || text === 'TLS' ? text : text.toUpperCase();
}
