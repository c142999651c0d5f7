/** Stanza errors (RFC 6120 §8.3). */

/** The defined conditions (RFC 6120 §8.3.3). */
export const CONDITIONS = [
  'bad-request',
  'conflict',
  'feature-not-implemented',
  'forbidden',
  'gone',
  'internal-server-error',
  'item-not-found',
  'jid-malformed',
  'not-acceptable',
  'not-allowed',
  'not-authorized',
  'policy-violation',
  'recipient-unavailable',
  'redirect',
  'registration-required',
  'remote-server-not-found',
  'remote-server-timeout',
  'resource-constraint',
  'service-unavailable',
  'subscription-required',
  'undefined-condition',
  'unexpected-request',
] as const;

export type Condition = (typeof CONDITIONS)[number];

/** What the sender may do about it (RFC 6120 §8.3.2). */
export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

export interface StanzaError {
  readonly condition: Condition;
  readonly type: ErrorType;
  /** For people, never machine-read (RFC 6120 §8.3.2). */
  readonly text?: string;
  readonly lang?: string;
  /** The new address of `gone` and `redirect`: a URI (RFC 6120 §8.3.3.5, §8.3.3.14). */
  readonly address?: string;
}
