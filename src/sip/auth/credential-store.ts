/** The secrets that SIP digest needs of a user (RFC 3261 §22, RFC 8760): H(user:realm:password), never the password. */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  /** Lower-case hex. */
  readonly ha1Md5: string;
  readonly ha1Sha256: string;
}

/** Who may register and send. Implemented by the engines in `store/`. */
export interface CredentialStore {
  /** The credentials of `username` in `realm`, or undefined when there is no such user. */
  digestCredentials(username: string, realm: string): Promise<DigestCredentials | undefined>;
}
