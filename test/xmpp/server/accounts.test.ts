import assert from 'node:assert/strict';
import { DEFAULT_ITERATIONS, hasPassword, makeAccount } from '../../../src/xmpp/server/accounts.js';
import { jid } from '../../support/im-server.js';
import { SeededRandom } from '../../support/seeded-random.js';

describe('RFC 5802 §3: accounts', () => {
  it('keep salted keys by default iterations, and know their password again', async () => {
    const account = await makeAccount(jid('juliet@example.com/balcony'), 'pencil', new SeededRandom());
    assert.ok(account.ok);
    const { jid: bare, scramSha1, scramSha256 } = account.value;
    assert.equal(bare, 'juliet@example.com');
    assert.deepEqual([scramSha1.iterations, scramSha256.iterations], [DEFAULT_ITERATIONS, DEFAULT_ITERATIONS]);
    assert.deepEqual([scramSha1.storedKey.length, scramSha256.storedKey.length], [20, 32]);
    assert.notDeepEqual(scramSha1.salt, scramSha256.salt);
    assert.equal(await hasPassword(account.value, 'pencil'), true);
    assert.equal(await hasPassword(account.value, 'pencils'), false);
    assert.equal(await hasPassword(account.value, '\u0007'), false);
  });

  it('RFC 4013: passwords that are the same when prepared are the same', async () => {
    const account = await makeAccount(jid('juliet@example.com'), 'I\u00adX', new SeededRandom(), 4096);
    assert.ok(account.ok);
    assert.equal(await hasPassword(account.value, 'IX'), true);
    assert.equal(await hasPassword(account.value, '\u2168'), true);
    assert.equal(await hasPassword(account.value, 'ix'), false);
  });

  for (const [what, password] of [
    ['an empty one', ''],
    ['one that is prepared to nothing', '\u00ad'],
    ['a prohibited character', 'a\u0007b'],
    ['a code point unknown to Unicode 3.2', 'a\u0221b'],
    ['mixed directions', '\u0627x'],
  ]) {
    it(`do not take ${what} as password`, async () => {
      const account = await makeAccount(jid('juliet@example.com'), password!, new SeededRandom(), 4096);
      assert.equal(account.ok, false);
    });
  }
});
