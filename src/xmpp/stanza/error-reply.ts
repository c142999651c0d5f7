/** Stanzas of type error: made of what they answer, and read (RFC 6120 §8.3). */
import { Element } from 'ltx';
import { NS_CLIENT } from '../stream/namespaces.js';
import { errorType } from './error-type.js';
import { NS_STANZA_ERRORS } from './namespaces.js';
import { CONDITIONS, type Condition, type ErrorType, type StanzaError } from './stanza-error.js';

const KNOWN: ReadonlySet<string> = new Set(CONDITIONS);
const TYPES: ReadonlySet<string> = new Set<ErrorType>(['auth', 'cancel', 'continue', 'modify', 'wait']);

/** COMPAT: peers of before RFC 3920 send a number in place of a condition (XEP-0086 §3). */
const LEGACY_CODES: Readonly<Record<string, Condition>> = {
  '400': 'bad-request',
  '401': 'not-authorized',
  '403': 'forbidden',
  '404': 'item-not-found',
  '405': 'not-allowed',
  '406': 'not-acceptable',
  '409': 'conflict',
  '500': 'internal-server-error',
  '501': 'feature-not-implemented',
  '503': 'service-unavailable',
  '504': 'remote-server-timeout',
};

/**
 * The error stanza that answers `stanza`: addresses swapped, same id, without what the stanza carried.
 * The caller sees to it that nothing of type error or result is answered (RFC 6120 §8.3.1).
 * @param from who answers, if not the stanza's addressee
 */
export function errorReply(stanza: Element, error: StanzaError, from?: string): Element {
  const reply = new Element(stanza.name, { xmlns: NS_CLIENT, type: 'error' });
  const sender: unknown = from ?? stanza.attrs.to;
  if (sender !== undefined) reply.attrs.from = sender;
  if (stanza.attrs.from !== undefined) reply.attrs.to = stanza.attrs.from;
  if (stanza.attrs.id !== undefined) reply.attrs.id = stanza.attrs.id;
  reply.cnode(errorElement(error));
  return reply;
}

/** The `<error/>` child of an error stanza (RFC 6120 §8.3.2). */
export function errorElement(error: StanzaError): Element {
  const element = new Element('error', { type: error.type });
  const condition = element.c(error.condition, { xmlns: NS_STANZA_ERRORS });
  if (error.address !== undefined) condition.t(error.address);
  if (error.text !== undefined) {
    element.c('text', { xmlns: NS_STANZA_ERRORS, 'xml:lang': error.lang ?? 'en' }).t(error.text);
  }
  return element;
}

/** What an error stanza says; undefined for a stanza of another type. */
export function readStanzaError(stanza: Element): StanzaError | undefined {
  if (stanza.attrs.type !== 'error') return undefined;
  const element = stanza.getChild('error');
  // RFC 7247 §7.1 maps conditions; a stanza that has none is its sender's own fault.
  if (element === undefined) return { condition: 'internal-server-error', type: errorType('internal-server-error') };
  const children = element.getChildElements().filter((child) => child.getNS() === NS_STANZA_ERRORS);
  const conditionElement = children.find((child) => child.getName() !== 'text');
  const condition = readCondition(conditionElement?.getName(), element.attrs.code);
  const address = condition === 'gone' || condition === 'redirect' ? conditionElement?.getText().trim() : undefined;
  const textElement = children.find((child) => child.getName() === 'text');
  const text = textElement?.getText();
  const lang: unknown = textElement?.attrs['xml:lang'];
  return {
    condition,
    type: TYPES.has(element.attrs.type) ? (element.attrs.type as ErrorType) : errorType(condition),
    ...(text && { text }),
    ...(text && typeof lang === 'string' && { lang }),
    ...(address && { address }),
  };
}

/** An unknown condition counts as undefined-condition (RFC 6120 §8.3.2). */
function readCondition(name: string | undefined, code: unknown): Condition {
  if (name !== undefined) return KNOWN.has(name) ? (name as Condition) : 'undefined-condition';
  return (typeof code === 'string' && Object.hasOwn(LEGACY_CODES, code) && LEGACY_CODES[code]) || 'undefined-condition';
}
