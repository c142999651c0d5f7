import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import type { StoredBinding } from '../../src/sip/registrar/location-store.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { openStore } from '../../src/store/open-store.js';
import { type Store, StoreFailure } from '../../src/store/store.js';
import type { Account } from '../../src/xmpp/server/account-store.js';

function bytes(fill: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

function account(jid: string, fill = 1): Account {
  return {
    jid,
    scramSha1: {
      salt: bytes(fill, 16),
      iterations: 4096,
      storedKey: bytes(fill + 1, 20),
      serverKey: bytes(fill + 2, 20),
    },
    scramSha256: { salt: bytes(fill + 3, 16), iterations: 10_000, storedKey: bytes(0, 32), serverKey: bytes(255, 32) },
  };
}

const binding: StoredBinding = {
  contact: 'sip:romeo@192.0.2.7:5060;transport=tcp',
  callId: 'a84b4c76e66710',
  cseq: 4_294_967_295,
  q: 0.5,
  expiresAt: 1_767_225_600_123,
};
const fullBinding: StoredBinding = {
  ...binding,
  contact: 'sip:romeo@[2001:db8::7]',
  receivedFrom: 'udp:192.0.2.1:5060',
  instance: '<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>',
  userAgent: 'Ünïcode/1.0',
};

/** What each engine must do. `emptied` gives a store that holds nothing: a new one, or the one given, wiped. */
function storeContract(open: () => Promise<Store>, emptied: (store: Store) => Store): void {
  let store: Store;
  before(async () => {
    store = await open();
  });
  beforeEach(() => {
    store = emptied(store);
  });
  after(() => store.close());

  describe('accounts', () => {
    it('knows none at first', async () => {
      assert.equal(await store.account('juliet@example.com'), undefined);
      assert.deepEqual(await store.listAccounts(), []);
    });

    it('gives back what was put, byte for byte', async () => {
      await store.putAccount(account('juliet@example.com'));
      const read = await store.account('juliet@example.com');
      assert.deepEqual(read, account('juliet@example.com'));
    });

    it('replaces an account', async () => {
      await store.putAccount(account('juliet@example.com', 1));
      await store.putAccount(account('juliet@example.com', 9));
      assert.deepEqual(await store.account('juliet@example.com'), account('juliet@example.com', 9));
      assert.deepEqual(await store.listAccounts(), ['juliet@example.com']);
    });

    it('lists accounts in order', async () => {
      for (const jid of ['nurse@example.com', 'äbtissin@example.com', 'juliet@example.com']) {
        await store.putAccount(account(jid));
      }
      assert.deepEqual(await store.listAccounts(), ['juliet@example.com', 'nurse@example.com', 'äbtissin@example.com']);
    });

    it('removes an account once', async () => {
      await store.putAccount(account('juliet@example.com'));
      assert.equal(await store.removeAccount('juliet@example.com'), true);
      assert.equal(await store.removeAccount('juliet@example.com'), false);
      assert.equal(await store.account('juliet@example.com'), undefined);
    });

    it('removes the offline messages of a removed account, so that a later owner of the name gets none', async () => {
      await store.putAccount(account('juliet@example.com'));
      await store.storeOffline('juliet@example.com', '<message/>', 10);
      await store.removeAccount('juliet@example.com');
      assert.deepEqual(await store.loadOffline('juliet@example.com'), []);
    });
  });

  describe('XEP-0160: offline messages', () => {
    it('keeps the order of arrival, for each account alone', async () => {
      await store.storeOffline('juliet@example.com', '<message id="1"/>', 10);
      await store.storeOffline('nurse@example.com', '<message id="n"/>', 10);
      await store.storeOffline('juliet@example.com', '<message id="2">Ünïcode 🌹</message>', 10);
      const kept = await store.loadOffline('juliet@example.com');
      assert.deepEqual(
        kept.map((message) => message.stanza),
        ['<message id="1"/>', '<message id="2">Ünïcode 🌹</message>'],
      );
    });

    it('keeps the order of calls that nobody waited for', async () => {
      const calls = Array.from({ length: 50 }, (_, index) => store.storeOffline('juliet@example.com', `${index}`, 100));
      assert.ok((await Promise.all(calls)).every((stored) => stored));
      const kept = await store.loadOffline('juliet@example.com');
      assert.deepEqual(
        kept.map((message) => message.stanza),
        Array.from({ length: 50 }, (_, index) => `${index}`),
      );
    });

    it('refuses beyond its octets, each character as UTF-8 has it, and takes again when there is room', async () => {
      const keep = (stanza: string) => store.storeOffline('juliet@example.com', stanza, 10, 10);
      assert.deepEqual(
        [await keep('1234'), await keep('♥♥'), await keep('1'), await keep('')],
        [true, true, false, true],
      );
      const [first] = await store.loadOffline('juliet@example.com');
      await store.removeOffline('juliet@example.com', [first!.key]);
      assert.deepEqual([await keep('12345'), await keep('1234')], [false, true]);
      assert.equal(await store.storeOffline('nurse@example.com', '1234567890', 10, 10), true);
    });

    it('refuses beyond the limit, and takes again when there is room', async () => {
      assert.equal(await store.storeOffline('juliet@example.com', '1', 2), true);
      assert.equal(await store.storeOffline('juliet@example.com', '2', 2), true);
      assert.equal(await store.storeOffline('juliet@example.com', '3', 2), false);
      assert.equal(await store.storeOffline('nurse@example.com', '1', 2), true);
      const [first] = await store.loadOffline('juliet@example.com');
      await store.removeOffline('juliet@example.com', [first!.key]);
      assert.equal(await store.storeOffline('juliet@example.com', '4', 2), true);
    });

    it('removes exactly the keys given, and only of that account', async () => {
      for (const stanza of ['1', '2', '3']) await store.storeOffline('juliet@example.com', stanza, 10);
      await store.storeOffline('nurse@example.com', 'n', 10);
      const kept = await store.loadOffline('juliet@example.com');
      await store.removeOffline('juliet@example.com', [kept[0]!.key, kept[2]!.key, 999_999]);
      assert.deepEqual(
        (await store.loadOffline('juliet@example.com')).map((message) => message.stanza),
        ['2'],
      );
      await store.removeOffline('nurse@example.com', [kept[1]!.key]);
      assert.equal((await store.loadOffline('juliet@example.com')).length, 1);
      assert.equal((await store.loadOffline('nurse@example.com')).length, 1);
    });

    it('never gives a key twice', async () => {
      await store.storeOffline('juliet@example.com', '1', 10);
      const [first] = await store.loadOffline('juliet@example.com');
      await store.removeOffline('juliet@example.com', [first!.key]);
      await store.storeOffline('juliet@example.com', '2', 10);
      const [second] = await store.loadOffline('juliet@example.com');
      assert.notEqual(first!.key, second!.key);
    });
  });

  describe('RFC 3261 §10: bindings', () => {
    it('gives back all bindings by AOR, with and without their optional parts', async () => {
      await store.saveBindings('sip:romeo@example.net', [fullBinding, binding]);
      await store.saveBindings('sip:mercutio@example.net', [binding]);
      const loaded = await store.loadBindings();
      assert.deepEqual(
        new Map(loaded),
        new Map([
          ['sip:mercutio@example.net', [binding]],
          ['sip:romeo@example.net', [fullBinding, binding]],
        ]),
      );
    });

    it('replaces all bindings of an AOR, and an empty list removes it', async () => {
      await store.saveBindings('sip:romeo@example.net', [fullBinding, binding]);
      await store.saveBindings('sip:romeo@example.net', [binding]);
      assert.deepEqual((await store.loadBindings()).get('sip:romeo@example.net'), [binding]);
      await store.saveBindings('sip:romeo@example.net', []);
      assert.equal((await store.loadBindings()).size, 0);
    });
  });

  describe('RFC 3261 §22: SIP users', () => {
    const romeo = { username: 'romeo', realm: 'example.net', ha1Md5: 'a'.repeat(32), ha1Sha256: 'b'.repeat(64) };

    it('finds credentials by username and realm', async () => {
      await store.putSipUser(romeo);
      assert.deepEqual(await store.digestCredentials('romeo', 'example.net'), romeo);
      assert.equal(await store.digestCredentials('romeo', 'example.org'), undefined);
      assert.equal(await store.digestCredentials('Romeo', 'example.net'), undefined);
    });

    it('replaces, lists without secrets, and removes', async () => {
      await store.putSipUser(romeo);
      await store.putSipUser({ ...romeo, ha1Md5: 'c'.repeat(32) });
      await store.putSipUser({ ...romeo, username: 'benvolio' });
      assert.equal((await store.digestCredentials('romeo', 'example.net'))?.ha1Md5, 'c'.repeat(32));
      assert.deepEqual(await store.listSipUsers(), [
        { username: 'benvolio', realm: 'example.net' },
        { username: 'romeo', realm: 'example.net' },
      ]);
      assert.equal(await store.removeSipUser('romeo', 'example.net'), true);
      assert.equal(await store.removeSipUser('romeo', 'example.net'), false);
      assert.equal(await store.digestCredentials('romeo', 'example.net'), undefined);
    });
  });

  it('makes a secret once', async () => {
    const [first, second] = await Promise.all([
      store.secret('scram', bytes(1, 32)),
      store.secret('scram', bytes(2, 32)),
    ]);
    assert.deepEqual(first, bytes(1, 32));
    assert.deepEqual(second, bytes(1, 32));
    assert.deepEqual(await store.secret('other', bytes(3, 8)), bytes(3, 8));
  });

  it('finishes what was called before it is closed, rejects later calls, and can be closed twice', async () => {
    const closing = await open();
    const stored = closing.storeOffline('juliet@example.com', '1', 10);
    await closing.close();
    assert.equal(await stored, true);
    await closing.close();
    await assert.rejects(closing.listAccounts(), StoreFailure);
  });
}

describe('the store in memory', () => {
  storeContract(
    () => openStore('memory:'),
    () => new MemoryStore(),
  );
});

describe('the store in SQLite', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'verona-store-'));
  });
  after(() => rm(folder, { recursive: true }));
  storeContract(
    () => openStore(`sqlite:${folder}/verona.db`),
    (store) => {
      const database = new Database(`${folder}/verona.db`, { timeout: 5_000 });
      for (const table of ['account', 'offline_message', 'binding', 'sip_user', 'secret']) {
        database.exec(`DELETE FROM ${table}`);
      }
      database.close();
      return store;
    },
  );
});

describe('openStore', () => {
  for (const [url, told] of [
    ['redis://127.0.0.1:6379', /Redis, which this version has not/],
    ['postgres://db', /unknown; expected memory: or sqlite:PATH/],
    ['', /unknown/],
    ['sqlite:', /names no file/],
  ] as const) {
    it(`tells what is wrong with "${url}"`, async () => {
      await assert.rejects(openStore(url), (cause) => cause instanceof StoreFailure && told.test(cause.message));
    });
  }
});
