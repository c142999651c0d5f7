/** Telephone numbers (RFC 3966): the one spelling under which they are known to XMPP. */
import { err, ok, type Result } from '../../base/result.js';
import { percentDecode } from './percent-encoding.js';

const DIGIT = 1;
const HEX_DIGIT = 2;
const SEPARATOR = 4;

const KINDS = new Uint8Array(128);
for (const character of '0123456789') KINDS[character.charCodeAt(0)] = DIGIT | HEX_DIGIT;
for (const character of 'ABCDEFabcdef*#') KINDS[character.charCodeAt(0)] = HEX_DIGIT;
for (const character of '-.()') KINDS[character.charCodeAt(0)] = SEPARATOR; // visual-separator, RFC 3966 §3

/**
 * A telephone subscriber (RFC 3966 §3) in its canonical spelling: without visual separators, in lower case, `ext` or
 * `isub` first, then `phone-context`. Other optional parameters are left out (RFC 3966 §5.4).
 *
 * `+1-555-1234` becomes `+15551234`. A local number keeps its context, as in `7042;phone-context=+1914555`: the context
 * says where the number is unique and is no prefix that makes it a global one (RFC 3966 §5.1.5).
 * @param number digits with their separators, still percent-encoded
 * @param parameters raw values by name; undefined for a parameter without value
 */
export function canonicalSubscriber(
  number: string,
  parameters: readonly (readonly [name: string, value: string | undefined])[],
): Result<string, string> {
  const decoded = percentDecode(number);
  if (!decoded.ok) return decoded;
  const global = decoded.value.startsWith('+');
  const digits = global ? globalDigits(decoded.value) : localDigits(decoded.value);
  if (digits === undefined) return err(`${JSON.stringify(number)} is no telephone number (RFC 3966 §3)`);
  const named = new Map<string, string>();
  for (const [rawName, rawValue] of parameters) {
    const name = rawName.toLowerCase();
    if (named.has(name)) return err(`parameter "${name}" stands twice (RFC 3966 §3)`);
    // RFC 3966 §5.4: an unknown mandatory parameter makes the number unusable
    if (name.startsWith('m-')) return err(`mandatory parameter "${name}" is not known (RFC 3966 §5.4)`);
    const value = percentDecode(rawValue ?? '');
    if (!value.ok) return value;
    named.set(name, value.value.toLowerCase());
  }
  const context = contextOf(named.get('phone-context'));
  if (context === undefined && (!global || named.has('phone-context'))) {
    return err(`a local number needs a phone-context, a domain name or global digits (RFC 3966 §5.1.5)`);
  }
  const extension = named.get('ext');
  const extensionDigits = extension === undefined ? undefined : digitsOf(extension, DIGIT);
  if (extension !== undefined && extensionDigits === undefined) return err(`"ext" holds no digits (RFC 3966 §5.3)`);
  let text = digits;
  if (extensionDigits !== undefined) text += `;ext=${extensionDigits}`;
  if (named.has('isub')) text += `;isub=${named.get('isub')}`;
  if (!global) text += `;phone-context=${context}`;
  return ok(text);
}

/** Whether `text`, a decoded local part, is a number in the spelling of `canonicalSubscriber`. */
export function isCanonicalSubscriber(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first !== 0x2b && ((KINDS[first] ?? 0) & HEX_DIGIT) === 0) return false;
  if (first === 0x2b && !text.includes(';')) return globalDigits(text) === text;
  if (first !== 0x2b && !text.includes(';phone-context=')) return false;
  const [number = '', ...parameters] = text.split(';');
  const canonical = canonicalSubscriber(number, parameters.map(nameAndValue));
  return canonical.ok && canonical.value === text;
}

/** `name=value` of a parameter list, taken apart. */
export function nameAndValue(parameter: string): readonly [name: string, value: string | undefined] {
  const equals = parameter.indexOf('=');
  return equals < 0 ? [parameter, undefined] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
}

function contextOf(descriptor: string | undefined): string | undefined {
  if (descriptor === undefined) return undefined;
  if (descriptor.startsWith('+')) return globalDigits(descriptor);
  const name = descriptor.endsWith('.') ? descriptor.slice(0, -1) : descriptor;
  return isDomainName(name) ? name : undefined;
}

function globalDigits(text: string): string | undefined {
  const digits = digitsOf(text.slice(1), DIGIT);
  return digits === undefined ? undefined : `+${digits}`;
}

function localDigits(text: string): string | undefined {
  return digitsOf(text, HEX_DIGIT)?.toLowerCase();
}

/** `text` without its visual separators; undefined when anything else but `wanted` is in it, or nothing is left. */
function digitsOf(text: string, wanted: number): string | undefined {
  let digits = '';
  for (let index = 0; index < text.length; index++) {
    const kind = KINDS[text.charCodeAt(index)] ?? 0;
    if ((kind & wanted) !== 0) digits += text[index];
    else if (kind !== SEPARATOR) return undefined;
  }
  return digits === '' ? undefined : digits;
}

function isDomainName(text: string): boolean {
  return (
    text.length > 0 &&
    text.length <= 253 &&
    text.split('.').every((label) => label.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label))
  );
}
