/** Opens the store that the configuration names by a URL. */
import { MemoryStore } from './memory-store.js';
import { type SqliteOptions, SqliteStore } from './sqlite-store.js';
import { type Store, StoreFailure } from './store.js';

/**
 * Opens `memory:` or `sqlite:PATH` (a path as it stands, relative to the working folder: `sqlite:./data/verona.db`); the
 * file and its folder are made as needed.
 * @throws StoreFailure saying what was found and expected.
 */
export async function openStore(url: string, options: SqliteOptions = {}): Promise<Store> {
  const colon = url.indexOf(':');
  const scheme = url.slice(0, Math.max(colon, 0));
  const rest = url.slice(colon + 1);
  switch (scheme) {
    case 'memory':
      return new MemoryStore();
    case 'sqlite':
      if (rest === '') throw new StoreFailure(`the store "${url}" names no file; write sqlite:./data/verona.db`);
      return SqliteStore.open(rest, options);
    case 'redis':
    case 'rediss':
      throw new StoreFailure(`the store "${url}" needs Redis, which this version has not; use sqlite: or memory:`);
    default:
      throw new StoreFailure(`the store "${url}" is unknown; expected memory: or sqlite:PATH`);
  }
}
