/** What one REGISTER does to the bindings of an address of record (RFC 3261 §10.3 steps 6 to 8). */
import { detached } from '../../base/own-text.js';
import { err, ok, type Result } from '../../base/result.js';
import { unquote } from '../message/characters.js';
import type { NameAddr } from '../message/name-addr.js';
import { Uri } from '../message/uri.js';
import type { StoredBinding } from './location-store.js';

/** A binding with its Contact already read. */
export interface Binding extends StoredBinding {
  readonly uri: Uri;
}

/** What a REGISTER says, apart from whom it is about. */
export interface Registration {
  readonly callId: string;
  readonly cseq: number;
  readonly contacts: readonly NameAddr[] | '*';
  /** The Expires header field in seconds. */
  readonly expiresSeconds: number | undefined;
  readonly receivedFrom?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface BindingRules {
  /** Shorter ones are refused with 423; default 60 s. */
  readonly minExpiresSeconds: number;
  /** For a Contact that names none; default 3600 s. */
  readonly defaultExpiresSeconds: number;
  /** Longer ones are shortened; default 86400 s. */
  readonly maxExpiresSeconds: number;
  /** Contacts of one AOR; default 10. */
  readonly maxContacts: number;
}

export interface RegistrationFailure {
  readonly status: 400 | 403 | 423;
  readonly reason?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** The bindings after `registration`, or why none of them changes: it is all or nothing (RFC 3261 §10.3 step 7). */
export function applyRegistration(
  current: readonly Binding[],
  registration: Registration,
  now: number,
  rules: BindingRules,
): Result<readonly Binding[], RegistrationFailure> {
  const live = current.filter((binding) => binding.expiresAt > now);
  if (registration.contacts === '*') return removeAll(live, registration);
  let bindings: readonly Binding[] = live;
  for (const contact of registration.contacts) {
    const changed = applyContact(bindings, contact, registration, now, rules);
    if (!changed.ok) return changed;
    bindings = changed.value;
  }
  if (bindings.length > rules.maxContacts && bindings.length > live.length) {
    return err({ status: 403, reason: `More Than ${rules.maxContacts} Contacts` });
  }
  return ok(bindings);
}

function removeAll(
  live: readonly Binding[],
  registration: Registration,
): Result<readonly Binding[], RegistrationFailure> {
  if (registration.expiresSeconds !== 0) {
    return err({ status: 400, reason: 'Contact * Needs Expires 0' }); // RFC 3261 §10.3 step 6
  }
  return live.some((binding) => isOutOfOrder(binding, registration)) ? err(OUT_OF_ORDER) : ok([]);
}

function applyContact(
  bindings: readonly Binding[],
  contact: NameAddr,
  registration: Registration,
  now: number,
  rules: BindingRules,
): Result<readonly Binding[], RegistrationFailure> {
  const { uri } = contact;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return err({ status: 400, reason: 'Contact Is No SIP URI' });
  const q = readQ(contact.param('q'));
  if (q === undefined) return err({ status: 400, reason: 'Malformed q Value' });
  const expiresSeconds = expiryOf(contact, registration, rules);
  if (expiresSeconds > 0 && expiresSeconds < rules.minExpiresSeconds) {
    return err({ status: 423, headers: [['Min-Expires', String(rules.minExpiresSeconds)]] }); // RFC 3261 §10.3 step 7
  }
  const index = bindings.findIndex((binding) => binding.uri.equals(uri));
  const known = bindings[index];
  if (known !== undefined && isOutOfOrder(known, registration)) return err(OUT_OF_ORDER);
  if (expiresSeconds === 0) return ok(known === undefined ? bindings : bindings.filter((binding) => binding !== known));
  const binding = makeBinding(contact, q, now + expiresSeconds * 1000, registration);
  return ok(known === undefined ? [...bindings, binding] : bindings.with(index, binding));
}

function makeBinding(contact: NameAddr, q: number, expiresAt: number, registration: Registration): Binding {
  const instance = contact.param('+sip.instance');
  const { receivedFrom, userAgent } = registration;
  // kept for hours, so nothing of the message may stay behind it
  const text = detached(contact.uri.toString());
  const uri = Uri.parse(text);
  return {
    uri: uri.ok ? uri.value : contact.uri,
    contact: text,
    callId: detached(registration.callId),
    cseq: registration.cseq,
    q,
    expiresAt,
    ...(receivedFrom === undefined ? {} : { receivedFrom }),
    ...(instance ? { instance: detached(unquote(instance)) } : {}),
    ...(userAgent === undefined ? {} : { userAgent: detached(userAgent) }),
  };
}

const OUT_OF_ORDER: RegistrationFailure = { status: 400, reason: 'CSeq Out Of Order' };

/** RFC 3261 §10.3 step 7: within one Call-ID a later request has a higher CSeq. */
function isOutOfOrder(binding: Binding, registration: Registration): boolean {
  return binding.callId === registration.callId && registration.cseq <= binding.cseq;
}

/** RFC 3261 §10.3 step 7: the parameter, else the header field, else our default; a malformed one counts as 3600. */
function expiryOf(contact: NameAddr, registration: Registration, rules: BindingRules): number {
  const param = contact.param('expires');
  const wanted =
    param === undefined
      ? (registration.expiresSeconds ?? rules.defaultExpiresSeconds)
      : /^\d{1,10}$/.test(param)
        ? Number(param)
        : 3600; // RFC 3261 §20.10
  return Math.min(wanted, rules.maxExpiresSeconds);
}

/** A qvalue (RFC 3261 §25.1); 1 when absent. */
function readQ(text: string | undefined): number | undefined {
  if (text === undefined) return 1;
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text) : undefined;
}

/** A stored binding with its Contact read; undefined when that is no URI. */
export function readBinding(stored: StoredBinding): Binding | undefined {
  const uri = Uri.parse(stored.contact);
  return uri.ok ? { ...stored, uri: uri.value } : undefined;
}

/** The binding as a value of Contact in a 200 (RFC 3261 §10.3 step 8). */
export function contactValue(binding: Binding, now: number): string {
  const left = Math.max(0, Math.ceil((binding.expiresAt - now) / 1000));
  const q = binding.q === 1 ? '' : `;q=${binding.q}`;
  const instance = binding.instance === undefined ? '' : `;+sip.instance="${binding.instance}"`;
  return `<${binding.contact}>${q}${instance};expires=${left}`;
}
