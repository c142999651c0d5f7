/** One Via value: the transport, who sent, and the branch that names the transaction (RFC 3261 §20.42, RFC 3581). */
import { err, ok, type Result } from '../../base/result.js';
import { equalsIgnoringCase, isDigitCode, isTokenCode, readNumber, skipBlanks } from './characters.js';
import { lowerCaseHost, readPort, skipHost } from './host.js';
import {
  formatParameters,
  type ParameterList,
  parameter,
  parseParameters,
  withoutParameter,
  withParameter,
} from './parameters.js';

/** One Via value, immutable. */
export class Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS … */
  readonly transport: string;
  /** Lower case, IPv6 with its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ParameterList;

  constructor(transport: string, host: string, port: number | undefined, params: ParameterList) {
    this.transport = transport;
    this.host = host;
    this.port = port;
    this.params = params;
  }

  /** Reads one value that fills `text`, which is already unfolded: `SIP/2.0/UDP host:port;branch=…`. */
  static parse(text: string): Result<Via, string> {
    let pos: number;
    if (text.startsWith('SIP/2.0/')) {
      pos = 8;
    } else {
      pos = skipProtocol(text);
      if (pos < 0) return err('found no "SIP/2.0/" at the start');
    }
    const transportStart = pos;
    while (isTokenCode(text.charCodeAt(pos))) pos++;
    if (pos === transportStart) return err('found no transport behind "SIP/2.0/"');
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
    return ok(new Via(transport, host, port, params.value));
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
    return new Via(this.transport, this.host, this.port, withParameter(this.params, name, value));
  }

  withoutParam(name: string): Via {
    return new Via(this.transport, this.host, this.port, withoutParameter(this.params, name));
  }

  toString(): string {
    return `SIP/2.0/${this.transport} ${this.sentBy}${formatParameters(this.params)}`;
  }
}

/** The position behind `SIP / 2.0 /` in any case and with blanks around the slashes (RFC 3261 §25.1), or -1. */
function skipProtocol(text: string): number {
  let pos = skipBlanks(text, 0);
  if (!equalsIgnoringCase(text.slice(pos, pos + 3), 'sip')) return -1;
  pos = skipBlanks(text, pos + 3);
  if (text.charCodeAt(pos) !== 0x2f) return -1;
  pos = skipBlanks(text, pos + 1);
  if (text.slice(pos, pos + 3) !== '2.0') return -1;
  pos = skipBlanks(text, pos + 3);
  return text.charCodeAt(pos) === 0x2f ? skipBlanks(text, pos + 1) : -1;
}

function upperCaseTransport(text: string): string {
  return text === 'UDP' || text === 'TCP' || text === 'TLS' ? text : text.toUpperCase();
}
