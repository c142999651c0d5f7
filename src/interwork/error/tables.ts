/** The error tables of RFC 7247 §7 (`mappings/errors.yaml`), read and checked. */
import { z } from 'zod';
import { deepFreeze } from '../../base/checked-yaml.js';
import { err, ok, type Result } from '../../base/result.js';
import type { LocalCause } from '../../sip/engine.js';
import type { LinkCause } from '../../xmpp/link.js';
import { CONDITIONS } from '../../xmpp/stanza/stanza-error.js';
import type { AddressFailureKind } from '../address/address-failure.js';
import { type MappingFile, overlaid, readMapping } from '../mapping/mapping-file.js';

const condition = z.enum(CONDITIONS);
const type = z.enum(['auth', 'cancel', 'continue', 'modify', 'wait']);

/** Statuses that need a header field which only the refusing element can know (RFC 3261 §21.4, RFC 3329 §2, RFC 6665 §8.3). */
const NEEDS_MORE = new Set([415, 420, 421, 423, 489, 494]);
const failure = z
  .number()
  .int()
  .min(300)
  .max(699)
  .refine(
    (status) => !NEEDS_MORE.has(status),
    'needs a header field that the gateway cannot fill in here; choose another status',
  );
/** Stops all traffic of the peer to this server (RFC 3261 §21.5.4). */
const WHOLE_SERVER_DOWN = 503;
const seconds = z.number().int().min(0).max(86_400);
const provenance = { section: z.string().min(1), note: z.string().optional() };

const conditionRow = z.strictObject({
  status: failure.optional(),
  full: failure.optional(),
  bare: failure.optional(),
  withAddress: z.number().int().min(300).max(399).optional(),
  unresolvable: failure.optional(),
  lacked: failure.optional(),
  midDialog: failure.optional(),
  unchallenged: failure.optional(),
  ...provenance,
});

const reveals = z.enum(['presence', 'existence']).optional();
const statusRow = z.strictObject({
  condition,
  type: type.optional(),
  address: z.enum(['required', 'optional', 'none']).default('none'),
  alternatives: z.array(condition).default([]),
  reveals,
  ...provenance,
});

const localCauseRow = z.strictObject({
  condition,
  type: type.optional(),
  reveals,
  text: z.string().min(1).max(200),
  ...provenance,
});

const linkCauseRow = z.strictObject({
  status: failure,
  whenUnusable: failure.optional(),
  retryAfterSeconds: seconds.optional(),
  ...provenance,
});

const addressRow = z.strictObject({
  sender: failure,
  recipient: failure,
  condition,
  senderCondition: condition.optional(),
  warning: z
    .strictObject({
      code: z.number().int().min(300).max(399),
      text: z.string().regex(/^[^"\\\r\n]{1,100}$/, 'cannot stand in a Warning; leave out quotes and backslashes'),
    })
    .optional(),
  ...provenance,
});

const statusCode = z.coerce.number().int().min(300, 'a status from 300 to 699').max(699, 'a status from 300 to 699');

const file = z.strictObject({
  types: z.record(condition, type),
  conditions: z.record(condition, conditionRow),
  noCondition: z.strictObject({ status: failure, ...provenance }),
  statuses: z.record(statusCode, statusRow),
  classes: z.strictObject({ '3xx': statusRow, '4xx': statusRow, '5xx': statusRow, '6xx': statusRow }),
  privacy: z.strictObject({ condition, ...provenance }),
  localCauses: z.strictObject({
    timeout: localCauseRow,
    'transport-error': localCauseRow,
    'no-such-domain': localCauseRow,
    'no-such-user': localCauseRow,
    'not-registered': localCauseRow,
    'too-large': localCauseRow,
    overload: localCauseRow,
    draining: localCauseRow,
  } satisfies Record<LocalCause, typeof localCauseRow>),
  linkCauses: z.strictObject({
    'link-down': linkCauseRow,
    'queue-full': linkCauseRow,
    unconfirmed: linkCauseRow,
    'too-large': linkCauseRow,
  } satisfies Record<LinkCause, typeof linkCauseRow>),
  addressFailures: z.strictObject({
    malformed: addressRow,
    unmappable: addressRow,
    scheme: addressRow,
    sips: addressRow,
    'wrong-side': addressRow,
  } satisfies Record<AddressFailureKind, typeof addressRow>),
});

/** The tables, frozen. Each row holds its section of the specifications. */
export type ErrorTables = z.output<typeof file>;
export type ConditionRow = z.output<typeof conditionRow>;
export type StatusRow = z.output<typeof statusRow>;

/**
 * Reads a complete table (`mappings/errors.yaml`).
 * @param fileName for messages alone
 * @returns the tables, or one line for each mistake: `FILE:LINE: KEY: what is wrong; what to do`
 */
export function loadErrorTables(yamlText: string, fileName: string): Result<ErrorTables, string> {
  const read = readMapping(yamlText, fileName, file);
  return read.ok ? checked(read.value) : read;
}

/**
 * Lays an operator's file over `base`: it holds only the keys that differ, and names them as `mappings/errors.yaml` does.
 * @returns as `loadErrorTables`; lines and keys are those of the operator's file
 */
export function overrideErrorTables(
  base: ErrorTables,
  yamlText: string,
  fileName: string,
): Result<ErrorTables, string> {
  const overlay = readMapping(yamlText, fileName, z.record(z.string(), z.unknown()));
  if (!overlay.ok) return overlay;
  const merged = z.preprocess((raw) => overlaid(base, raw), file);
  const read = readMapping(yamlText, fileName, merged);
  return read.ok ? checked(read.value) : read;
}

function checked(read: MappingFile<ErrorTables>): Result<ErrorTables, string> {
  const tables = read.value;
  const mistakes: string[] = [];
  for (const name of CONDITIONS) {
    const row = tables.conditions[name];
    const pair = row.full !== undefined && row.bare !== undefined;
    if (pair === (row.status !== undefined)) {
      const remedy = 'write "status", or both "full" and "bare"';
      mistakes.push(read.complaint(['conditions', name], 'does not say one status', remedy));
    }
  }
  for (const name of ['not-authorized', 'registration-required'] as const) {
    if (tables.conditions[name].unchallenged === undefined) {
      const remedy = 'write "unchallenged", as in 403';
      mistakes.push(read.complaint(['conditions', name], 'leaves no answer when there is no challenge', remedy));
    }
  }
  // RFC 7247 §7.1 note 5: what one recipient lacks is no statement about the whole server
  for (const key of ['status', 'full', 'bare', 'lacked'] as const) {
    if (tables.conditions['service-unavailable'][key] === WHOLE_SERVER_DOWN) {
      const path = ['conditions', 'service-unavailable', key];
      mistakes.push(
        read.complaint(
          path,
          `${WHOLE_SERVER_DOWN} would stop all traffic of the peer`,
          'write a status about this recipient',
        ),
      );
    }
  }
  return mistakes.length > 0 ? err(mistakes.join('\n')) : ok(deepFreeze(tables));
}
