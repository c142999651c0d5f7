/** Failures of the SIP side as stanza errors (RFC 7247 §7.2, Table 3). */
import type { LocalCause } from '../../sip/engine.js';
import type { SipResponse } from '../../sip/message/message.js';
import { reasonPhrase } from '../../sip/message/status.js';
import type { Condition, StanzaError } from '../../xmpp/stanza/stanza-error.js';
import type { AddressFailure, Party } from '../address/address-failure.js';
import type { AddressMap } from '../address/address-map.js';
import { newAddressOf } from './new-address.js';
import { plainText } from './plain-text.js';
import type { ErrorTables, StatusRow } from './tables.js';

/** What the XMPP sender may learn about the SIP user. */
export interface Discretion {
  /**
   * `presence`: hide whether the SIP user can be reached, as towards a sender without presence authorization;
   * `existence`: hide whether there is such a user, too (RFC 6120 §8.3.3.7, §8.3.3.13). Default: nothing is hidden.
   */
  readonly hide?: 'presence' | 'existence';
}

/**
 * The stanza error for a final response of 300 or above; its text is the status line, as in "404 Not Found". A 301 gives
 * `gone` with the new address as an `xmpp:` IRI; if its Contact has none, `gone` without, as for a 410.
 */
export function stanzaErrorFor(
  response: SipResponse,
  tables: ErrorTables,
  map: AddressMap,
  discretion: Discretion = {},
): StanzaError {
  const row = statusRow(response.status, tables);
  if (hidden(row.reveals, discretion)) return hiddenError(tables);
  const text = plainText(`${response.status} ${response.reason}`);
  // A Reason-Phrase has no language tag; the phrases of RFC 3261 §21 are English.
  const english = response.reason === '' || response.reason === reasonPhrase(response.status);
  const address = row.address === 'none' ? undefined : newAddressOf(response, map);
  return {
    condition: row.condition,
    type: row.type ?? tables.types[row.condition],
    ...(text === undefined ? {} : english ? { text, lang: 'en' } : { text }),
    ...(address === undefined ? {} : { address }),
  };
}

/** The stanza error for a request that ended without a final response. */
export function stanzaErrorForLocal(cause: LocalCause, tables: ErrorTables, discretion: Discretion = {}): StanzaError {
  const row = tables.localCauses[cause];
  if (hidden(row.reveals, discretion)) return hiddenError(tables);
  return { condition: row.condition, type: row.type ?? tables.types[row.condition], text: row.text, lang: 'en' };
}

/** The stanza error for an address that has no mapping; `party` says whose it is where the failure does not. */
export function stanzaErrorForAddress(failure: AddressFailure, party: Party, tables: ErrorTables): StanzaError {
  const row = tables.addressFailures[failure.kind];
  const whose = failure.party ?? party;
  const condition = whose === 'sender' ? (row.senderCondition ?? row.condition) : row.condition;
  const text = plainText(failure.text);
  return { condition, type: tables.types[condition], ...(text === undefined ? {} : { text, lang: 'en' }) };
}

/** A stanza error of `condition` with the type that the tables give it (RFC 6120 §8.3.3). */
export function stanzaErrorOf(condition: Condition, tables: ErrorTables, text?: string): StanzaError {
  const type = tables.types[condition];
  return text === undefined ? { condition, type } : { condition, type, text, lang: 'en' };
}

function statusRow(status: number, tables: ErrorTables): StatusRow {
  const row = tables.statuses[status];
  if (row !== undefined) return row;
  switch (Math.floor(status / 100)) {
    case 3:
      return tables.classes['3xx'];
    case 4:
      return tables.classes['4xx'];
    case 6:
      return tables.classes['6xx'];
    case 5:
      return tables.classes['5xx'];
    default:
      throw new RangeError(`status ${status} is no failure: 1xx and 2xx have no stanza error (RFC 7247 §7)`);
  }
}

function hidden(reveals: 'presence' | 'existence' | undefined, discretion: Discretion): boolean {
  if (reveals === undefined || discretion.hide === undefined) return false;
  return reveals === 'presence' || discretion.hide === 'existence';
}

/** Neither text nor address: both would tell what the condition hides. */
function hiddenError(tables: ErrorTables): StanzaError {
  const { condition } = tables.privacy;
  return { condition, type: tables.types[condition] };
}
