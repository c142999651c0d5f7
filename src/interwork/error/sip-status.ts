/** Failures of the XMPP side as final SIP answers (RFC 7247 §7.1, Table 2). */
import type { SipAnswer } from '../../sip/engine.js';
import type { DeliveryFailure, LinkCause } from '../../xmpp/link.js';
import type { StanzaError } from '../../xmpp/stanza/stanza-error.js';
import type { AddressFailure, Party } from '../address/address-failure.js';
import type { AddressMap } from '../address/address-map.js';
import { contactFor } from './new-address.js';
import { asReasonPhrase, plainText, readsLanguage } from './plain-text.js';
import type { ConditionRow, ErrorTables } from './tables.js';

/** Which kind of JID an error is about (RFC 7247 §7.1 notes 1 and 2). */
export type Addressed = 'full' | 'bare';

/** What an answer depends on beside the error itself. */
export interface AnswerContext {
  /** Maps the new address of `gone` and `redirect`. */
  readonly map: AddressMap;
  /** The method of the request that is answered. */
  readonly method: string;
  /** The methods that this gateway takes, for the Allow of a 405 (RFC 3261 §21.4.6). */
  readonly allow: readonly string[];
  /** Accept-Language of the request (RFC 3261 §20.3): a text in another language gives way to the usual phrase. */
  readonly acceptLanguage?: string | undefined;
  /** The request came inside a dialog. */
  readonly midDialog?: boolean;
  /** The failed stanza asked for a feature or method that the recipient lacks (RFC 7247 §7.1 note 5). */
  readonly lacked?: boolean;
  /** The recipient's server is known to be unresolvable, rather than not to exist (RFC 7247 §7.1 note 4). */
  readonly unresolvable?: boolean;
  /** Value of the WWW-Authenticate or Proxy-Authenticate, where the caller has one. */
  readonly challenge?: string;
  /** `4xx` where a proxy forks to homes of the user beside XMPP, which a 6xx would cut off (RFC 3261 §16.7). Default `6xx`. */
  readonly bareJid?: '6xx' | '4xx';
  /** No XMPP link of the gateway stands: only then a 503 is true of the whole server. */
  readonly unusable?: boolean;
  /** Who warns, in Warning (RFC 3261 §20.43). Default `verona`. */
  readonly agent?: string;
}

/** Whether an error stanza from `from` is about a full or a bare JID: the `from` is what the failed stanza was sent to. */
export function addressedBy(from: string): Addressed {
  return from.includes('/') ? 'full' : 'bare';
}

/**
 * The answer for a stanza error; undefined stands for an error stanza without one that can be read (RFC 6120 §8.3.1).
 * Carries the header fields that its status asks for: Contact of a 3xx, Allow of a 405, the challenge of a 401 or 407.
 */
export function sipAnswerFor(
  error: StanzaError | undefined,
  addressed: Addressed,
  context: AnswerContext,
  tables: ErrorTables,
): SipAnswer {
  if (error === undefined) return { status: tables.noCondition.status };
  const row = tables.conditions[error.condition];
  const contact = row.withAddress === undefined ? undefined : contactFor(error.address, context.map);
  if (row.withAddress !== undefined && contact !== undefined) {
    return answer(row.withAddress, error, context, [['Contact', `<${contact.toString()}>`]]);
  }
  const status = challenged(statusOf(row, addressed, context), row, context);
  return answer(status, error, context, requiredHeaders(status, context));
}

/** The answer when the link did not take the stanza. */
export function sipAnswerForLink(cause: LinkCause, context: AnswerContext, tables: ErrorTables): SipAnswer {
  const row = tables.linkCauses[cause];
  const status = context.unusable === true && row.whenUnusable !== undefined ? row.whenUnusable : row.status;
  const headers = [...requiredHeaders(status, context)];
  if (row.retryAfterSeconds !== undefined) headers.push(['Retry-After', String(row.retryAfterSeconds)]);
  return { status, headers };
}

/** The answer for a stanza that was not delivered, whoever said so. */
export function sipAnswerForDelivery(failure: DeliveryFailure, context: AnswerContext, tables: ErrorTables): SipAnswer {
  switch (failure.kind) {
    case 'refused':
      return sipAnswerFor(failure.error, addressedBy(failure.from), context, tables);
    case 'local':
      return sipAnswerForLink(failure.cause, context, tables);
  }
}

/** The answer for an address that has no mapping; `party` says whose it is where the failure does not. */
export function sipAnswerForAddress(
  failure: AddressFailure,
  party: Party,
  context: AnswerContext,
  tables: ErrorTables,
): SipAnswer {
  const row = tables.addressFailures[failure.kind];
  const status = row[failure.party ?? party];
  const headers = [...requiredHeaders(status, context)];
  if (row.warning !== undefined) {
    headers.push(['Warning', `${row.warning.code} ${context.agent ?? 'verona'} "${row.warning.text}"`]);
  }
  const reason = asReasonPhrase(failure.text);
  // The text of a sips refusal is in its Warning; the others say what was found, for the operator of the peer.
  return reason === undefined || row.warning !== undefined ? { status, headers } : { status, reason, headers };
}

function statusOf(row: ConditionRow, addressed: Addressed, context: AnswerContext): number {
  if (context.lacked === true && row.lacked !== undefined) return row.lacked;
  if (context.unresolvable === true && row.unresolvable !== undefined) return row.unresolvable;
  if (row.midDialog !== undefined && context.midDialog === true && negotiates(context.method)) return row.midDialog;
  if (addressed === 'full' && row.full !== undefined) return row.full;
  if (addressed === 'bare' && row.bare !== undefined) {
    return row.bare >= 600 && context.bareJid === '4xx' && row.full !== undefined ? row.full : row.bare;
  }
  return row.status as number; // the tables were checked for it
}

/** RFC 3261 §14.1, RFC 3311 §5.1: the requests that a 491 is made for. */
function negotiates(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE';
}

/** A 401 or 407 without a challenge is useless (RFC 3261 §22.1), and a user agent asks for no proxy credentials in a NOTIFY or MESSAGE. */
function challenged(status: number, row: ConditionRow, context: AnswerContext): number {
  const empty =
    (status === 401 && context.challenge === undefined) ||
    (status === 407 &&
      (context.challenge === undefined || context.method === 'NOTIFY' || context.method === 'MESSAGE'));
  return empty ? (row.unchallenged ?? 403) : status;
}

type Headers = [name: string, value: string][];

function requiredHeaders(status: number, context: AnswerContext): Headers {
  if (status === 405) return [['Allow', context.allow.join(', ')]]; // RFC 3261 §21.4.6
  if (status === 401 && context.challenge !== undefined) return [['WWW-Authenticate', context.challenge]];
  if (status === 407 && context.challenge !== undefined) return [['Proxy-Authenticate', context.challenge]];
  return [];
}

/** RFC 7247 §7: the text crosses as the Reason-Phrase, if the sender of the request reads its language. */
function answer(status: number, error: StanzaError, context: AnswerContext, headers: Headers): SipAnswer {
  const reason = readsLanguage(context.acceptLanguage, error.lang) ? asReasonPhrase(plainText(error.text)) : undefined;
  return reason === undefined ? { status, headers } : { status, reason, headers };
}
