/** Parameters behind a header value, `;name=value` (generic-param, RFC 3261 §25.1). */
import { err, ok, type Result } from '../../base/result.js';
import { equalsIgnoringCase, excerpt, isTokenCode, show, skipBlanks, skipQuotedString } from './characters.js';

/** One parameter as written; the value is undefined without '=', and keeps its quotes or escapes. */
export type Parameter = readonly [name: string, value: string | undefined];
export type ParameterList = readonly Parameter[];

/** The most parameters that one URI or one header value may carry. */
export const MAX_PARAMETERS = 64;

export const NO_PARAMETERS: ParameterList = Object.freeze([]);

/** The value of `name`: '' without '=', undefined when absent. */
export function parameter(list: ParameterList, name: string): string | undefined {
  if (list.length === 0) return undefined;
  const lower = name.toLowerCase();
  for (const [key, value] of list) {
    if (equalsIgnoringCase(key, lower)) return value ?? '';
  }
  return undefined;
}

/** `list` with `name` set to `value`, in its old place or at the end. */
export function withParameter(list: ParameterList, name: string, value: string | undefined): ParameterList {
  const lower = name.toLowerCase();
  const at = list.findIndex(([key]) => key.toLowerCase() === lower);
  if (at < 0) return [...list, [name, value]];
  return list.map((entry, index) => (index === at ? [name, value] : entry));
}

/** `list` without `name`. */
export function withoutParameter(list: ParameterList, name: string): ParameterList {
  const lower = name.toLowerCase();
  return list.filter(([key]) => key.toLowerCase() !== lower);
}

/** The parameters as text, each with its leading semicolon. */
export function formatParameters(list: ParameterList): string {
  let out = '';
  for (const [name, value] of list) out += value === undefined ? `;${name}` : `;${name}=${value}`;
  return out;
}

/** Why `name` cannot follow the parameters already in `list`, or undefined. */
export function refuseParameter(list: ParameterList, name: string): string | undefined {
  if (list.length >= MAX_PARAMETERS) return `more than ${MAX_PARAMETERS} parameters`;
  // RFC 3261 §7.3.1, §19.1.1: a parameter name appears once.
  if (list.length > 0 && parameter(list, name) !== undefined) return `parameter "${excerpt(name)}" appears twice`;
  return undefined;
}

/** Reads `;name=value` parameters from `pos` to the end of `text`; blanks around ';' and '=' are allowed. */
export function parseParameters(text: string, pos: number): Result<ParameterList, string> {
  const end = text.length;
  pos = skipBlanks(text, pos);
  if (pos === end) return ok(NO_PARAMETERS);
  const list: Parameter[] = [];
  while (pos < end) {
    if (text.charCodeAt(pos) !== 0x3b) return err(`found ${show(text[pos]!)} where ";" was expected`);
    pos = skipBlanks(text, pos + 1);
    const nameStart = pos;
    while (pos < end && isTokenCode(text.charCodeAt(pos))) pos++;
    const name = text.slice(nameStart, pos);
    pos = skipBlanks(text, pos);
    if (name === '') {
      // COMPAT: an empty parameter, as in RFC 3428 §10 F3 and F4 ("host;;branch=…"), says nothing and is left out.
      if (pos === end || text.charCodeAt(pos) === 0x3b) continue;
      return err(`found ${show(text[pos]!)} where a parameter name was expected`);
    }
    let value: string | undefined;
    if (pos < end && text.charCodeAt(pos) === 0x3d) {
      const start = skipBlanks(text, pos + 1);
      pos = skipParameterValue(text, start);
      if (pos < 0) return err(`the value of parameter "${excerpt(name)}" is malformed`);
      value = text.slice(start, pos);
      pos = skipBlanks(text, pos);
    }
    const refused = refuseParameter(list, name);
    if (refused !== undefined) return err(refused);
    list.push([name, value]);
  }
  return ok(list);
}

/** The end of a parameter value: quoted, or up to ';' or a blank; -1 when malformed. */
function skipParameterValue(text: string, pos: number): number {
  if (text.charCodeAt(pos) === 0x22) return skipQuotedString(text, pos);
  for (; pos < text.length; pos++) {
    const code = text.charCodeAt(pos);
    if (code === 0x3b || code === 0x20 || code === 0x09) return pos;
    if (code < 0x20 || code === 0x7f || code === 0x22 || code === 0x2c || code === 0x3c || code === 0x3e) return -1;
  }
  return pos;
}
