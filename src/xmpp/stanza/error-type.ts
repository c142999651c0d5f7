/** The type that goes with each condition of a stanza error, unless there is reason for another (RFC 6120 §8.3.3). */
import type { Condition, ErrorType, StanzaError } from './stanza-error.js';

const TYPES: Readonly<Record<Condition, ErrorType>> = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
};

/** The usual type of an error with this condition. */
export function errorType(condition: Condition): ErrorType {
  return TYPES[condition];
}

/** An error with the usual type of its condition. */
export function stanzaError(condition: Condition, text?: string): StanzaError {
  return text === undefined ? { condition, type: TYPES[condition] } : { condition, type: TYPES[condition], text };
}
