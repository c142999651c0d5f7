import assert from 'node:assert/strict';
import type { IncomingMessage } from '../../../src/sip/engine.js';
import type { EmbeddedSipEngine } from '../../../src/wire/sip/embedded-engine.js';
import type { SipUserAgent } from '../../../src/wire/sip/user-agent.js';
import { messageTo, openEngine, openPhone } from '../../support/sip-engine.js';

describe('the embedded SIP engine over loopback', () => {
  const open: { stop(ms?: number): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.stop(0);
  });
  const engineWith = async (parts: Parameters<typeof openEngine>[0] = {}): Promise<EmbeddedSipEngine> => {
    const { engine } = await openEngine(parts);
    open.push(engine);
    return engine;
  };
  const phone = async (...args: Parameters<typeof openPhone>): Promise<SipUserAgent> => {
    const agent = await openPhone(...args);
    open.push(agent);
    return agent;
  };

  for (const transport of ['udp', 'tcp'] as const) {
    it(`a registered phone sends to an XMPP user and gets the listener's answer (${transport})`, async () => {
      const engine = await engineWith();
      const taken: IncomingMessage[] = [];
      engine.onMessage(async (incoming) => {
        taken.push(incoming);
        return { status: 202 };
      });
      const romeo = await phone(engine, 'romeo', transport);
      assert.equal((await romeo.register()).status, 200);
      const response = await romeo.message('sip:juliet@example.com', 'Neither, fair saint');
      assert.equal(response.status, 202);
      assert.equal(response.headers.has('Contact'), false); // RFC 3428 §7
      assert.equal(taken.length, 1);
      assert.equal(Buffer.from(taken[0]!.request.body).toString(), 'Neither, fair saint');
      assert.equal(taken[0]!.origin.proof, 'digest');
      assert.equal(taken[0]!.origin.transport, transport);
    });

    it(`an XMPP user's message reaches the registered phone (${transport})`, async () => {
      const engine = await engineWith();
      const romeo = await phone(engine, 'romeo', transport);
      await romeo.register();
      const heard: string[] = [];
      romeo.onMessage((request) => {
        heard.push(Buffer.from(request.body).toString());
        return 200;
      });
      const outcome = await engine.sendMessage(messageTo('sip:romeo@example.net'));
      assert.ok(outcome.kind === 'final' && outcome.response.status === 200);
      assert.deepEqual(heard, ['Wherefore art thou?']);
    });
  }

  it('two registered phones talk', async () => {
    const engine = await engineWith();
    const romeo = await phone(engine, 'romeo', 'udp');
    const mercutio = await phone(engine, 'mercutio', 'tcp');
    await romeo.register();
    await mercutio.register();
    const hops: (number | undefined)[] = [];
    mercutio.onMessage((request) => {
      hops.push(request.maxForwards);
      return 486;
    });
    const response = await romeo.message('sip:mercutio@example.net', 'Peace, peace', { maxForwards: 9 });
    assert.equal(response.status, 486);
    assert.deepEqual(hops, [8]); // RFC 7332 §5
  });
});
