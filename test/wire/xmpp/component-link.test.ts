import assert from 'node:assert/strict';
import { Element } from 'ltx';
import type { Metrics } from '../../../src/base/metrics.js';
import { SystemScheduler } from '../../../src/wire/clock.js';
import { ComponentLink, type ComponentLinkLimits } from '../../../src/wire/xmpp/component-link.js';
import { gatewayAnswers } from '../../../src/xmpp/gateway/gateway-answers.js';
import { FakeComponentServer, text } from '../../support/fake-component-server.js';
import { RecordingLog } from '../../support/recording-log.js';
import { SeededRandom } from '../../support/seeded-random.js';

const NS_CLIENT = 'jabber:client';

function message(id: string, options: { from?: string; to?: string; body?: string } = {}): Element {
  const { from = 'romeo@example.net/orchard', to = 'juliet@example.com', body = id } = options;
  const stanza = new Element('message', { xmlns: NS_CLIENT, from, to, id });
  stanza.c('body').t(body);
  return stanza;
}

/** Resolves when `condition` holds, for what no event tells; rejects when that takes longer than any machine needs. */
async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Counters by name, with the values of their labels. */
class CountingMetrics implements Metrics {
  readonly counts = new Map<string, number>();
  readonly gauges = new Map<string, () => number>();

  counter(name: string, _help: string, labels: Readonly<Record<string, string>> = {}) {
    const key = [name, ...Object.values(labels)].join(' ');
    this.counts.set(key, 0);
    return { add: (count = 1) => void this.counts.set(key, (this.counts.get(key) ?? 0) + count) };
  }

  gauge(name: string, _help: string, read: () => number): void {
    this.gauges.set(name, read);
  }
}

describe('ComponentLink', () => {
  let server: FakeComponentServer;
  let links: ComponentLink[] = [];
  let log: RecordingLog;
  let metrics: CountingMetrics;

  beforeEach(async () => {
    server = await FakeComponentServer.open('secret');
    log = new RecordingLog();
    metrics = new CountingMetrics();
  });
  afterEach(async () => {
    await Promise.all(links.map((link) => link.stop(0)));
    links = [];
    await server.kill();
  });

  function makeLink(
    limits: ComponentLinkLimits = {},
    options: { domains?: string[]; secret?: string } = {},
  ): ComponentLink {
    const link = new ComponentLink({
      host: '127.0.0.1',
      port: server.port,
      secret: options.secret ?? 'secret',
      domains: options.domains ?? ['example.net'],
      pingTarget: 'example.com',
      limits: { barrierTimeoutMs: 2000, ...limits },
      reconnect: { firstMs: 5, maxMs: 20, stableMs: 1000 },
      answers: gatewayAnswers({ software: { name: 'Verona', version: '1' } }),
      scheduler: new SystemScheduler(),
      random: new SeededRandom(1),
      log,
      metrics,
    });
    links.push(link);
    return link;
  }

  async function readyLink(limits: ComponentLinkLimits = {}, domains?: string[]): Promise<ComponentLink> {
    const link = makeLink(limits, domains === undefined ? {} : { domains });
    await link.start();
    await link.ready;
    return link;
  }

  const logged = (level: string, words: string) =>
    log.lines.some((line) => line.level === level && `${line.message} ${line.fields.reason ?? ''}`.includes(words));

  describe('XEP-0114 §3: streams', () => {
    it('one for each domain, and up when all are', async () => {
      const link = makeLink({}, { domains: ['example.net', 'XN--MNCHEN-3YA.example'] });
      assert.equal(link.up, false);
      await link.start();
      await link.ready;
      assert.equal(link.up, true);
      assert.deepEqual(server.components.map(({ domain }) => domain).sort(), ['example.net', 'm\u00fcnchen.example']);
      assert.equal(metrics.gauges.get('xmpp_component_up')?.(), 1);
      assert.equal(metrics.counts.get('xmpp_component_connects'), 2);
    });

    it('a stanza goes out on the stream of its sender', async () => {
      const link = await readyLink({}, ['example.net', 'sip.example']);
      await Promise.all([
        link.deliver(message('a', { from: 'romeo@example.net' })),
        link.deliver(message('b', { from: 'romeo@sip.example/x@y' })),
        link.deliver(message('c', { from: 'sip.example' })),
      ]);
      const idsAt = (domain: string) =>
        server.components.find((component) => component.domain === domain)?.messages.map(({ attrs }) => attrs.id);
      assert.deepEqual(idsAt('example.net'), ['a']);
      assert.deepEqual(idsAt('sip.example'), ['b', 'c']);
      assert.deepEqual(await link.deliver(message('d', { from: 'romeo@elsewhere.example' })), {
        ok: false,
        error: { kind: 'local', cause: 'link-down' },
      });
    });

    it('0114-3: a wrong secret is told to the operator, and tried again', async () => {
      const link = makeLink({}, { secret: 'wrong' });
      await link.start();
      await server.until(() => server.components.length >= 3);
      assert.equal(link.up, false);
      assert.ok(logged('error', 'check xmpp.component.secret'));
      assert.ok(logged('error', 'not-authorized'));
      assert.ok(!JSON.stringify(log.lines).includes('wrong'));
    });

    it('0114-7: another instance under the name is told', async () => {
      server.refusal = 'conflict';
      await makeLink().start();
      await server.until(() => server.components.length >= 2);
      assert.ok(logged('error', 'another program is connected under this name'));
    });

    it('a port for something else than components is told', async () => {
      server.contentNamespace = 'jabber:client';
      await makeLink().start();
      await server.until(() => server.components.length >= 2);
      assert.ok(logged('error', 'something else than components'));
    });

    it('a server that comes later is found', async () => {
      await server.kill();
      const link = makeLink();
      await link.start();
      assert.equal(link.up, false);
      await server.listen();
      await link.ready;
      assert.equal(link.up, true);
    });

    it('a stream error is told, and tried again', async () => {
      server.refusal = 'system-shutdown';
      await makeLink().start();
      await server.until(() => server.components.length >= 2);
      assert.ok(logged('warn', 'system-shutdown'));
    });

    it('a server that says nothing is given up', async () => {
      server.silent = true;
      await makeLink({ connectTimeoutMs: 30 }).start();
      await server.until(() => server.components.length >= 2);
      assert.ok(logged('warn', 'took too long'));
    });
  });

  describe('delivery', () => {
    for (const pong of ['result', 'error'] as const) {
      it(`an IQ ${pong} in answer to the ping confirms`, async () => {
        server.pong = pong;
        const link = await readyLink();
        assert.deepEqual(await link.deliver(message('a')), { ok: true, value: undefined });
        const [ping] = server.last.pings;
        assert.deepEqual([ping?.attrs.from, ping?.attrs.to, ping?.attrs.type], ['example.net', 'example.com', 'get']);
      });
    }

    it('nothing is confirmed before the ping is answered, and no other answer confirms', async () => {
      server.pong = undefined;
      const link = await readyLink();
      let settled = false;
      const delivery = link.deliver(message('a')).finally(() => {
        settled = true;
      });
      await server.until(() => server.last.pings.length === 1);
      const seen = new Promise((resolve) => link.onStanza(resolve));
      server.last.write("<iq type='result' id='other' from='example.com' to='example.net'/>");
      server.last.write("<message from='juliet@example.com' to='romeo@example.net'/>");
      await seen;
      assert.equal(settled, false);
      assert.equal(metrics.gauges.get('xmpp_component_unconfirmed')?.(), 1);
      server.last.answer(server.last.pings[0]!);
      assert.equal((await delivery).ok, true);
    });

    it('many messages are written at once, and one ping serves them', async () => {
      const link = await readyLink();
      const ids = Array.from({ length: 50 }, (_, count) => `m${count}`);
      const outcomes = await Promise.all(ids.map((id) => link.deliver(message(id))));
      assert.ok(outcomes.every(({ ok }) => ok));
      assert.deepEqual(
        server.last.messages.map(({ attrs }) => attrs.id),
        ids,
      );
      assert.equal(server.last.pings.length, 1);
      assert.equal(server.last.chunks, 1);
    });

    it('one ping is out at a time; the next serves what came meanwhile', async () => {
      server.pong = undefined;
      const link = await readyLink();
      const first = link.deliver(message('a'));
      await server.until(() => server.last.pings.length === 1);
      const later = [link.deliver(message('b')), link.deliver(message('c'))];
      await server.until(() => server.last.messages.length === 3);
      assert.equal(server.last.pings.length, 1);
      server.last.answer(server.last.pings[0]!);
      assert.equal((await first).ok, true);
      await server.until(() => server.last.pings.length === 2);
      server.last.answer(server.last.pings[1]!);
      assert.ok((await Promise.all(later)).every(({ ok }) => ok));
      assert.equal(server.last.pings.length, 2);
    });

    it('an error in time refuses, for its message alone', async () => {
      server.pong = undefined;
      const link = await readyLink();
      const refused = link.deliver(message('a', { to: 'juliet@example.com/balcony' }));
      const other = link.deliver(message('b'));
      await server.until(() => server.last.pings.length === 1);
      server.last.write(
        "<message type='error' id='a' from='juliet@example.com/balcony' to='romeo@example.net/orchard'><error type='wait'><recipient-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>away</text></error></message>",
      );
      server.last.answer(server.last.pings[0]!);
      assert.deepEqual(await refused, {
        ok: false,
        error: {
          kind: 'refused',
          error: { condition: 'recipient-unavailable', type: 'wait', text: 'away' },
          from: 'juliet@example.com/balcony',
        },
      });
      assert.equal((await other).ok, true);
    });

    for (const [what, id, from] of [
      ['a late error', 'a', 'juliet@example.com'],
      ["an error from somebody else's address", 'b', 'mallory@example.com'],
    ] as const) {
      it(`${what} goes to whoever takes stanzas`, async () => {
        const link = await readyLink();
        const taken = new Promise<Element>((resolve) => link.onStanza(resolve));
        assert.equal((await link.deliver(message('a'))).ok, true);
        server.pong = undefined;
        const open = link.deliver(message('b'));
        await server.until(() => server.last.pings.length === 2);
        server.last.write(`<message type='error' id='${id}' from='${from}' to='romeo@example.net'/>`);
        const error = await taken;
        assert.deepEqual([error.attrs.id, error.attrs.from, error.attrs.xmlns], [id, from, NS_CLIENT]);
        server.last.answer(server.last.pings[1]!);
        assert.equal((await open).ok, true);
      });
    }

    it('without an answer in time it is unconfirmed', async () => {
      server.pong = undefined;
      const link = await readyLink({ barrierTimeoutMs: 30 });
      assert.deepEqual(await link.deliver(message('a')), { ok: false, error: { kind: 'local', cause: 'unconfirmed' } });
    });

    it('a server that says nothing at all is given up, and found again', async () => {
      server.pong = undefined;
      const link = await readyLink({ barrierTimeoutMs: 20 });
      await link.deliver(message('a'));
      await server.until(() => server.components.length === 2);
      assert.ok(logged('warn', 'no answer to pings of example.com'));
      server.pong = 'result';
      await server.until(() => server.last.domain !== '');
    });

    it('silence is looked into', async () => {
      server.pong = undefined;
      await readyLink({ idleMs: 20, barrierTimeoutMs: 20 });
      await server.until(() => server.components.length === 2);
      assert.equal(server.components[0]!.pings.length, 2);
    });

    it('what is too large is not sent', async () => {
      const link = await readyLink({ stanzaOctets: 10_000 });
      const tooLarge = { ok: false, error: { kind: 'local', cause: 'too-large' } };
      assert.deepEqual(await link.deliver(message('a', { body: 'b'.repeat(10_000) })), tooLarge);
      assert.deepEqual(await link.deliver(message('a', { body: '\u20ac'.repeat(4_000) })), tooLarge);
      assert.equal((await link.deliver(message('a', { body: '\u20ac'.repeat(3_000) }))).ok, true);
      assert.equal(link.send(message('a', { body: 'b'.repeat(10_000) })), false);
      assert.equal(metrics.counts.get('xmpp_component_dropped'), 1);
    });
  });

  describe('when the server breaks', () => {
    it('what was written is unconfirmed, what comes then is refused, and afterwards all is well', async () => {
      server.pong = undefined;
      const link = await readyLink();
      const open = link.deliver(message('a'));
      await server.until(() => server.last.messages.length === 1);
      await server.kill();
      assert.deepEqual(await open, { ok: false, error: { kind: 'local', cause: 'unconfirmed' } });
      assert.equal(link.up, false);
      assert.deepEqual(await link.deliver(message('b')), { ok: false, error: { kind: 'local', cause: 'link-down' } });

      server.pong = 'result';
      await server.listen();
      await server.until(() => server.components.length === 2 && server.last.domain !== '');
      await eventually(() => link.up);
      assert.equal((await link.deliver(message('c'))).ok, true);
      assert.deepEqual(
        server.last.messages.map(({ attrs }) => attrs.id),
        ['c'],
        'nothing is sent again by itself',
      );
    });

    it('what was not written is told apart', async () => {
      server.pong = undefined;
      const link = await readyLink({ queueOctets: 64 * 1024 * 1024 });
      const written = link.deliver(message('a'));
      await server.until(() => server.last.messages.length === 1);
      const { socket } = server.last;
      socket.pause();
      // more than the sockets between hold, so that the writer still waits when the next one comes
      const large = Array.from({ length: 100 }, (_, count) =>
        link.deliver(message(`l${count}`, { body: 'b'.repeat(200_000) })),
      );
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      const unwritten = link.deliver(message('z'));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      await server.kill();
      const cause = async (delivery: ReturnType<ComponentLink['deliver']>) => {
        const outcome = await delivery;
        return outcome.ok ? 'ok' : outcome.error.kind === 'local' ? outcome.error.cause : outcome.error.kind;
      };
      assert.equal(await cause(written), 'unconfirmed');
      assert.deepEqual([...new Set(await Promise.all(large.map(cause)))], ['unconfirmed']);
      assert.equal(await cause(unwritten), 'link-down');
    });

    it('what nobody waits for is sent afterwards, within bounds', async () => {
      const link = await readyLink({ queueStanzas: 2, queueOctets: 1000 });
      await server.kill();
      await eventually(() => !link.up);
      assert.equal(link.send(message('a')), true);
      assert.equal(link.send(message('b', { body: 'c'.repeat(1000) })), false);
      assert.equal(link.send(message('b')), true);
      assert.equal(link.send(message('c')), false);
      assert.equal(metrics.counts.get('xmpp_component_dropped'), 2);
      assert.ok(logged('warn', 'stanza dropped'));
      await server.listen();
      await server.until(() => server.components.length >= 2 && server.last.messages.length === 2);
      assert.deepEqual(
        server.last.messages.map(({ attrs }) => attrs.id),
        ['a', 'b'],
      );
    });

    it('a server that does not read fills a bounded queue', async () => {
      server.pong = undefined;
      const link = await readyLink({ queueOctets: 300_000, barrierTimeoutMs: 60_000 });
      server.last.socket.pause();
      const body = 'b'.repeat(100_000);
      let outcome: Awaited<ReturnType<ComponentLink['deliver']>> | undefined;
      for (let count = 0; outcome === undefined && count < 1000; count++) {
        void link.deliver(message(`m${count}`, { body })).then((settled) => {
          if (!settled.ok && settled.error.kind === 'local' && settled.error.cause === 'queue-full') outcome = settled;
        });
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(outcome, { ok: false, error: { kind: 'local', cause: 'queue-full' } });
      assert.equal(link.send(message('z', { body })), false);
      assert.equal(link.up, true);
    });

    it('so many messages may wait for confirmation, and no more', async () => {
      server.pong = undefined;
      const link = await readyLink({ queueStanzas: 3 });
      const open = ['a', 'b', 'c'].map((id) => link.deliver(message(id)));
      assert.deepEqual(await link.deliver(message('d')), { ok: false, error: { kind: 'local', cause: 'queue-full' } });
      await server.until(() => server.last.pings.length === 1);
      server.last.answer(server.last.pings[0]!);
      assert.ok((await Promise.all(open)).every(({ ok }) => ok));
    });
  });

  describe('stanzas of the server', () => {
    it('are of jabber:client here, whatever the stream says', async () => {
      const link = await readyLink();
      const taken = new Promise<Element>((resolve) => link.onStanza(resolve));
      server.last.write(
        "<message from='juliet@example.com/balcony' to='romeo@example.net'><body xmlns='jabber:component:accept'>hi</body><x xmlns='urn:x'/></message>",
      );
      assert.equal(
        text(await taken),
        '<message from="juliet@example.com/balcony" to="romeo@example.net" xmlns="jabber:client"><body xmlns="jabber:client">hi</body><x xmlns="urn:x"/></message>',
      );
    });

    it('are of jabber:component:accept there', async () => {
      const link = await readyLink();
      await link.deliver(message('a'));
      assert.equal(server.last.messages[0]?.getNS(), 'jabber:component:accept');
      assert.equal(server.last.messages[0]?.getChild('body')?.getNS(), 'jabber:component:accept');
    });

    it('IQ requests are answered by the gateway itself', async () => {
      const link = await readyLink();
      link.onStanza(() => assert.fail('an IQ came through'));
      server.last.write(
        "<iq type='get' id='1' from='juliet@example.com/balcony' to='example.net'><ping xmlns='urn:xmpp:ping'/></iq>" +
          "<iq type='set' id='2' from='juliet@example.com/balcony' to='romeo@example.net'><query xmlns='jabber:iq:private'/></iq>" +
          "<iq type='result' id='3' from='juliet@example.com/balcony' to='example.net'/>",
      );
      await server.until(() => server.last.stanzas.length === 2);
      assert.deepEqual(
        server.last.stanzas.map(({ attrs }) => [attrs.type, attrs.id, attrs.from, attrs.to]),
        [
          ['result', '1', 'example.net', 'juliet@example.com/balcony'],
          ['error', '2', 'romeo@example.net', 'juliet@example.com/balcony'],
        ],
      );
    });

    it('a bug of ours costs one stanza', async () => {
      const link = await readyLink();
      link.onStanza((stanza) => {
        throw new Error(`no idea what ${stanza.name} is`);
      });
      server.last.write("<message id='1' from='juliet@example.com/balcony' to='romeo@example.net'/>");
      await server.until(() => server.last.messages.length === 1);
      const [reply] = server.last.messages;
      assert.equal(reply?.attrs.type, 'error');
      assert.ok(reply?.getChild('error')?.getChild('internal-server-error'));
      assert.ok(log.lines.some(({ level, fields }) => level === 'error' && String(fields.stack).includes('no idea')));
      assert.equal(link.up, true);
    });

    it('S2: one that is too large costs its sender an error, and nobody else anything', async () => {
      const link = await readyLink({ stanzaOctets: 10_000 });
      const taken = new Promise<Element>((resolve) => link.onStanza(resolve));
      server.last.write(
        `<message id='1' from='mallory@example.com' to='romeo@example.net'><body>${'b'.repeat(20_000)}</body></message>` +
          `<message id='2' from='mallory@example.com' to='romeo@example.net'>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</message>` +
          `<message type='error' id='3' from='mallory@example.com' to='romeo@example.net'><body>${'b'.repeat(20_000)}</body></message>` +
          "<message id='4' from='juliet@example.com' to='romeo@example.net'/>",
      );
      assert.equal((await taken).attrs.id, '4');
      await server.until(() => server.last.messages.length === 2);
      for (const [index, reply] of server.last.messages.entries()) {
        assert.deepEqual(
          [reply.attrs.type, reply.attrs.id, reply.attrs.to],
          ['error', String(index + 1), 'mallory@example.com'],
        );
        assert.ok(reply.getChild('error')?.getChild('policy-violation', 'urn:ietf:params:xml:ns:xmpp-stanzas'));
        assert.ok(reply.getChild('error')?.getChild('stanza-too-big', 'urn:xmpp:errors'));
      }
      assert.equal(server.components.length, 1);
      assert.equal(metrics.counts.get('xmpp_component_refused'), 3);
    });

    it('what is no XML ends the stream, and the next one begins', async () => {
      await readyLink();
      server.last.write('<message></presence>');
      await server.until(() => server.components.length === 2);
      assert.ok(logged('warn', 'does not match'));
    });

    it('a stream that the server closes is opened again', async () => {
      await readyLink();
      server.last.socket.end('</stream:stream>');
      await server.until(() => server.components.length === 2);
      assert.ok(logged('warn', 'the server closed the stream'));
    });
  });

  describe('stop', () => {
    it('waits for confirmations, then closes in good order', async () => {
      server.pong = undefined;
      const link = await readyLink();
      const open = link.deliver(message('a'));
      const stopped = link.stop(5000);
      assert.equal(link.up, false);
      assert.deepEqual(await link.deliver(message('b')), { ok: false, error: { kind: 'local', cause: 'link-down' } });
      await server.until(() => server.last.pings.length === 1);
      server.last.answer(server.last.pings[0]!);
      assert.equal((await open).ok, true);
      await stopped;
      await server.until(() => server.last.ended);
      assert.equal(server.components.length, 1);
    });

    it('waits no longer than it may', async () => {
      server.pong = undefined;
      const link = await readyLink();
      const open = link.deliver(message('a'));
      await server.until(() => server.last.pings.length === 1);
      await link.stop(30);
      assert.deepEqual(await open, { ok: false, error: { kind: 'local', cause: 'unconfirmed' } });
      await server.until(() => server.last.ended);
    });

    it('ends the waiting for a server', async () => {
      await server.kill();
      const link = makeLink();
      await link.start();
      await link.stop(100);
      await server.listen();
      assert.equal(link.up, false);
      assert.equal(server.components.length, 0);
    });
  });
});
