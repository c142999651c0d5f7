/** What the embedded server keeps of an account: salted SCRAM keys only, never the password (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

export interface Account {
  /** Canonical bare JID. */
  readonly jid: string;
  readonly scramSha1: ScramKeys;
  readonly scramSha256: ScramKeys;
}

/** Accounts by canonical bare JID. Implemented by the engines in `store/`. */
export interface AccountStore {
  account(bareJid: string): Promise<Account | undefined>;
  /** Adds or replaces. Resolves when durable. */
  putAccount(account: Account): Promise<void>;
  /** True when there was such an account. */
  removeAccount(bareJid: string): Promise<boolean>;
  listAccounts(): Promise<readonly string[]>;
}
