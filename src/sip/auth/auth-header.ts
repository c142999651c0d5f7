/** Challenges and credentials as header values: a scheme and `name=value` parameters (RFC 3261 §20.7, §20.44, §25.1). */
import { err, ok, type Result } from '../../base/result.js';
import { excerpt, isTokenCode, skipBlanks, skipQuotedString, unquote } from '../message/characters.js';

/** The most parameters that one challenge or one set of credentials may carry. */
const MAX_PARAMETERS = 32;

export interface AuthHeader {
  /** Lower case: "digest" or another. */
  readonly scheme: string;
  /** Names in lower case, values without quotes. Empty for a scheme whose text is no list of parameters. */
  readonly params: ReadonlyMap<string, string>;
}

/** Reads one value of WWW-Authenticate, Authorization or their Proxy- forms. */
export function parseAuthHeader(text: string): Result<AuthHeader, string> {
  let pos = skipBlanks(text, 0);
  const schemeStart = pos;
  while (isTokenCode(text.charCodeAt(pos))) pos++;
  if (pos === schemeStart) return err('found no authentication scheme');
  const scheme = text.slice(schemeStart, pos).toLowerCase();
  // Other schemes may hold anything (RFC 3261 §25.1, other-challenge); nobody here reads it.
  if (scheme !== 'digest') return ok({ scheme, params: new Map() });
  const params = new Map<string, string>();
  for (;;) {
    // Empty list elements say nothing (RFC 7235 §7).
    while (pos < text.length && (text[pos] === ',' || text[pos] === ' ' || text[pos] === '\t')) pos++;
    if (pos === text.length) return ok({ scheme, params });
    const nameStart = pos;
    while (isTokenCode(text.charCodeAt(pos))) pos++;
    const name = text.slice(nameStart, pos).toLowerCase();
    pos = skipBlanks(text, pos);
    if (name === '' || text[pos] !== '=') return err('found no "name=" where a parameter was expected');
    const valueStart = skipBlanks(text, pos + 1);
    pos = skipValue(text, valueStart);
    if (pos < 0) return err(`the value of "${excerpt(name)}" is malformed`);
    if (params.has(name)) return err(`"${excerpt(name)}" appears twice`);
    if (params.size >= MAX_PARAMETERS) return err(`more than ${MAX_PARAMETERS} parameters`);
    params.set(name, unquote(text.slice(valueStart, pos)));
    pos = skipBlanks(text, pos);
    if (pos < text.length && text[pos] !== ',') return err(`found no "," behind the value of "${excerpt(name)}"`);
  }
}

/** The end of a quoted string, or of a run of anything but comma and blank; -1 when there is none. */
function skipValue(text: string, start: number): number {
  if (text[start] === '"') return skipQuotedString(text, start);
  let pos = start;
  while (pos < text.length && text[pos] !== ',' && text[pos] !== ' ' && text[pos] !== '\t' && text[pos] !== '"') pos++;
  return pos === start ? -1 : pos;
}
