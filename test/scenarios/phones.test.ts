/** Several phones of one user (RFC 3261 §16.6, §16.7), phones that talk to phones, one MESSAGE at a time (RFC 3428 §8). */
import assert from 'node:assert/strict';
import { textOf } from './support/phone.js';
import { IN_PROCESS, onStages } from './support/stage.js';

const ROMEO = 'romeo@example.net';

onStages('a SIP user with two phones', (stage) => {
  it('both ring; one takes the message, and the XMPP user hears nothing of the other', async () => {
    const [desk, pocket] = [await stage().phone('romeo'), await stage().phone('romeo', 'tcp')];
    const juliet = await stage().user('juliet');
    desk.answers = () => 480;
    juliet.says(ROMEO, 'to both');
    assert.equal(await desk.hearsText(), 'to both');
    assert.equal(await pocket.hearsText(), 'to both');
    // in order: an error for the first would come before that for the second
    desk.answers = () => 404;
    pocket.answers = () => 404;
    await juliet.errorOf(juliet.says(ROMEO, 'to none'));
    assert.deepEqual(juliet.unread, []);
  });

  for (const [first, second, condition] of [
    [480, 404, /^(recipient-unavailable|item-not-found)$/],
    [603, 404, /^recipient-unavailable$/],
    [503, 486, /^recipient-unavailable$/],
    [500, 415, /^not-acceptable$/],
    [600, 600, /^recipient-unavailable$/],
  ] as const) {
    it(`both refuse, with ${first} and ${second}: the XMPP user hears one error, of the best response`, async () => {
      const [desk, pocket] = [await stage().phone('romeo'), await stage().phone('romeo')];
      const juliet = await stage().user('juliet');
      desk.answers = () => first;
      pocket.answers = () => second;
      const error = await juliet.errorOf(juliet.says(ROMEO, 'to none'));
      assert.match(error.condition, condition);
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(juliet.unread, []);
    });
  }

  it('one is hung up: the other alone rings', async () => {
    const [desk, pocket] = [await stage().phone('romeo'), await stage().phone('romeo')];
    const juliet = await stage().user('juliet');
    assert.equal((await desk.agent.unregister()).status, 200);
    juliet.says(ROMEO, 'to one');
    assert.equal(await pocket.hearsText(), 'to one');
    assert.deepEqual(desk.unread, []);
  });
});

onStages(
  'phones that talk to phones',
  (stage) => {
    it('a MESSAGE goes from phone to phone as it is', async () => {
      const romeo = await stage().phone('romeo');
      const mercutio = await stage().phone('mercutio', 'tcp');
      const answer = await romeo.says('sip:mercutio@example.net', 'Give me a torch – ♥', {
        headers: [
          ['Subject', 'A torch'],
          ['Content-Language', 'en'],
        ],
      });
      assert.equal(answer.status, 200);
      const request = await mercutio.hears();
      assert.equal(request.from.uri.toString(), 'sip:romeo@example.net');
      assert.equal(request.headers.get('Subject'), 'A torch');
      assert.equal(request.headers.get('Content-Language'), 'en');
      assert.equal(textOf(request), 'Give me a torch – ♥');
    });

    for (const status of [404, 415, 486, 603]) {
      it(`a ${status} goes back as it is`, async () => {
        const romeo = await stage().phone('romeo');
        const mercutio = await stage().phone('mercutio');
        mercutio.answers = () => status;
        assert.equal((await romeo.says('sip:mercutio@example.net', 'no?')).status, status);
      });
    }

    it('a user without a phone is 480, no user is 404', async () => {
      const romeo = await stage().phone('romeo');
      assert.equal((await romeo.says('sip:tybalt@example.net', 'peace')).status, 480);
      assert.equal((await romeo.says('sip:nobody@example.net', 'peace')).status, 404);
    });

    it('a MESSAGE to oneself comes', async () => {
      const romeo = await stage().phone('romeo');
      assert.equal((await romeo.says('sip:romeo@example.net', 'note')).status, 200);
      assert.equal(await romeo.hearsText(), 'note');
    });
  },
  { shapes: IN_PROCESS },
);

onStages(
  'RFC 3428 §8: a phone gets one MESSAGE at a time',
  (stage) => {
    it('the others wait for its answer, then come in their order', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      const answer = romeo.holds();
      for (let line = 0; line < 6; line++) juliet.says(ROMEO, `line ${line}`);
      assert.equal(await romeo.hearsText(), 'line 0');
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(romeo.unread, [], 'the second waits');
      answer(200);
      for (let line = 1; line < 6; line++) assert.equal(await romeo.hearsText(), `line ${line}`);
      assert.deepEqual(juliet.unread, []);
    });

    it('what does not even fit in the queue comes back at once: resource-constraint, to be tried again', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      const answer = romeo.holds();
      for (let line = 0; line < 6; line++) juliet.says(ROMEO, `line ${line}`);
      const error = await juliet.errorOf(juliet.says(ROMEO, 'one too many'));
      assert.equal(error.condition, 'resource-constraint');
      assert.equal(error.type, 'wait');
      answer(200);
      for (let line = 0; line < 6; line++) assert.equal(await romeo.hearsText(), `line ${line}`);
      juliet.says(ROMEO, 'again');
      assert.equal(await romeo.hearsText(), 'again', 'there is room again, and the one too many never came');
    });

    it('the error for one leaves those behind it in their order', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      const answer = romeo.holds();
      const first = juliet.says(ROMEO, 'line 0');
      juliet.says(ROMEO, 'line 1');
      juliet.says(ROMEO, 'line 2');
      await romeo.hears();
      answer(486);
      romeo.answers = () => 200;
      assert.equal((await juliet.errorOf(first)).condition, 'recipient-unavailable');
      assert.equal(await romeo.hearsText(), 'line 1');
      assert.equal(await romeo.hearsText(), 'line 2');
    });

    it('a slow phone keeps nobody else waiting', async () => {
      const romeo = await stage().phone('romeo');
      const mercutio = await stage().phone('mercutio');
      const juliet = await stage().user('juliet');
      const answer = romeo.holds();
      juliet.says(ROMEO, 'slow');
      await romeo.hears();
      juliet.says('mercutio@example.net', 'quick');
      assert.equal(await mercutio.hearsText(), 'quick');
      assert.equal((await mercutio.says('sip:juliet@example.com', 'quick too')).status, 200);
      assert.equal(await juliet.hearsText(), 'quick too');
      answer(200);
    });
  },
  { config: { limits: { pendingMessages: 5 } }, shapes: IN_PROCESS },
);
