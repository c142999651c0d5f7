/** What locating a server asks of the DNS, and what it may hear (RFC 3263 §4); `wire/` asks. */

export interface DnsQuestion {
  readonly type: 'A' | 'AAAA' | 'SRV';
  readonly name: string;
}

/** One SRV record (RFC 2782). */
export interface ServiceRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export type DnsAnswer =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'services'; readonly services: readonly ServiceRecord[] }
  /** The name does not exist, or has no record of this type. */
  | { readonly kind: 'none' }
  /** No server gave an answer: nothing is known. */
  | { readonly kind: 'failed' };

/** Answers questions, from memory where it can. */
export interface DnsSource {
  /** An answer that is at hand. */
  cached(question: DnsQuestion): DnsAnswer | undefined;
  /** Never rejects. */
  query(question: DnsQuestion): Promise<DnsAnswer>;
}
