/** Offline messages of local users (XEP-0160), in order of arrival. Implemented by the engines in `store/`. */
export interface OfflineMessage {
  /** The store's own key, for `removeOffline`. */
  readonly key: number;
  /** The stanza as XML text, with its delay stamp. */
  readonly stanza: string;
}

export interface OfflineStore {
  /**
   * Stores one stanza; resolves true when durable, false when the account has `limit` messages already, or would have more
   * than `maxOctets` of them in UTF-8 (default: no bound).
   */
  storeOffline(bareJid: string, stanza: string, limit: number, maxOctets?: number): Promise<boolean>;
  loadOffline(bareJid: string): Promise<readonly OfflineMessage[]>;
  /** Removes what has been delivered. Resolves when durable. */
  removeOffline(bareJid: string, keys: readonly number[]): Promise<void>;
}
