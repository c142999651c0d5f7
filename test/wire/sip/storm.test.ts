import assert from 'node:assert/strict';
import type { SipOutcome } from '../../../src/sip/engine.js';
import { SipUserAgent } from '../../../src/wire/sip/user-agent.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { CALM, LossyNetwork, STORM } from '../../support/lossy-network.js';
import { passTime } from '../../support/pass-time.js';
import { SeededRandom } from '../../support/seeded-random.js';
import { messageTo, openEngine, PASSWORD } from '../../support/sip-engine.js';

const MESSAGES = 6;

/** Romeo and mercutio register in good weather; then, in a storm, all talk with each other and with an XMPP user. */
async function storm(seed: number) {
  const scheduler = new FakeScheduler();
  const random = new SeededRandom(seed);
  const network = new LossyNetwork(scheduler, random, CALM);
  const { engine } = await openEngine({
    scheduler,
    random,
    options: { listen: ['udp:192.0.2.9:5060'], openDatagramSocket: network.open },
  });
  const arrived = new Map<string, number>();
  const count = (body: Uint8Array) => {
    const text = Buffer.from(body).toString();
    arrived.set(text, (arrived.get(text) ?? 0) + 1);
  };
  engine.onMessage(async ({ request }) => {
    count(request.body);
    await new Promise<void>((resolve) => scheduler.after(random.fraction() * 3000, resolve));
    return { status: 200 };
  });
  const phones = ['romeo', 'mercutio'].map(
    (user, index) =>
      new SipUserAgent({
        aor: `sip:${user}@example.net`,
        password: PASSWORD,
        registrar: { host: '192.0.2.9', port: 5060, transport: 'udp' },
        listen: `udp:192.0.2.${index + 1}:5060`,
        scheduler,
        random,
        openDatagramSocket: network.open,
      }),
  );
  for (const phone of phones) {
    await phone.start();
    phone.onMessage((request) => {
      count(request.body);
      return 200;
    });
    const registered = phone.register();
    await passTime(scheduler, 1000);
    assert.equal((await registered).status, 200);
  }

  network.weather = STORM;
  const ends: Map<string, string[]> = new Map();
  const note = (text: string, sent: Promise<string>) => {
    ends.set(text, []);
    void sent.then((end) => ends.get(text)?.push(end));
  };
  const ofPhone = (sent: Promise<{ status: number }>) =>
    sent.then(
      ({ status }) => String(status),
      () => 'timeout',
    );
  const ofEngine = (sent: Promise<SipOutcome>) =>
    sent.then((outcome) => (outcome.kind === 'final' ? String(outcome.response.status) : outcome.cause));
  for (let n = 0; n < MESSAGES; n++) {
    const [romeo, mercutio] = phones as [SipUserAgent, SipUserAgent];
    note(`in ${n}`, ofPhone(romeo.message('sip:juliet@example.com', `in ${n}`)));
    note(
      `out ${n}`,
      ofEngine(engine.sendMessage(messageTo('sip:romeo@example.net', { body: Buffer.from(`out ${n}`) }))),
    );
    note(`across ${n}`, ofPhone(mercutio.message('sip:romeo@example.net', `across ${n}`)));
    await passTime(scheduler, 300);
  }
  await passTime(scheduler, 140_000, 500);
  return { ends, arrived, engine, scheduler };
}

describe('the engine on a network that loses, doubles, delays and reorders', () => {
  it('every message ends exactly once, and none arrives twice', async () => {
    let accepted = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { ends, arrived } = await storm(seed);
      assert.equal(ends.size, 3 * MESSAGES);
      for (const [text, end] of ends) {
        assert.equal(end.length, 1, `seed ${seed}, ${text}: ended with ${end.join(', ') || 'nothing'}`);
        const times = arrived.get(text) ?? 0;
        assert.ok(times <= 1, `seed ${seed}, ${text}: arrived ${times} times`);
        if (end[0] === '200') {
          accepted++;
          assert.equal(times, 1, `seed ${seed}, ${text}: 200, and it did not arrive`);
        }
      }
    }
    assert.ok(accepted > 0.9 * 12 * 3 * MESSAGES, `only ${accepted} were accepted`);
  });

  it('afterwards nothing is left behind', async () => {
    const { engine } = await storm(3);
    assert.deepEqual(engine.stats, {
      openClientTransactions: 0,
      openServerTransactions: 0,
      lingeringClientTransactions: 0,
      lingeringServerTransactions: 0,
      connections: 0,
    });
  });
});
