/** The end of a gateway: no new work, open transactions finish, and all is over in time (as at SIGTERM). */
import assert from 'node:assert/strict';
import { IN_PROCESS, onStages } from './support/stage.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';

onStages('a gateway that stops', (stage) => {
  afterEach(() => stage().startGateway());

  it('lets a phone answer what it has, and takes nothing new from either side', async () => {
    const romeo = await stage().phone('romeo');
    const mercutio = await stage().phone('mercutio');
    const juliet = await stage().user('juliet');
    const answer = romeo.holds();
    const open = juliet.says(ROMEO, 'art thou there?');
    await romeo.hears();
    const stopped = stage().stopGateway();
    const late = await juliet.errorOf(juliet.says(ROMEO, 'one more'));
    assert.equal(late.condition, 'resource-constraint');
    assert.equal(late.type, 'wait');
    const refused = await mercutio.says(JULIET, 'one more');
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get('Retry-After') ?? '', /^\d+$/);
    answer(404);
    assert.equal((await juliet.errorOf(open)).condition, 'item-not-found');
    await stopped;
    assert.deepEqual(romeo.unread, []);
    assert.deepEqual(juliet.unread, []);
  });

  it('lets waiting messages go out in their turn', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const answer = romeo.holds();
    for (const text of ['1', '2', '3']) juliet.says(ROMEO, text);
    assert.equal(await romeo.hearsText(), '1');
    await juliet.heardAllFrom('example.net');
    const stopped = stage().stopGateway();
    answer(200);
    assert.equal(await romeo.hearsText(), '2');
    assert.equal(await romeo.hearsText(), '3');
    await stopped;
  });

  it('with nothing open, stops at once', async () => {
    const romeo = await stage().phone('romeo');
    await romeo.says(JULIET, 'done');
    const since = performance.now();
    await stage().stopGateway();
    assert.ok(performance.now() - since < 1000);
  });
});

onStages(
  'a gateway that stops while its server is slow',
  (stage) => {
    it('the SIP sender hears 200 when the server has taken the message, and the gateway ends after that', async () => {
      const romeo = await stage().phone('romeo');
      const { server } = stage();
      server.halt();
      const answer = romeo.says(JULIET, 'wait for me');
      await server.until(() => server.waiting >= 1);
      const stopped = stage().stopGateway();
      server.release();
      assert.equal((await answer).status, 200);
      await stopped;
      assert.equal(server.taken.at(-1)?.getChildText('body'), 'wait for me');
    });
  },
  { shapes: ['component'] },
);

onStages(
  'a gateway that stops while a phone says nothing',
  (stage) => {
    it('ends within its limit, and the XMPP user hears why', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      romeo.holds();
      const open = juliet.says(ROMEO, 'art thou there?');
      const behind = juliet.says(ROMEO, 'speak!');
      await romeo.hears();
      await juliet.heardAllFrom('example.net');
      const since = performance.now();
      const stopped = stage().stopGateway();
      const error = await juliet.errorOf(open);
      assert.equal(error.condition, 'resource-constraint');
      assert.equal(error.type, 'wait');
      assert.equal((await juliet.errorOf(behind)).condition, 'resource-constraint');
      await stopped;
      const took = performance.now() - since;
      assert.ok(took >= 300 && took < 2000, `${took} ms`);
    });
  },
  { shapes: IN_PROCESS, config: { limits: { drainMs: 400 } } },
);
