/** Who owns which domain, and what both directions of the address mapping share (RFC 7247 §6). */
import { domainToASCII } from 'node:url';
import type { Result } from '../../base/result.js';
import type { Uri } from '../../sip/message/uri.js';
import { Jid } from '../../xmpp/address/jid.js';
import { RecentTexts } from '../../xmpp/address/recent-texts.js';
import type { AddressFailure } from './address-failure.js';
import type { Owner } from './localpart-escaping.js';
import { SpellingTable } from './spelling.js';
import type { AddressTables } from './tables.js';

export interface AddressMapOptions {
  /** Domains whose users are XMPP users. */
  readonly xmppDomains: readonly string[];
  /** Domains whose users are SIP users. Their users keep their addresses on the XMPP side. */
  readonly sipDomains: readonly string[];
  /** The second addressing mode: `romeo\40example.net@sip.example.com` (XEP-0106). Default: none. */
  readonly subdomains?: readonly SubdomainOptions[];
  /** Where `tel` URIs live on the XMPP side; the domain becomes SIP-owned. Default: nowhere, they are refused. */
  readonly phone?: { readonly domain?: string };
  /** Default: a table of its own. */
  readonly spelling?: SpellingTable;
  /** Addresses remembered in each direction at most. Default 10,000. Memory: about 500 octets each. */
  readonly cachedAddresses?: number;
}

export interface SubdomainOptions {
  /** The domain of the JIDs, below that of the XMPP server. */
  readonly domain: string;
  /** The SIP domains that are reached through it; `'*'`: every domain that is in no list. */
  readonly sipDomains: readonly string[] | '*';
}

/** A domain through which users of other SIP domains are reached. */
export interface Subdomain {
  readonly domain: string;
  readonly sipDomains: ReadonlySet<string> | '*';
}

export interface CachedJid {
  readonly jid: Jid;
  /** The bare JID and the SIP spelling that it stands for, where they differ. */
  readonly spelling?: readonly [bareJid: string, user: string];
}

/** The longest address that is remembered, so that the size of the caches is bounded in octets too. */
const LONGEST_CACHED = 256;

/** Domains may be given as A-labels or U-labels, in any case; overlapping lists are a mistake of the caller and throw. */
export class AddressMap {
  readonly tables: AddressTables;
  readonly spelling: SpellingTable;
  /** Canonical domain of telephone numbers. */
  readonly phoneDomain: string | undefined;
  readonly #owners = new Map<string, Owner>();
  readonly #native = new Set<string>();
  readonly #subdomains = new Map<string, Subdomain>();
  readonly #throughSubdomain = new Map<string, Subdomain>();
  readonly #anyThrough: Subdomain | undefined;
  readonly #jids: RecentTexts<CachedJid>;
  readonly #uris: RecentTexts<Uri>;

  constructor(tables: AddressTables, options: AddressMapOptions) {
    this.tables = tables;
    this.spelling = options.spelling ?? new SpellingTable();
    const generation = Math.ceil((options.cachedAddresses ?? 10_000) / 2);
    this.#jids = new RecentTexts(generation, LONGEST_CACHED);
    this.#uris = new RecentTexts(generation, LONGEST_CACHED);
    for (const domain of options.xmppDomains) this.#claim(canonicalDomain(domain), 'xmpp');
    for (const domain of options.sipDomains) {
      const canonical = this.#claim(canonicalDomain(domain), 'sip');
      this.#native.add(canonical).add(asciiDomain(canonical) ?? canonical);
    }
    let anyThrough: Subdomain | undefined;
    for (const one of options.subdomains ?? []) {
      const subdomain = this.#addSubdomain(one);
      if (subdomain.sipDomains === '*') anyThrough ??= subdomain;
    }
    this.#anyThrough = anyThrough;
    this.phoneDomain =
      options.phone?.domain === undefined ? undefined : this.#claim(canonicalDomain(options.phone.domain), 'sip');
  }

  /** The side that is authoritative for `domain` (A-labels or U-labels, any case); undefined for domains in no list. */
  owner(domain: string): Owner | undefined {
    return this.#owners.get(domain) ?? this.#owners.get(withoutFinalDot(domain.toLowerCase()));
  }

  /** The second addressing mode of `domain`, the canonical domain of a JID, if it has one. */
  subdomain(domain: string): Subdomain | undefined {
    return this.#subdomains.get(domain);
  }

  /** The subdomain through which XMPP reaches the users of `sipDomain`; undefined when they keep their own domain. */
  subdomainFor(sipDomain: string): Subdomain | undefined {
    if (this.#native.has(sipDomain)) return undefined;
    const listed = this.#throughSubdomain.get(sipDomain);
    if (listed !== undefined) return listed;
    return this.owner(sipDomain) === undefined ? this.#anyThrough : undefined;
  }

  /** What `jidFromUri` found before under `key`. */
  cachedJid(key: string): CachedJid | undefined {
    return this.#jids.get(key);
  }

  cacheJid(key: string, found: CachedJid): void {
    this.#jids.add(key, found);
  }

  /** What `uriFromJid` found before under `key`. */
  cachedUri(key: string): Uri | undefined {
    return this.#uris.get(key);
  }

  cacheUri(key: string, uri: Uri): void {
    this.#uris.add(key, uri);
  }

  #addSubdomain(options: SubdomainOptions): Subdomain {
    const domain = this.#claim(canonicalDomain(options.domain), 'sip');
    if (options.sipDomains === '*') {
      const subdomain: Subdomain = { domain, sipDomains: '*' };
      this.#subdomains.set(domain, subdomain);
      return subdomain;
    }
    const reached = options.sipDomains.map((one) => this.#claim(canonicalDomain(one), 'sip'));
    const subdomain: Subdomain = { domain, sipDomains: new Set(reached) };
    this.#subdomains.set(domain, subdomain);
    for (const one of reached) {
      this.#throughSubdomain.set(one, subdomain);
      this.#throughSubdomain.set(asciiDomain(one) ?? one, subdomain);
    }
    return subdomain;
  }

  #claim(domain: string, owner: Owner): string {
    for (const spelling of new Set([domain, asciiDomain(domain) ?? domain])) {
      if ((this.#owners.get(spelling) ?? owner) !== owner) {
        throw new Error(
          `domain ${domain} is listed both as a SIP domain and as an XMPP domain; remove it from one list`,
        );
      }
      this.#owners.set(spelling, owner);
    }
    return domain;
  }
}

/** The outcome of a mapping. */
export type Mapped<T> = Result<T, AddressFailure>;

/**
 * `domain`, the domainpart of a JID, as a SIP host: A-labels (RFC 5891 §4.4). Undefined when it does not survive both ways.
 */
export function asciiDomain(domain: string): string | undefined {
  if (isAscii(domain)) return domain;
  const ascii = domainToASCII(domain);
  if (ascii === '') return undefined;
  const back = Jid.of(undefined, ascii);
  return back.ok && back.value.domain === domain ? ascii : undefined;
}

/** `host` without the dot of the root (RFC 7622 §3.2). */
export function withoutFinalDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** Whether `text` holds no character beyond US-ASCII. */
export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x80) return false;
  return true;
}

/** An IP address, with brackets or without. */
export function isAddressLiteral(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

function canonicalDomain(domain: string): string {
  const jid = Jid.of(undefined, domain);
  if (!jid.ok) throw new Error(`${JSON.stringify(domain)} is no domain: ${jid.error}`);
  return jid.value.domain;
}
