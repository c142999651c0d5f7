/** The value of Content-Type: a media type with parameters (RFC 3261 §20.15). */
import { err, ok, type Result } from '../../base/result.js';
import { isTokenCode, skipBlanks, unquote } from './characters.js';
import { formatParameters, NO_PARAMETERS, type ParameterList, parameter, parseParameters } from './parameters.js';

export class MediaType {
  /** Lower case. */
  readonly type: string;
  /** Lower case. */
  readonly subtype: string;
  /** Names in lower case; values as written, a quoted one with its quotes. */
  readonly params: ParameterList;

  constructor(type: string, subtype: string, params: ParameterList = NO_PARAMETERS) {
    this.type = type;
    this.subtype = subtype;
    this.params = params;
  }

  /** Reads one value that fills `text`, which is already unfolded. */
  static parse(text: string): Result<MediaType, string> {
    const start = skipBlanks(text, 0);
    let pos = start;
    while (isTokenCode(text.charCodeAt(pos))) pos++;
    const type = text.slice(start, pos).toLowerCase();
    pos = skipBlanks(text, pos);
    if (type === '' || text.charCodeAt(pos) !== 0x2f) return err('found no type and "/" at the start');
    const subtypeStart = skipBlanks(text, pos + 1);
    pos = subtypeStart;
    while (isTokenCode(text.charCodeAt(pos))) pos++;
    if (pos === subtypeStart) return err('found no subtype behind "/"');
    const subtype = text.slice(subtypeStart, pos).toLowerCase();
    if (pos === text.length) return ok(new MediaType(type, subtype));
    const params = parseParameters(text, pos);
    if (!params.ok) return params;
    return ok(
      new MediaType(
        type,
        subtype,
        params.value.map(([name, value]) => [name.toLowerCase(), value]),
      ),
    );
  }

  /** The value of a parameter without quotes: '' when it has none, undefined when absent. */
  param(name: string): string | undefined {
    const value = parameter(this.params, name);
    return value === undefined ? undefined : unquote(value);
  }

  /** Type and subtype, as in "text/plain". */
  get essence(): string {
    return `${this.type}/${this.subtype}`;
  }

  toString(): string {
    return this.essence + formatParameters(this.params);
  }
}
