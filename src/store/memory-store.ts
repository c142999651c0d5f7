/** A store that forgets everything at the end of the process: `memory:`, for tests and first tries. */
import type { DigestCredentials } from '../sip/auth/credential-store.js';
import type { StoredBinding } from '../sip/registrar/location-store.js';
import type { Account } from '../xmpp/server/account-store.js';
import type { OfflineMessage } from '../xmpp/server/offline-store.js';
import { type SipUserName, type Store, StoreFailure } from './store.js';

export class MemoryStore implements Store {
  readonly #accounts = new Map<string, Account>();
  readonly #offline = new Map<string, OfflineMessage[]>();
  /** The octets of the messages of each account. */
  readonly #offlineOctets = new Map<string, number>();
  readonly #bindings = new Map<string, readonly StoredBinding[]>();
  readonly #sipUsers = new Map<string, DigestCredentials>();
  readonly #secrets = new Map<string, Uint8Array>();
  #lastKey = 0;
  #closed = false;

  async account(bareJid: string): Promise<Account | undefined> {
    this.#checkOpen();
    return this.#accounts.get(bareJid);
  }

  async putAccount(account: Account): Promise<void> {
    this.#checkOpen();
    this.#accounts.set(account.jid, account);
  }

  async removeAccount(bareJid: string): Promise<boolean> {
    this.#checkOpen();
    this.#setOffline(bareJid, []);
    return this.#accounts.delete(bareJid);
  }

  async listAccounts(): Promise<readonly string[]> {
    this.#checkOpen();
    return [...this.#accounts.keys()].sort();
  }

  async storeOffline(
    bareJid: string,
    stanza: string,
    limit: number,
    maxOctets = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    this.#checkOpen();
    const messages = this.#offline.get(bareJid) ?? [];
    const octets = (this.#offlineOctets.get(bareJid) ?? 0) + Buffer.byteLength(stanza);
    if (messages.length >= limit || octets > maxOctets) return false;
    messages.push({ key: ++this.#lastKey, stanza });
    this.#offline.set(bareJid, messages);
    this.#offlineOctets.set(bareJid, octets);
    return true;
  }

  async loadOffline(bareJid: string): Promise<readonly OfflineMessage[]> {
    this.#checkOpen();
    return [...(this.#offline.get(bareJid) ?? [])];
  }

  async removeOffline(bareJid: string, keys: readonly number[]): Promise<void> {
    this.#checkOpen();
    const gone = new Set(keys);
    this.#setOffline(
      bareJid,
      (this.#offline.get(bareJid) ?? []).filter((message) => !gone.has(message.key)),
    );
  }

  #setOffline(bareJid: string, messages: OfflineMessage[]): void {
    if (messages.length === 0) {
      this.#offline.delete(bareJid);
      this.#offlineOctets.delete(bareJid);
      return;
    }
    this.#offline.set(bareJid, messages);
    this.#offlineOctets.set(
      bareJid,
      messages.reduce((sum, { stanza }) => sum + Buffer.byteLength(stanza), 0),
    );
  }

  async loadBindings(): Promise<ReadonlyMap<string, readonly StoredBinding[]>> {
    this.#checkOpen();
    return new Map(this.#bindings);
  }

  async saveBindings(aor: string, bindings: readonly StoredBinding[]): Promise<void> {
    this.#checkOpen();
    if (bindings.length > 0) this.#bindings.set(aor, [...bindings]);
    else this.#bindings.delete(aor);
  }

  async digestCredentials(username: string, realm: string): Promise<DigestCredentials | undefined> {
    this.#checkOpen();
    return this.#sipUsers.get(sipUserKey(username, realm));
  }

  async putSipUser(user: DigestCredentials): Promise<void> {
    this.#checkOpen();
    this.#sipUsers.set(sipUserKey(user.username, user.realm), user);
  }

  async removeSipUser(username: string, realm: string): Promise<boolean> {
    this.#checkOpen();
    return this.#sipUsers.delete(sipUserKey(username, realm));
  }

  async listSipUsers(): Promise<readonly SipUserName[]> {
    this.#checkOpen();
    return [...this.#sipUsers.values()]
      .map(({ username, realm }) => ({ username, realm }))
      .sort((a, b) => compare(a.realm, b.realm) || compare(a.username, b.username));
  }

  async secret(name: string, fresh: Uint8Array): Promise<Uint8Array> {
    this.#checkOpen();
    const known = this.#secrets.get(name);
    if (known !== undefined) return known;
    this.#secrets.set(name, fresh);
    return fresh;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreFailure('the store is closed');
  }
}

/** One map key for the pair; neither part can hold a line feed. */
function sipUserKey(username: string, realm: string): string {
  return `${realm}\n${username}`;
}

/** By code units: the order of SQLite's BINARY collation for all but supplementary characters. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
