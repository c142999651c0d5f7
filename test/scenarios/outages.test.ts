/** The component's server goes away, comes back, is slow, falls silent or refuses us: nobody is told anything untrue. */
import assert from 'node:assert/strict';
import type { SipResponse } from '../../src/sip/message/message.js';
import { onStages } from './support/stage.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';
const COMPONENT = ['component'] as const;

onStages(
  'a server that restarts in mid-traffic',
  (stage) => {
    it('every MESSAGE has one final response, those of 200 were received, and traffic flows again', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo', 'tcp');
      const answers = new Map<string, SipResponse>();
      const talk = async (first: number, count: number) => {
        const texts = Array.from({ length: count }, (_, index) => `line ${first + index}`);
        await Promise.all(
          texts.map(async (text) => {
            const answer = await romeo.says(JULIET, text);
            assert.ok(!answers.has(text), 'one final response');
            answers.set(text, answer);
          }),
        );
      };
      await talk(0, 20);
      server.halt(); // what comes now is written to the server, and never handled
      const caught = talk(20, 20);
      await server.until(() => server.waiting >= 20);
      await server.kill();
      await caught;
      await talk(40, 10);
      await server.restart();
      await server.until(() => server.has('example.net'));
      await talk(50, 10);

      const taken = new Set(server.taken.map((message) => message.getChildText('body') ?? ''));
      assert.equal(
        server.taken.filter((message) => /^line/.test(message.getChildText('body') ?? '')).length,
        taken.size,
      );
      for (const [text, { status }] of answers) {
        assert.equal(taken.has(text), status === 200, `${text} was answered ${status}`);
      }
      const statuses = (from: number, to: number) =>
        new Set([...answers].filter(([text]) => within(text, from, to)).map(([, { status }]) => status));
      assert.equal(answers.size, 60);
      assert.deepEqual(statuses(0, 20), new Set([200]));
      assert.deepEqual(statuses(20, 40), new Set([504]), 'written and not confirmed: it may have arrived');
      assert.deepEqual(statuses(40, 50), new Set([503]), 'no link stands at all');
      assert.deepEqual(statuses(50, 60), new Set([200]));
      assert.match(answers.get('line 40')?.headers.get('Retry-After') ?? '', /^\d+$/);
    });
  },
  { shapes: COMPONENT },
);

onStages(
  'a server that restarts while a phone thinks',
  (stage) => {
    it('the error for an XMPP user waits for the link, and comes after it', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo');
      const nurse = await stage().user('nurse');
      const answer = romeo.holds();
      const id = nurse.says(ROMEO, 'art thou there?');
      await romeo.hears();
      await server.kill();
      await stage().linkDown();
      answer(486);
      await server.restart();
      assert.equal((await nurse.errorOf(id)).condition, 'recipient-unavailable');
      assert.deepEqual(nurse.unread, []);
    });
  },
  { shapes: COMPONENT },
);

onStages(
  'a connection that breaks',
  (stage) => {
    it('the link comes back by itself, and no phone is affected', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      const before = server.connections;
      server.cut('example.net');
      await stage().linkDown();
      assert.deepEqual(stage().gateway.notReady(), ['XMPP component']);
      assert.equal((await romeo.says('sip:romeo@example.net', 'to myself')).status, 200, 'SIP to SIP goes on');
      await server.until(() => server.has('example.net'));
      assert.equal(server.connections, before + 1);
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(stage().gateway.notReady(), []);
      juliet.says(ROMEO, 'art thou there?');
      assert.equal(await romeo.hearsText(), 'to myself');
      assert.equal(await romeo.hearsText(), 'art thou there?');
    });
  },
  { shapes: COMPONENT },
);

function within(text: string, from: number, to: number): boolean {
  const line = Number(text.slice('line '.length));
  return line >= from && line < to;
}

onStages(
  'a server that is slow',
  (stage) => {
    it('no 200 goes out before the server has taken the message, then all do', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo', 'tcp');
      const juliet = await stage().user('juliet');
      server.halt();
      const statuses: number[] = [];
      const answers = ['1', '2', '3'].map((text) =>
        romeo.says(JULIET, text).then(({ status }) => {
          statuses.push(status);
        }),
      );
      await server.until(() => server.waiting >= 3);
      assert.equal((await romeo.says('sip:romeo@example.net', 'to myself')).status, 200);
      assert.deepEqual(statuses, []);
      server.release();
      await Promise.all(answers);
      assert.deepEqual(statuses, [200, 200, 200]);
      for (const text of ['1', '2', '3']) assert.equal(await juliet.hearsText(), text);
    });

    it('a refusal that comes late, but before the ping’s answer, is the final response', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo');
      server.halt();
      const answer = romeo.says('sip:nobody@example.com', 'hello?');
      await server.until(() => server.waiting >= 1);
      server.release();
      assert.equal((await answer).status, 403);
    });
  },
  { shapes: COMPONENT },
);

onStages(
  'a server that accepts the stream and falls silent',
  (stage) => {
    it('messages end with 504 in time; the connection is given up, and made again', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      const before = server.connections;
      server.halt();
      const since = performance.now();
      assert.equal((await romeo.says(JULIET, 'first')).status, 504);
      assert.ok(performance.now() - since < 3000);
      assert.equal((await romeo.says(JULIET, 'second')).status, 504);
      await server.until(() => server.connections === before + 1);
      await server.until(() => server.has('example.net'));
      server.release();
      assert.equal((await romeo.says(JULIET, 'third')).status, 200);
      let heard = '';
      do
        heard = await juliet.hearsText(); // what was unconfirmed may have arrived
      while (heard !== 'third');
      assert.deepEqual(juliet.unread, []);
    });

    it('one ping without an answer is no reason to give it up', async () => {
      const { server } = stage();
      const romeo = await stage().phone('romeo');
      const before = server.connections;
      server.halt();
      assert.equal((await romeo.says(JULIET, 'slow')).status, 504);
      server.release();
      assert.equal((await romeo.says(JULIET, 'quick')).status, 200);
      assert.equal(server.connections, before);
    });
  },
  { shapes: COMPONENT, config: { limits: { confirmTimeoutMs: 300 } } },
);

onStages(
  'a server that refuses the secret',
  (stage) => {
    it('the operator is told, the gateway is not ready, tries again slowly, and answers SIP 503 until then', async () => {
      const { server } = stage();
      const refused = () => stage().log.lines.find(({ message }) => /xmpp\.component\.secret/.test(message));
      await server.until(() => refused() !== undefined);
      assert.equal(refused()?.level, 'error');
      assert.match(String(refused()?.fields.reason), /not-authorized/);
      assert.ok(Number(refused()?.fields.againInMs) >= 30_000);
      assert.deepEqual(stage().gateway.notReady(), ['XMPP component']);
      assert.equal(server.connections, 1);
      const romeo = await stage().phone('romeo');
      const answer = await romeo.says(JULIET, 'anybody?');
      assert.equal(answer.status, 503);
      assert.ok(answer.headers.has('Retry-After'));
      assert.equal((await romeo.says('sip:romeo@example.net', 'to myself')).status, 200);
      assert.equal(server.connections, 1);
    });
  },
  { shapes: COMPONENT, config: { xmpp: { component: { secret: 'wrong' } } } },
);
