/** Networks that lose, double, delay, reorder and cut into pieces: every message arrives once, or its sender is told once. */
import assert from 'node:assert/strict';
import { serialize } from '../../src/sip/message/message.js';
import { STORM, type Weather } from '../support/lossy-network.js';
import { RawUdpPeer } from '../support/raw-sip-peer.js';
import { SeededRandom } from '../support/seeded-random.js';
import { read, readResponse, request, response } from '../support/sip-messages.js';
import { LossyRelay } from './support/lossy-relay.js';
import { type Phone, textOf } from './support/phone.js';
import { IN_PROCESS, onStages, type Stage } from './support/stage.js';
import { Trickle } from './support/trickle.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';
/** RFC 3261 with a network that is 25 times as fast, so that Timer F ends after 1.3 s instead of 32 s. */
const TIMERS = { t1Ms: 20, t2Ms: 80, t4Ms: 100 };
const WEATHER: Weather = { ...STORM, maxDelayMs: 60 };

onStages(
  'UDP that loses 30 %, doubles and delays as many',
  (stage) => {
    for (const seed of [3428, 7572]) {
      it(`from SIP: what is answered 200 comes once, the rest is told once (seed ${seed})`, async () => {
        const juliet = await stage().user('juliet');
        await inStorm(stage(), seed, async (romeo, relay) => {
          const texts = Array.from({ length: 30 }, (_, line) => `${seed} line ${line}`);
          const outcomes = await Promise.all(
            texts.map((text) => romeo.says(JULIET, text).then(statusOf, () => 'timeout')),
          );
          assert.ok(relay.fates.lost > 10 && relay.fates.doubled > 10 && relay.fates.delayed > 10);
          assert.deepEqual(
            outcomes.filter((outcome) => outcome !== 200 && outcome !== 'timeout'),
            [],
          );
          assert.ok(outcomes.filter((outcome) => outcome === 200).length > 20, 'retransmissions get most across');
          relay.weather = { ...WEATHER, lost: 0, doubled: 0, delayed: 0 };
          assert.equal((await romeo.says(JULIET, 'the last')).status, 200);
          const heard: string[] = [];
          do heard.push(await juliet.hearsText());
          while (heard.at(-1) !== 'the last');
          assert.equal(new Set(heard).size, heard.length, 'nothing comes twice');
          const lost = texts.filter((text, index) => outcomes[index] === 200 && !heard.includes(text));
          assert.deepEqual(lost, []);
          assert.deepEqual(juliet.unread, []);
        });
      });

      it(`to SIP: each comes once and in order, or its sender is told once (seed ${seed})`, async () => {
        const juliet = await stage().user('juliet');
        await inStorm(stage(), seed, async (romeo, relay) => {
          const ids = Array.from({ length: 12 }, (_, line) => juliet.says(ROMEO, `${line}`));
          const last = juliet.says(ROMEO, 'the last');
          const heard: string[] = [];
          const lastTold = juliet.errorOf(last).then(() => undefined);
          while (heard.at(-1) !== 'the last') {
            const text = await Promise.race([romeo.hearsText(), lastTold]);
            if (text === undefined) break;
            heard.push(text);
          }
          assert.ok(relay.fates.lost > 3);
          await juliet.heardAllFrom('example.net');
          const told = juliet.unread.map(({ attrs }) => ids.indexOf(String(attrs.id)));
          assert.equal(new Set(told).size, told.length, 'nothing is told twice');
          assert.equal(new Set(heard).size, heard.length, 'nothing comes twice');
          const lines = heard.filter((text) => text !== 'the last').map(Number);
          assert.deepEqual(
            lines,
            [...lines].sort((one, other) => one - other),
          );
          assert.deepEqual(
            ids.map((_, line) => line).filter((line) => !lines.includes(line) && !told.includes(line)),
            [],
            'lost without a word',
          );
          // the inbox is emptied for the check of the next script
          for (const { attrs } of juliet.unread) await juliet.errorOf(String(attrs.id));
        });
      });
    }
  },
  { config: { sip: { timers: TIMERS } } },
);

function statusOf(response: { readonly status: number }): number {
  return response.status;
}

/** A phone of Romeo that registers in calm weather and talks in a storm. */
async function inStorm(stage: Stage, seed: number, script: (romeo: Phone, relay: LossyRelay) => Promise<void>) {
  const relay = await LossyRelay.open(stage.sipPort('udp'), new SeededRandom(seed));
  const romeo = await stage.phone('romeo', 'udp', {
    registrar: { host: '127.0.0.1', port: relay.port, transport: 'udp' },
    timers: TIMERS,
  });
  try {
    relay.weather = WEATHER;
    await script(romeo, relay);
  } finally {
    relay.weather = { ...WEATHER, lost: 0, doubled: 0, delayed: 0 };
    await stage.clear();
    await relay.close();
  }
}

onStages(
  'copies of one MESSAGE',
  (stage) => {
    /** A proxy that sends one request of Romeo, on one branch after the other. */
    function copies(peer: RawUdpPeer) {
      const port = stage().sipPort('udp');
      return (branch: string, parts: { readonly callId?: string; readonly cseq?: number } = {}) => {
        const via = `SIP/2.0/UDP 127.0.0.2:${peer.port};branch=z9hG4bK-${branch}`;
        const headers = [['Content-Type', 'text/plain']] as const;
        peer.send(serialize(request({ via, headers, body: 'Romeo, Romeo', callId: 'copies', ...parts })), port);
      };
    }

    it('on the same branch are retransmissions: one message, the same response each time (RFC 3261 §17.2.2)', async () => {
      const juliet = await stage().user('juliet');
      const peer = await RawUdpPeer.open('127.0.0.2');
      const send = copies(peer);
      send('a');
      const first = await peer.next();
      send('a');
      assert.equal(await peer.next(), first);
      assert.equal(readResponse(first).status, 200);
      send('b', { callId: 'other' });
      assert.equal(readResponse(await peer.next()).status, 200);
      assert.equal(await juliet.hearsText(), 'Romeo, Romeo');
      assert.equal((await juliet.hears()).getChildText('thread'), 'other');
      assert.deepEqual(juliet.unread, []);
      await peer.stop();
    });

    it('on other branches are forks of a proxy: one message, and all are answered (RFC 3261 §8.2.2.2)', async () => {
      const juliet = await stage().user('juliet');
      const peer = await RawUdpPeer.open('127.0.0.2');
      const send = copies(peer);
      for (const branch of ['c', 'd', 'e']) send(branch, { callId: 'forked' });
      const statuses: number[] = [];
      for (let answer = 0; answer < 3; answer++) statuses.push(readResponse(await peer.next()).status);
      assert.ok(statuses.includes(200));
      for (const status of statuses) assert.ok(status === 200 || status === 482, `${status}`);
      send('f', { callId: 'after' });
      await peer.next();
      await juliet.hears();
      assert.equal((await juliet.hears()).getChildText('thread'), 'after');
      assert.deepEqual(juliet.unread, []);
      await peer.stop();
    });

    it('with a higher CSeq is another message', async () => {
      const juliet = await stage().user('juliet');
      const peer = await RawUdpPeer.open('127.0.0.2');
      const send = copies(peer);
      send('g', { callId: 'twice', cseq: 1 });
      send('h', { callId: 'twice', cseq: 2 });
      await peer.next();
      await peer.next();
      assert.equal(await juliet.hearsText(), 'Romeo, Romeo');
      assert.equal(await juliet.hearsText(), 'Romeo, Romeo');
      await peer.stop();
    });
  },
  { shapes: IN_PROCESS, config: { sip: { trustedPeers: ['127.0.0.2/32'] } } },
);

onStages(
  'TCP that cuts at every octet',
  (stage, shape) => {
    const text = 'It is the east – & Juliet is the <sun>. 日本語 🌹';

    it('a MESSAGE comes whole, both ways', async () => {
      const juliet = await stage().user('juliet');
      const trickle = await Trickle.open(stage().sipPort('tcp'));
      const registrar = { host: '127.0.0.1', port: trickle.port, transport: 'tcp' } as const;
      const romeo = await stage().phone('romeo', 'tcp', { registrar });
      assert.equal((await romeo.says(JULIET, text)).status, 200);
      assert.equal(await juliet.hearsText(), text);
      juliet.says(ROMEO, text);
      assert.equal(await romeo.hearsText(), text);
      await stage().clear();
      await trickle.close();
    });

    it('a stanza comes whole', async () => {
      const romeo = await stage().phone('romeo');
      if (shape === 'component') {
        const juliet = await stage().user('juliet');
        stage().server.trickles = true;
        juliet.says(ROMEO, text);
        assert.equal(await romeo.hearsText(), text);
        assert.equal((await romeo.says(JULIET, 'and the answers to pings')).status, 200);
        stage().server.trickles = false;
      } else {
        const juliet = await stage().client('juliet');
        const stanza = `<message to='${ROMEO}' id='slow'><body>${text.replace('&', '&amp;').replace('<', '&lt;')}</body></message>`;
        for (const character of stanza) juliet.sendRaw(character);
        assert.equal(await romeo.hearsText(), text);
      }
    });
  },
  { shapes: IN_PROCESS },
);

onStages(
  'an agent that answers late',
  (stage) => {
    it('after Timer F: the XMPP user has heard remote-server-timeout, and hears nothing more', async () => {
      const romeo = await stage().phone('romeo', 'udp', { timers: { ...TIMERS, t1Ms: 10 } });
      const juliet = await stage().user('juliet');
      const answer = romeo.holds();
      const error = await juliet.errorOf(juliet.says(ROMEO, 'think of it'));
      assert.equal(error.condition, 'remote-server-timeout');
      assert.equal(error.type, 'wait');
      answer(200);
      await romeo.hears();
      juliet.says(ROMEO, 'the next');
      assert.equal(textOf(await romeo.hears()), 'the next');
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(juliet.unread, []);
    });

    it('a raw peer that answers twice, and with other tags, is heard once', async () => {
      const peer = await RawUdpPeer.open();
      const contact = `<sip:romeo@127.0.0.1:${peer.port}>`;
      const phone = await stage().stranger('sip:romeo@example.net');
      assert.equal((await phone.agent.register(60, contact)).status, 200);
      const juliet = await stage().user('juliet');
      peer.answer = () => 486;
      const id = juliet.says(ROMEO, 'busy?');
      const heard = read(await peer.next());
      assert.ok('method' in heard);
      for (let copy = 0; copy < 3; copy++) {
        peer.send(serialize(response(heard, 404)), stage().sipPort('udp'));
        peer.send(serialize(response(heard, 200)), stage().sipPort('udp'));
      }
      assert.equal((await juliet.errorOf(id)).condition, 'recipient-unavailable');
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(juliet.unread, []);
      assert.equal((await phone.agent.register(0, contact)).status, 200);
      await peer.stop();
    });
  },
  { shapes: IN_PROCESS, config: { sip: { timers: { ...TIMERS, t1Ms: 10 } } } },
);
