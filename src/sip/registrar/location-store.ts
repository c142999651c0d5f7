/** What the registrar needs from a store (RFC 3261 §10): bindings by address of record. */
export interface StoredBinding {
  /** The Contact URI as registered, as text. */
  readonly contact: string;
  readonly callId: string;
  readonly cseq: number;
  /** 0..1, default 1 (RFC 3261 §10.2.1.2). */
  readonly q: number;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** Where the REGISTER came from, as "udp:192.0.2.1:5060": replies of NATed phones go there. */
  readonly receivedFrom?: string;
  /** +sip.instance of the Contact (RFC 5626 §4.1), unquoted. */
  readonly instance?: string;
  readonly userAgent?: string;
}

/** Bindings that survive a restart. Implemented by the engines in `store/`. */
export interface LocationStore {
  /** Everything stored, read once at start. */
  loadBindings(): Promise<ReadonlyMap<string, readonly StoredBinding[]>>;
  /** Replaces all bindings of one canonical AOR ("sip:romeo@example.net"); an empty list removes it. Resolves when durable. */
  saveBindings(aor: string, bindings: readonly StoredBinding[]): Promise<void>;
}
