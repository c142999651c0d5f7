import assert from 'node:assert/strict';
import { type Element, parse } from 'ltx';
import { silentLog } from '../../src/base/log.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { Jid } from '../../src/xmpp/address/jid.js';
import type { Account, ScramKeys } from '../../src/xmpp/server/account-store.js';
import { ImServer, type ImServerOptions } from '../../src/xmpp/server/im-server.js';
import type { Session, SessionOutput } from '../../src/xmpp/server/session.js';
import type { StreamError } from '../../src/xmpp/stream/stream-error.js';
import { FakeScheduler } from './fake-scheduler.js';
import { SeededRandom } from './seeded-random.js';

/** A stanza as a client writes it, in the namespace of the stream. */
export function xml(text: string): Element {
  const element = parse(text) as Element;
  element.attrs.xmlns ??= 'jabber:client';
  return element;
}

export function jid(text: string): Jid {
  const parsed = Jid.parse(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** A client's end of a session, in memory. */
export class TestClient implements SessionOutput {
  /** What was written to it, oldest first. */
  readonly received: Element[] = [];
  endedWith: StreamError | undefined;
  /** Whether its queue takes anything. */
  accepts = true;
  /** Whether what is queued gets written; `watchers` wait else. */
  writes = true;
  alive = true;
  readonly watchers: ((written: boolean) => void)[] = [];
  session!: Session;
  readonly #server: ImServer;

  constructor(server: ImServer) {
    this.#server = server;
  }

  send(text: string): boolean {
    if (!this.accepts || this.endedWith !== undefined) return false;
    this.received.push(xml(text));
    return true;
  }

  whenWritten(then: (written: boolean) => void): void {
    if (this.writes) then(true);
    else this.watchers.push(then);
  }

  end(error: StreamError): void {
    this.endedWith ??= error;
  }

  answers(): Promise<boolean> {
    return Promise.resolve(this.alive);
  }

  /** The client writes a stanza; resolves when its fate is known. */
  async says(text: string): Promise<void> {
    await this.#server.receive(this.session, xml(text));
  }

  disconnect(unwritten: readonly Element[] = []): void {
    this.#server.disconnected(this.session, unwritten);
  }

  /** What came since the last call. */
  take(): Element[] {
    return this.received.splice(0);
  }
}

/** A server for example.com, with the gateway's example.net behind it. */
export class TestServer {
  readonly store = new MemoryStore();
  readonly clock = new FakeScheduler(Date.UTC(2026, 0, 1, 12, 0, 0));
  /** What went to the gateway, oldest first. */
  readonly gateway: Element[] = [];
  readonly server: ImServer;

  constructor(options: Partial<ImServerOptions> = {}) {
    this.server = new ImServer({
      domains: ['example.com'],
      gatewayDomains: ['example.net'],
      accounts: this.store,
      offline: this.store,
      clock: this.clock,
      random: new SeededRandom(),
      log: silentLog,
      software: { name: 'Verona', version: '1.2.3' },
      answerForGateway: () => undefined,
      toGateway: (stanza) => this.gateway.push(stanza),
      ...options,
    });
  }

  async addAccount(bareJid: string): Promise<void> {
    const keys: ScramKeys = {
      salt: new Uint8Array(16),
      iterations: 4096,
      storedKey: new Uint8Array(32),
      serverKey: new Uint8Array(32),
    };
    const account: Account = { jid: bareJid, scramSha1: keys, scramSha256: keys };
    await this.store.putAccount(account);
  }

  /** A connected resource, available with `priority` unless that is left out. */
  async connect(fullJid: string, priority?: number): Promise<TestClient> {
    const client = new TestClient(this.server);
    const { bare, resource } = jid(fullJid);
    const session = await this.server.bind(bare, resource, client, undefined);
    assert.ok(session.ok, fullJid);
    client.session = session.value;
    if (priority !== undefined) {
      await client.says(`<presence><priority>${priority}</priority></presence>`);
      await this.server.settled();
    }
    client.take();
    return client;
  }
}
