/** SASL failures (RFC 6120 §6.5). */

export const SASL_CONDITIONS = [
  'aborted',
  'account-disabled',
  'credentials-expired',
  'encryption-required',
  'incorrect-encoding',
  'invalid-authzid',
  'invalid-mechanism',
  'malformed-request',
  'mechanism-too-weak',
  'not-authorized',
  'temporary-auth-failure',
] as const;

export type SaslCondition = (typeof SASL_CONDITIONS)[number];

export interface SaslFailure {
  readonly condition: SaslCondition;
  /** For people (RFC 6120 §6.4.5). */
  readonly text?: string;
}
