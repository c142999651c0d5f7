/** A small directory laid over the store: the users that the configuration lists, for demonstrations and tests. */
import type { Random } from '../base/random.js';
import type { CredentialStore, DigestCredentials } from '../sip/auth/credential-store.js';
import { makeCredentials } from '../sip/auth/make-credentials.js';
import { Jid } from '../xmpp/address/jid.js';
import type { Account, AccountStore } from '../xmpp/server/account-store.js';
import { makeAccount } from '../xmpp/server/accounts.js';

export interface StaticXmppUser {
  readonly jid: string;
  readonly password: string;
}

export interface StaticSipUser {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}

/** Looks among the listed users first, then in the store below; only keys are kept, never a password. */
export class StaticUsers implements AccountStore, CredentialStore {
  readonly #accounts = new Map<string, Account>();
  readonly #credentials = new Map<string, DigestCredentials>();

  private constructor(private readonly below: AccountStore & CredentialStore) {}

  /**
   * Makes the keys of the listed users.
   * @throws Error naming the user whose address or password cannot be used
   */
  static async over(
    below: AccountStore & CredentialStore,
    users: { readonly xmpp: readonly StaticXmppUser[]; readonly sip: readonly StaticSipUser[] },
    random: Random,
  ): Promise<StaticUsers> {
    const directory = new StaticUsers(below);
    for (const { jid, password } of users.xmpp) {
      const parsed = Jid.parse(jid);
      if (!parsed.ok) throw new Error(`user ${jid}: ${parsed.error}`);
      const account = await makeAccount(parsed.value, password, random);
      if (!account.ok) throw new Error(`user ${jid}: ${account.error}`);
      directory.#accounts.set(account.value.jid, account.value);
    }
    for (const { username, realm, password } of users.sip) {
      directory.#credentials.set(credentialKey(username, realm), makeCredentials(username, realm, password));
    }
    return directory;
  }

  async account(bareJid: string): Promise<Account | undefined> {
    return this.#accounts.get(bareJid) ?? this.below.account(bareJid);
  }

  putAccount(account: Account): Promise<void> {
    return this.below.putAccount(account);
  }

  removeAccount(bareJid: string): Promise<boolean> {
    return this.below.removeAccount(bareJid);
  }

  async listAccounts(): Promise<readonly string[]> {
    return [...new Set([...this.#accounts.keys(), ...(await this.below.listAccounts())])].sort();
  }

  async digestCredentials(username: string, realm: string): Promise<DigestCredentials | undefined> {
    return this.#credentials.get(credentialKey(username, realm)) ?? this.below.digestCredentials(username, realm);
  }
}

function credentialKey(username: string, realm: string): string {
  return `${realm}\n${username}`;
}
