import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Element } from 'ltx';
import { MemoryStore } from '../../src/store/memory-store.js';
import { SystemScheduler } from '../../src/wire/clock.js';
import { SystemRandom } from '../../src/wire/random.js';
import { XmppClient, type XmppClientOptions } from '../../src/wire/xmpp/client.js';
import { EmbeddedServer, type EmbeddedServerOptions } from '../../src/wire/xmpp/embedded-server.js';
import { Jid } from '../../src/xmpp/address/jid.js';
import { makeAccount } from '../../src/xmpp/server/accounts.js';
import { RecordingLog } from './recording-log.js';

/** A client that keeps what it gets, for tests to wait for. */
export class InboxClient extends XmppClient {
  #inbox: Element[] = [];
  #waiting: { matches: (stanza: Element) => boolean; resolve: (stanza: Element) => void }[] = [];

  constructor(options: XmppClientOptions) {
    super(options);
    this.onStanza((stanza) => {
      const at = this.#waiting.findIndex((one) => one.matches(stanza));
      if (at < 0) this.#inbox.push(stanza);
      else this.#waiting.splice(at, 1)[0]!.resolve(stanza);
    });
  }

  /** The oldest stanza that matches, now or as soon as it comes. */
  next(matches: (stanza: Element) => boolean): Promise<Element> {
    const at = this.#inbox.findIndex(matches);
    if (at >= 0) return Promise.resolve(this.#inbox.splice(at, 1)[0]!);
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  nextMessage(): Promise<Element> {
    return this.next((stanza) => stanza.name === 'message');
  }

  /** What came and was not waited for. */
  get unread(): readonly Element[] {
    return this.#inbox;
  }
}

/** An embedded server on loopback, with the accounts that a test asks for, and its clients. */
export class LoopbackServer {
  readonly server: EmbeddedServer;
  readonly store: MemoryStore;
  readonly log: RecordingLog;
  readonly gateway: Element[] = [];
  readonly #folder: string;
  readonly #clients: XmppClient[] = [];

  private constructor(server: EmbeddedServer, store: MemoryStore, log: RecordingLog, folder: string) {
    this.server = server;
    this.store = store;
    this.log = log;
    this.#folder = folder;
    server.onStanza((stanza) => this.gateway.push(stanza));
  }

  static async start(
    accounts: readonly string[],
    options: Partial<EmbeddedServerOptions> = {},
  ): Promise<LoopbackServer> {
    const folder = await mkdtemp(join(tmpdir(), 'verona-xmpp-'));
    const store = new MemoryStore();
    const log = new RecordingLog();
    const server = new EmbeddedServer({
      domains: ['example.com'],
      gatewayDomains: ['example.net'],
      c2s: { listen: '127.0.0.1:0', tls: 'self-signed', requireTls: true },
      directTls: { listen: '127.0.0.1:0' },
      dataDir: folder,
      accounts: store,
      store,
      scheduler: new SystemScheduler(),
      random: new SystemRandom(),
      log,
      software: { name: 'Verona', version: '1.2.3' },
      iterations: 4096,
      ...options,
    });
    const loopback = new LoopbackServer(server, store, log, folder);
    for (const account of accounts) await loopback.addAccount(account);
    await server.start();
    return loopback;
  }

  /** The password is the localpart twice. */
  async addAccount(bareJid: string): Promise<void> {
    const jid = Jid.parse(bareJid);
    assert.ok(jid.ok);
    const account = await makeAccount(jid.value, passwordOf(jid.value), new SystemRandom(), 4096);
    assert.ok(account.ok);
    await this.store.putAccount(account.value);
  }

  get port(): number {
    return this.server.addresses.c2s!.port;
  }

  client(jid: string, options: Partial<XmppClientOptions> = {}): InboxClient {
    const parsed = Jid.parse(jid);
    assert.ok(parsed.ok);
    const client = new InboxClient({
      jid,
      password: passwordOf(parsed.value),
      host: '127.0.0.1',
      port: options.directTls ? this.server.addresses.directTls!.port : this.port,
      tls: this.server.identity === undefined ? {} : { fingerprint: this.server.identity.fingerprint },
      scheduler: new SystemScheduler(),
      random: new SystemRandom(),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A client whose presence the server has seen. */
  async connect(jid: string, options: Partial<XmppClientOptions> = {}): Promise<InboxClient> {
    const client = this.client(jid, options);
    await client.connect();
    if (options.priority !== 'none') await client.next((stanza) => stanza.name === 'presence');
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.server.stop(1_000);
    await this.store.close();
    await rm(this.#folder, { recursive: true });
  }
}

export function passwordOf(jid: Jid): string {
  return `${jid.local}${jid.local}`;
}
