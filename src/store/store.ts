/** The storage port of the whole process: every room's own port, and what the command line needs to keep users. */
import type { CredentialStore, DigestCredentials } from '../sip/auth/credential-store.js';
import type { LocationStore } from '../sip/registrar/location-store.js';
import type { AccountStore } from '../xmpp/server/account-store.js';
import type { OfflineStore } from '../xmpp/server/offline-store.js';
import type { SecretStore } from '../xmpp/server/secret-store.js';

/** Who a SIP user is, without the secrets. */
export interface SipUserName {
  readonly username: string;
  readonly realm: string;
}

/** Adding and removing SIP users (`verona user add`, the static directory of the configuration). */
export interface SipUserStore extends CredentialStore {
  /** Adds or replaces. Resolves when durable. */
  putSipUser(user: DigestCredentials): Promise<void>;
  /** True when there was such a user. Their registrations stay until they expire. Resolves when durable. */
  removeSipUser(username: string, realm: string): Promise<boolean>;
  /** Ordered by realm, then username. */
  listSipUsers(): Promise<readonly SipUserName[]>;
}

/**
 * Everything that outlives a process. A promise of a writing method resolves when its change is durable, and rejects with
 * a `StoreFailure` when it is not known to be; calls take effect in the order in which they were made.
 */
export interface Store extends AccountStore, OfflineStore, LocationStore, SipUserStore, SecretStore {
  /** Finishes what is pending, then releases files and threads. Later calls reject. */
  close(): Promise<void>;
}

/** The storage engine failed or refused: a fault of the house (disk, thread, limit), never of a peer. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}
