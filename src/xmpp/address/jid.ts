/** XMPP addresses: localpart, domainpart and resourcepart, enforced (RFC 7622). */
import { err, ok, type Result } from '../../base/result.js';
import { enforceDomainpart } from './domainpart.js';
import { opaqueString, usernameCaseMapped } from './precis.js';
import { RecentTexts } from './recent-texts.js';

/** Octets of UTF-8 that each part may have, after enforcement (RFC 7622 §3.1). */
const MAX_PART_OCTETS = 1023;
/** UTF-16 units beyond which a part is refused unseen: no mapping makes one octet out of more than four of them. */
const MAX_PART_UNITS = 4 * MAX_PART_OCTETS;
const MAX_TEXT_UNITS = 3 * MAX_PART_UNITS + 2;

const PLAIN_LOCALPART = /^[!#-%(-.0-9;=?A-Z[-~]+$/;
const EXCLUDED_FROM_LOCALPART = /["&'/:<>@]/;
const PLAIN_RESOURCEPART = /^[ -~]+$/;

/** Texts that were lately parsed; costs at most about 2 * 4096 JIDs, each with a text of at most 256 units. */
const recent = new RecentTexts<Jid>(4096, 256);

/** An address, immutable; two are equal exactly when their texts are (RFC 7622 §3.5). */
export class Jid {
  readonly local: string | undefined;
  readonly domain: string;
  readonly resource: string | undefined;
  readonly #text: string;
  #bare: Jid | undefined;

  private constructor(local: string | undefined, domain: string, resource: string | undefined) {
    this.local = local;
    this.domain = domain;
    this.resource = resource;
    const bare = local === undefined ? domain : `${local}@${domain}`;
    this.#text = resource === undefined ? bare : `${bare}/${resource}`;
  }

  /**
   * Reads and enforces an address (RFC 7622 §3.2 for the order of the separators, §4 for enforcement).
   * @returns an error that says, in words, what was found and expected
   */
  static parse(text: string): Result<Jid, string> {
    const known = recent.get(text);
    if (known !== undefined) return ok(known);
    if (text.length > MAX_TEXT_UNITS) return err(`a JID of ${text.length} characters is too long`);
    const own = detached(text);
    const slash = own.indexOf('/');
    const resource = slash < 0 ? undefined : own.slice(slash + 1);
    const bare = slash < 0 ? own : own.slice(0, slash);
    const at = bare.indexOf('@');
    const jid = Jid.of(at < 0 ? undefined : bare.slice(0, at), at < 0 ? bare : bare.slice(at + 1), resource);
    if (jid.ok) recent.add(own, jid.value);
    return jid;
  }

  /**
   * Makes an address of its parts, enforcing each.
   * @returns an error that says, in words, what was found and expected
   */
  static of(local: string | undefined, domain: string, resource?: string): Result<Jid, string> {
    const domainpart = bounded('domainpart', domain, enforceDomainpart);
    if (!domainpart.ok) return domainpart;
    let localpart: string | undefined;
    if (local !== undefined) {
      const enforced = bounded('localpart', local, enforceLocalpart);
      if (!enforced.ok) return enforced;
      localpart = enforced.value;
    }
    let resourcepart: string | undefined;
    if (resource !== undefined) {
      const enforced = bounded('resourcepart', resource, enforceResourcepart);
      if (!enforced.ok) return enforced;
      resourcepart = enforced.value;
    }
    return ok(new Jid(localpart, domainpart.value, resourcepart));
  }

  /**
   * Whether a text may become a resourcepart of our own making. RFC 7622 §3.5 counts one with a leading space among
   * what is not a JID, the profile behind it does not: others' are taken, ours have none.
   */
  static isStrictResource(text: string): boolean {
    const enforced = bounded('resourcepart', text, enforceResourcepart);
    return enforced.ok && !enforced.value.startsWith(' ');
  }

  /** This address without its resourcepart. */
  get bare(): Jid {
    if (this.resource === undefined) return this;
    this.#bare ??= new Jid(this.local, this.domain, undefined);
    return this.#bare;
  }

  /** This address with another resourcepart, which is enforced. */
  withResource(resource: string): Result<Jid, string> {
    const enforced = bounded('resourcepart', resource, enforceResourcepart);
    return enforced.ok ? ok(new Jid(this.local, this.domain, enforced.value)) : enforced;
  }

  equals(other: Jid): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A copy that does not keep the text alive from which `text` was cut, as a slice does in V8. */
function detached(text: string): string {
  return ` ${text}`.slice(1);
}

function bounded(
  part: string,
  text: string,
  enforce: (text: string) => Result<string, string>,
): Result<string, string> {
  if (text === '') return err(`an empty ${part}`);
  if (text.length > MAX_PART_UNITS) return err(`a ${part} of more than ${MAX_PART_OCTETS} octets`);
  const enforced = enforce(text);
  if (!enforced.ok) return err(`the ${part} holds ${enforced.error}`);
  if (octets(enforced.value) > MAX_PART_OCTETS) return err(`a ${part} of more than ${MAX_PART_OCTETS} octets`);
  return enforced;
}

/** RFC 7622 §3.3 with §3.3.1. */
function enforceLocalpart(text: string): Result<string, string> {
  if (PLAIN_LOCALPART.test(text)) return ok(text.toLowerCase());
  const enforced = usernameCaseMapped(text);
  if (!enforced.ok) return enforced;
  const excluded = EXCLUDED_FROM_LOCALPART.exec(enforced.value);
  return excluded === null ? enforced : err(`the character ${excluded[0]}, which is not allowed there`);
}

/** RFC 7622 §3.4. */
function enforceResourcepart(text: string): Result<string, string> {
  return PLAIN_RESOURCEPART.test(text) ? ok(text) : opaqueString(text);
}

function octets(text: string): number {
  return text.length * 3 <= MAX_PART_OCTETS ? text.length : Buffer.byteLength(text);
}
