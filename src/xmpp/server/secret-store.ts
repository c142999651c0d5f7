/** Secrets that a server makes for itself once and must find again after a restart. Implemented by the engines in `store/`. */
export interface SecretStore {
  /**
   * The secret called `name`: what is stored, or, the first time, `fresh`, which is stored by this very call.
   * Two callers that race get the same value. Resolves when durable.
   */
  secret(name: string, fresh: Uint8Array): Promise<Uint8Array>;
}
