/** `verona user …`: users of the embedded XMPP server and of the SIP registrar, kept in the store. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Config } from '../config/schema.js';
import { makeCredentials } from '../sip/auth/make-credentials.js';
import { DomainTable } from '../sip/useragent/domains.js';
import { openStore } from '../store/open-store.js';
import type { Store } from '../store/store.js';
import { SystemRandom } from '../wire/random.js';
import { makeAccount } from '../xmpp/server/accounts.js';
import { readConfigFile } from './config-file.js';
import { CommandFailure } from './failure.js';
import { readUserAddress, type UserAddress } from './user-address.js';

export interface UserOptions {
  readonly config: string;
  readonly password?: string;
}

/** Adds a user; fails if it exists. */
export async function addUser(address: string, options: UserOptions): Promise<void> {
  await withUser(address, options, async (user, store, config) => {
    if (await exists(user, store, config))
      throw new CommandFailure(`${address} exists; use "verona user passwd ${address}" to set a new password`);
    const twin = await twinOf(user, store, config);
    if (twin !== undefined) {
      throw new CommandFailure(
        `sip:${twin} differs from ${address} in case alone, and XMPP cannot tell them apart; choose another name`,
      );
    }
    await put(user, await readPassword(options), store, config);
    process.stdout.write(`added ${nameOf(user)}\n`);
  });
}

/** Sets a new password; fails if there is no such user. */
export async function changePassword(address: string, options: UserOptions): Promise<void> {
  await withUser(address, options, async (user, store, config) => {
    if (!(await exists(user, store, config)))
      throw new CommandFailure(`there is no user ${nameOf(user)}; add it with "verona user add ${address}"`);
    await put(user, await readPassword(options), store, config);
    process.stdout.write(`changed the password of ${nameOf(user)}\n`);
  });
}

/** Removes a user; fails if there is none. */
export async function deleteUser(address: string, options: UserOptions): Promise<void> {
  await withUser(address, options, async (user, store, config) => {
    const removed =
      user.kind === 'xmpp'
        ? await store.removeAccount(user.jid.toString())
        : await store.removeSipUser(user.username, realmOf(user.domain, config));
    if (!removed) throw new CommandFailure(`there is no user ${nameOf(user)}; "verona user list" shows all`);
    process.stdout.write(`removed ${nameOf(user)}\n`);
  });
}

/** Lists all users, one a line. */
export async function listUsers(options: UserOptions): Promise<void> {
  await withStore(options, async (store, config) => {
    const domainOf = (realm: string) => config.domains.sip.find((domain) => realmOf(domain, config) === realm) ?? realm;
    const sip = (await store.listSipUsers()).map(({ username, realm }) => `sip:${username}@${domainOf(realm)}`);
    for (const line of [...(await store.listAccounts()), ...sip]) process.stdout.write(`${line}\n`);
  });
}

async function withUser(
  address: string,
  options: UserOptions,
  act: (user: UserAddress, store: Store, config: Config) => Promise<void>,
): Promise<void> {
  await withStore(options, async (store, config) => {
    const user = readUserAddress(address, config.domains);
    if (!user.ok) throw new CommandFailure(user.error, 2);
    await act(user.value, store, config);
  });
}

async function withStore(options: UserOptions, act: (store: Store, config: Config) => Promise<void>): Promise<void> {
  const { config } = readConfigFile(options.config);
  if (config.store === 'memory:')
    throw new CommandFailure(
      'store is "memory:", which keeps no users; set store to "sqlite:FILE", or list users in the configuration',
    );
  const store = await openStore(config.store);
  try {
    await act(store, config);
  } finally {
    await store.close();
  }
}

async function exists(user: UserAddress, store: Store, config: Config): Promise<boolean> {
  return user.kind === 'xmpp'
    ? (await store.account(user.jid.toString())) !== undefined
    : (await store.digestCredentials(user.username, realmOf(user.domain, config))) !== undefined;
}

/** A SIP user whose name differs in case alone: XMPP folds case, so both would share one JID (RFC 7247 §6.4 step 6). */
async function twinOf(user: UserAddress, store: Store, config: Config): Promise<string | undefined> {
  if (user.kind === 'xmpp') return undefined;
  const realm = realmOf(user.domain, config);
  const folded = user.username.toLowerCase();
  const twin = (await store.listSipUsers()).find(
    (other) => other.realm === realm && other.username.toLowerCase() === folded,
  );
  return twin === undefined ? undefined : `${twin.username}@${user.domain}`;
}

async function put(user: UserAddress, password: string, store: Store, config: Config): Promise<void> {
  if (user.kind === 'sip') {
    await store.putSipUser(makeCredentials(user.username, realmOf(user.domain, config), password));
    return;
  }
  const account = await makeAccount(user.jid, password, new SystemRandom());
  if (!account.ok) throw new CommandFailure(`this password cannot be used: ${account.error}`);
  await store.putAccount(account.value);
}

function nameOf(user: UserAddress): string {
  return user.kind === 'xmpp' ? user.jid.toString() : `sip:${user.username}@${user.domain}`;
}

function realmOf(domain: string, config: Config): string {
  return new DomainTable(config.domains, config.sip.registrar.realm).realmOf(domain) ?? domain;
}

async function readPassword(options: UserOptions): Promise<string> {
  if (options.password !== undefined) return checked(options.password);
  if (!process.stdin.isTTY) return checked(await readLine(false));
  const first = await readLine(true, 'password: ');
  if (first !== (await readLine(true, 'again: '))) throw new CommandFailure('the two passwords differ; try again');
  return checked(first);
}

function checked(password: string): string {
  if (password === '')
    throw new CommandFailure('the password is empty; give one with --password, or as a line of standard input', 2);
  return password;
}

/** One line of standard input; on a terminal, without echo. */
async function readLine(terminal: boolean, prompt = ''): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (prompt !== '') process.stderr.write(prompt);
  const reader = createInterface({ input: process.stdin, output: mute, terminal });
  try {
    for await (const line of reader) return line;
    return '';
  } finally {
    reader.close();
    if (terminal) process.stderr.write('\n');
  }
}
