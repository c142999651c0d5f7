import assert from 'node:assert/strict';
import { StaticUsers } from '../../src/directory/static-users.js';
import { digestHa1 } from '../../src/sip/auth/digest.js';
import { makeCredentials } from '../../src/sip/auth/make-credentials.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { hasPassword } from '../../src/xmpp/server/accounts.js';
import { SeededRandom } from '../support/seeded-random.js';

const NOBODY = { xmpp: [], sip: [] };

describe('static users', () => {
  it('are found before the store, by canonical address', async () => {
    const users = await StaticUsers.over(
      new MemoryStore(),
      {
        xmpp: [{ jid: 'Juliet@Example.com', password: 'balcony' }],
        sip: [{ username: 'romeo', realm: 'example.net', password: 'orchard' }],
      },
      new SeededRandom(),
    );
    const account = await users.account('juliet@example.com');
    assert.ok(account !== undefined && (await hasPassword(account, 'balcony')));
    assert.equal(await hasPassword(account, 'orchard'), false);
    const credentials = await users.digestCredentials('romeo', 'example.net');
    assert.equal(credentials?.ha1Sha256, digestHa1('SHA-256', 'romeo', 'example.net', 'orchard'));
    assert.deepEqual(await users.listAccounts(), ['juliet@example.com']);
  });

  it('leave the users of the store visible', async () => {
    const store = new MemoryStore();
    await store.putSipUser(makeCredentials('mercutio', 'example.net', 'queen mab'));
    const users = await StaticUsers.over(store, NOBODY, new SeededRandom());
    assert.equal((await users.digestCredentials('mercutio', 'example.net'))?.username, 'mercutio');
    assert.equal(await users.digestCredentials('mercutio', 'example.org'), undefined);
    assert.equal(await users.account('nobody@example.com'), undefined);
  });

  it('with an address that is none stop the start', async () => {
    const users = { xmpp: [{ jid: 'a b@example.com', password: 'x' }], sip: [] };
    await assert.rejects(StaticUsers.over(new MemoryStore(), users, new SeededRandom()), /user a b@example\.com/);
  });
});
