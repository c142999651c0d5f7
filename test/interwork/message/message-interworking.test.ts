import assert from 'node:assert/strict';
import type { Element } from 'ltx';
import type { Metrics } from '../../../src/base/metrics.js';
import type { MessageOptions } from '../../../src/interwork/message/message-interworking.js';
import type { SipAnswer } from '../../../src/sip/engine.js';
import { readStanzaError } from '../../../src/xmpp/stanza/error-reply.js';
import { messageScenario, type ScenarioParts, settled, stanza } from '../../support/message-scenario.js';
import { type RequestParts, request } from '../../support/sip-messages.js';

const PLAIN: readonly [string, string] = ['Content-Type', 'text/plain'];

function message(parts: RequestParts = {}) {
  return request({ body: 'hello', ...parts, headers: [PLAIN, ...(parts.headers ?? [])] });
}

function fromJuliet(text: string, id = 'm1', more = ''): Element {
  return stanza(
    `<message from='juliet@example.com/balcony' to='romeo@example.net' id='${id}'><body>${text}</body>${more}</message>`,
  );
}

function errorStanza(id: string, condition: string, from = 'juliet@example.com'): Element {
  return stanza(
    `<message type='error' id='${id}' from='${from}' to='romeo@example.net'><error type='cancel'>` +
      `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  );
}

const scenario = (options: MessageOptions = {}, parts: ScenarioParts = {}) => messageScenario({ ...parts, options });

/** Counts what is counted. */
function countingMetrics() {
  const counts: Record<string, number> = {};
  const gauges: Record<string, () => number> = {};
  const metrics: Metrics = {
    counter: (name, _help, labels = {}) => {
      const key = [name, ...Object.values(labels)].join(' ');
      return {
        add: (count = 1) => {
          counts[key] = (counts[key] ?? 0) + count;
        },
      };
    },
    gauge: (name, _help, read) => {
      gauges[name] = read;
    },
  };
  return { counts, gauges, metrics };
}

describe('SIP to XMPP: the answer comes when its promise is true', () => {
  it('200 once the XMPP side has the message, and not before', async () => {
    const { sip, link } = scenario();
    link.holds = true;
    let answer: SipAnswer | undefined;
    void sip.receive(message()).then((final) => {
      answer = final;
    });
    await settled();
    assert.equal(link.deliveries.length, 1);
    assert.equal(answer, undefined);
    link.last.take();
    await settled();
    assert.deepEqual(answer, { status: 200 });
  });

  it('7572-R-5: 202 where that is chosen', async () => {
    const { sip } = scenario({ acceptCode: 202 });
    assert.equal((await sip.receive(message())).status, 202);
  });

  it('every stanza has an id of its own', async () => {
    const { sip, link } = scenario();
    for (let cseq = 1; cseq <= 20; cseq++) await sip.receive(message({ cseq }));
    assert.equal(new Set(link.deliveries.map((delivery) => delivery.stanza.attrs.id)).size, 20);
  });

  for (const [what, end, status] of [
    ['a stanza error about a bare JID', { condition: 'item-not-found', type: 'cancel' }, 604],
    ['a stanza error of another condition', { condition: 'not-allowed', type: 'cancel' }, 403],
    ['no link', 'link-down', 480],
    ['a full queue', 'queue-full', 500],
    ['no confirmation in time', 'unconfirmed', 504],
    ['a stanza that is too large for the link', 'too-large', 413],
  ] as const) {
    it(`${what} is ${status}`, async () => {
      const { sip, link } = scenario();
      link.holds = true;
      const answer = sip.receive(message());
      await settled();
      if (typeof end === 'string') link.last.fail(end);
      else link.last.refuse(end);
      assert.equal((await answer).status, status);
    });
  }

  it('an error about a full JID is told as one (RFC 7247 §7.1 note 2)', async () => {
    const { sip, link } = scenario();
    link.holds = true;
    const answer = sip.receive(message({ requestUri: 'sip:juliet@example.com;gr=balcony' }));
    await settled();
    link.last.refuse({ condition: 'item-not-found', type: 'cancel' });
    assert.equal((await answer).status, 404);
  });

  for (const [title, second, status] of [
    ['the user takes it on another device', undefined, 200],
    ['nobody takes it, and the first refusal counts', 'recipient-unavailable', 403],
  ] as const) {
    it(`a device that is gone has its user asked once: ${title}`, async () => {
      const { sip, link } = scenario();
      link.holds = true;
      const answer = sip.receive(message({ requestUri: 'sip:juliet@example.com;gr=gone' }));
      await settled();
      assert.equal(link.last.stanza.attrs.to, 'juliet@example.com/gone');
      const { id } = link.last.stanza.attrs;
      link.last.refuse({ condition: 'service-unavailable', type: 'cancel' });
      await settled();
      assert.equal(link.deliveries.length, 2);
      assert.equal(link.last.stanza.attrs.to, 'juliet@example.com');
      assert.equal(link.last.stanza.attrs.id, id);
      if (second === undefined) link.last.take();
      else link.last.refuse({ condition: second, type: 'wait' });
      assert.equal((await answer).status, status);
      assert.equal(link.deliveries.length, 2);
    });
  }

  it('no 6xx where a proxy has other homes to try', async () => {
    const { sip, link } = scenario({ bareJid: '4xx' });
    link.holds = true;
    const answer = sip.receive(message());
    await settled();
    link.last.refuse({ condition: 'item-not-found', type: 'cancel' });
    assert.equal((await answer).status, 404);
  });

  it('7572-d44: without any link it is 503 with Retry-After', async () => {
    const { sip, link } = scenario();
    link.up = false;
    const answer = await sip.receive(message());
    assert.equal(answer.status, 503);
    assert.ok(answer.headers?.some(([name]) => name === 'Retry-After'));
  });

  it('the text of an error is the reason phrase, in a language that the sender reads (RFC 7247 §7)', async () => {
    for (const [accepts, reason] of [
      ['cs', 'Nikdo takový'],
      ['de', undefined],
    ] as const) {
      const { sip, link } = scenario();
      link.holds = true;
      const answer = sip.receive(message({ headers: [['Accept-Language', accepts]] }));
      await settled();
      link.last.refuse({ condition: 'item-not-found', type: 'cancel', text: 'Nikdo\ntakový', lang: 'cs' });
      assert.equal((await answer).reason, reason);
    }
  });

  it('7572-d47: an error stanza that comes by itself ends it at once', async () => {
    const { sip, link, log } = scenario();
    link.holds = true;
    const answer = sip.receive(message());
    await settled();
    link.receive(errorStanza(link.last.stanza.attrs.id, 'item-not-found'));
    assert.equal((await answer).status, 604);
    link.last.take();
    await settled();
    assert.equal(sip.sent.length, 0);
    assert.ok(log.lines.some(({ level }) => level === 'warn'));
  });

  it('an error stanza of somebody else changes nothing', async () => {
    const { sip, link } = scenario();
    link.holds = true;
    const answer = sip.receive(message());
    await settled();
    link.receive(errorStanza(link.last.stanza.attrs.id, 'item-not-found', 'nurse@example.com'));
    link.last.take();
    assert.equal((await answer).status, 200);
  });

  it('a link that never says anything costs 504, far below Timer F', async () => {
    const { sip, link, scheduler, log } = scenario();
    link.holds = true;
    const answer = sip.receive(message());
    await settled();
    scheduler.advance(9_999);
    await settled();
    scheduler.advance(1);
    assert.equal((await answer).status, 504);
    link.last.take();
    await settled();
    assert.equal(log.lines.at(-1)?.message, 'message taken after its sender was told otherwise');
    assert.equal(scheduler.pending, 0);
  });

  it('a link that breaks its promise is our own bug, and rejects', async () => {
    const { sip, link } = scenario();
    link.deliver = () => Promise.reject(new Error('broken'));
    await assert.rejects(sip.receive(message()), /broken/);
    link.deliver = Object.getPrototypeOf(link).deliver;
    assert.equal((await sip.receive(message())).status, 200);
  });

  it('typing and delivery notices are accepted, and show nothing', async () => {
    const { sip, link, messages } = scenario();
    const told: string[] = [];
    messages.onSigns({
      noticeFromSip: (from, to, content) => told.push(`${from} ${to} ${content.notice}`),
      signsFromXmpp: () => {},
    });
    for (const type of ['application/im-iscomposing+xml', 'message/imdn+xml']) {
      assert.equal((await sip.receive(message({ headers: [['Content-Type', type]], body: '<x/>' }))).status, 200);
    }
    assert.equal(link.deliveries.length, 0);
    assert.deepEqual(told, [
      'romeo@example.net juliet@example.com is-composing',
      'romeo@example.net juliet@example.com imdn',
    ]);
  });
});

describe('copies of a request are delivered once', () => {
  const copy = (branch: string, parts: RequestParts = {}) => message({ branch, ...parts });

  it('482 while the first is open, its answer afterwards', async () => {
    const { sip, link } = scenario();
    link.holds = true;
    const first = sip.receive(copy('z9hG4bK-1'));
    await settled();
    assert.equal((await sip.receive(copy('z9hG4bK-2'))).status, 482);
    link.last.take();
    assert.equal((await first).status, 200);
    assert.equal((await sip.receive(copy('z9hG4bK-3'))).status, 200);
    assert.equal(link.deliveries.length, 1);
  });

  it('what failed may come again', async () => {
    const { sip, link } = scenario();
    link.holds = true;
    const first = sip.receive(copy('z9hG4bK-1'));
    await settled();
    link.last.fail('queue-full');
    await first;
    link.holds = false;
    assert.equal((await sip.receive(copy('z9hG4bK-2'))).status, 200);
    assert.equal(link.deliveries.length, 2);
  });

  it('a phone that counts nothing up loses nothing', async () => {
    const { sip, link } = scenario();
    await sip.receive(copy('z9hG4bK-1', { body: 'one' }));
    await sip.receive(copy('z9hG4bK-2', { body: 'two' }));
    assert.equal(link.deliveries.length, 2);
  });

  it('a message that a proxy spreads over two users reaches both', async () => {
    const { sip, link } = scenario();
    await sip.receive(copy('z9hG4bK-1'));
    await sip.receive(copy('z9hG4bK-2', { requestUri: 'sip:nurse@example.com' }));
    assert.deepEqual(
      link.deliveries.map((delivery) => delivery.stanza.attrs.to),
      ['juliet@example.com', 'nurse@example.com'],
    );
  });
});

describe('7572-R-6: failures after the 2xx', () => {
  const delivered = async (options: MessageOptions = {}) => {
    const parts = scenario(options);
    assert.equal((await parts.sip.receive(message())).status, 200);
    return { ...parts, id: parts.link.last.stanza.attrs.id as string };
  };

  it('one notice, whatever comes', async () => {
    const { sip, link, id } = await delivered();
    link.receive(errorStanza(id, 'service-unavailable'));
    link.receive(errorStanza(id, 'service-unavailable', 'juliet@example.com/balcony'));
    assert.equal(sip.sent.length, 1);
    assert.match(sip.last.text, /\r\nIn-Reply-To: call-1\r\n/);
    assert.match(sip.last.text, /\r\n\r\nYour message could not be delivered: hello$/);
  });

  it('whatever answers the notice is swallowed', async () => {
    const { sip, link, id } = await delivered();
    link.receive(errorStanza(id, 'service-unavailable'));
    sip.last.answer(480);
    await settled();
    assert.equal(link.sent.length, 0);
    assert.equal(sip.sent.length, 1);
  });

  it('the notice waits for its turn like every message (RFC 3428 §8)', async () => {
    const { sip, link, id } = await delivered();
    link.receive(fromJuliet('first'));
    link.receive(errorStanza(id, 'service-unavailable'));
    assert.equal(sip.sent.length, 1);
    sip.last.answer(200);
    await settled();
    assert.match(sip.last.text, /could not be delivered/);
  });

  it('silence where that is chosen', async () => {
    const { sip, link, id } = await delivered({ lateFailure: 'imdn-only' });
    link.receive(errorStanza(id, 'service-unavailable'));
    assert.equal(sip.sent.length, 0);
  });

  it('an error about nothing that is known changes nothing', async () => {
    const { sip, link } = await delivered();
    link.receive(errorStanza('unknown', 'service-unavailable'));
    link.receive(stanza("<message type='error'/>"));
    assert.equal(sip.sent.length + link.sent.length, 0);
  });
});

describe('XMPP to SIP: nothing on success, one error on failure', () => {
  for (const status of [200, 202]) {
    it(`3428-4-4: a ${status} ends it without a word`, async () => {
      const { sip, link } = scenario();
      link.receive(fromJuliet('hello'));
      sip.last.answer(status);
      await settled();
      assert.equal(link.sent.length + link.deliveries.length, 0);
    });
  }

  it('a failure is one error with the original id, to the full JID', async () => {
    const { sip, link } = scenario();
    link.receive(fromJuliet('hello'));
    sip.last.answer(404);
    await settled();
    assert.equal(link.sent.length, 1);
    const [error] = link.sent as [Element];
    assert.deepEqual(
      { ...error.attrs },
      { xmlns: 'jabber:client', type: 'error', from: 'romeo@example.net', to: 'juliet@example.com/balcony', id: 'm1' },
    );
    assert.equal(readStanzaError(error)?.condition, 'item-not-found');
    assert.equal(readStanzaError(error)?.text, '404 Not Found');
    assert.equal(error.getChild('body'), undefined);
  });

  it('a stanza without id gets an error without', async () => {
    const { sip, link } = scenario();
    link.receive(stanza("<message from='juliet@example.com/b' to='romeo@example.net'><body>x</body></message>"));
    sip.last.end('timeout');
    await settled();
    assert.equal('id' in (link.sent[0] as Element).attrs, false);
    assert.equal(readStanzaError(link.sent[0] as Element)?.condition, 'remote-server-timeout');
  });

  it('what cannot cross is refused, and nothing is sent to SIP', () => {
    const { sip, link } = scenario();
    link.receive(stanza("<message from='a@example.com' to='\\20x@example.net' id='1'><body>x</body></message>"));
    link.receive(
      stanza("<message from='a@example.com' to='b@example.net' id='2' type='groupchat'><body>x</body></message>"),
    );
    assert.equal(sip.sent.length, 0);
    assert.deepEqual(
      link.sent.map((sent) => [sent.attrs.id, readStanzaError(sent)?.condition]),
      [
        ['1', 'jid-malformed'],
        ['2', 'service-unavailable'],
      ],
    );
  });

  it('7572-d33: an error is never answered', () => {
    const { sip, link } = scenario();
    link.receive(
      stanza("<message type='error' from='a@example.com' to='\\20x@example.net' id='1'><body>x</body></message>"),
    );
    assert.equal(sip.sent.length + link.sent.length, 0);
  });

  it('signs without text are told to who wants to know, and to nobody else', () => {
    const { sip, link, messages } = scenario();
    const told: string[] = [];
    messages.onSigns({ noticeFromSip: () => {}, signsFromXmpp: (_stanza, signs) => told.push(...signs) });
    link.receive(
      stanza(
        "<message from='a@example.com' to='b@example.net'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
      ),
    );
    assert.deepEqual(told, ['chat-state']);
    assert.equal(sip.sent.length + link.sent.length, 0);
  });

  it('an engine that breaks its promise costs this message and no other', async () => {
    const { sip, link, log } = scenario();
    link.receive(fromJuliet('one', 'm1'));
    link.receive(fromJuliet('two', 'm2'));
    sip.last.reject(new Error('broken'));
    await settled();
    assert.equal(readStanzaError(link.sent[0] as Element)?.condition, 'internal-server-error');
    assert.match(sip.last.text, /two$/);
    assert.ok(log.lines.some(({ level }) => level === 'error'));
  });

  it('a lost link loses the error, and says so', async () => {
    const { sip, link, log } = scenario();
    link.receive(fromJuliet('hello'));
    link.accepts = false;
    sip.last.answer(404);
    await settled();
    assert.equal(log.lines.at(-1)?.level, 'warn');
  });
});

describe('3428-8-3: one MESSAGE at a time to a Request-URI', () => {
  it('in order, after success and failure alike', async () => {
    const { sip, link } = scenario();
    for (const text of ['one', 'two', 'three']) link.receive(fromJuliet(text, text));
    assert.equal(sip.sent.length, 1);
    sip.last.answer(200);
    await settled();
    assert.match(sip.last.text, /two$/);
    sip.last.answer(500);
    await settled();
    assert.match(sip.last.text, /three$/);
    sip.last.answer(200);
    await settled();
    assert.deepEqual(
      link.sent.map((sent) => sent.attrs.id),
      ['two'],
    );
  });

  it('other targets do not wait', () => {
    const { sip, link } = scenario();
    link.receive(fromJuliet('one'));
    link.receive(stanza("<message from='a@example.com' to='romeo@example.net/phone'><body>x</body></message>"));
    link.receive(stanza("<message from='a@example.com' to='mercutio@example.net'><body>x</body></message>"));
    assert.equal(sip.sent.length, 3);
  });

  it('what waits for many targets is bounded too: a resource is quickly made up', async () => {
    const { sip, link, messages } = scenario();
    const body = 'x'.repeat(200_000);
    for (let device = 0; device < 40; device++) {
      for (const text of ['hello', body, body, body, body, body]) {
        messages.takeStanza(
          stanza(
            `<message from='juliet@example.com/balcony' to='romeo@example.net/${device}' id='m'><body>${text}</body></message>`,
          ),
        );
      }
    }
    await settled();
    assert.equal(sip.sent.length, 40);
    const refused = link.sent.map((error) => readStanzaError(error)?.condition);
    assert.ok(refused.length > 0, 'nothing was refused');
    assert.deepEqual([...new Set(refused)], ['resource-constraint']);
  });

  it('a full queue is resource-constraint', async () => {
    const { sip, link } = scenario({ maxPending: 1 });
    for (const id of ['1', '2', '3']) link.receive(fromJuliet('x', id));
    assert.deepEqual(
      link.sent.map((sent) => [sent.attrs.id, readStanzaError(sent)?.condition]),
      [['3', 'resource-constraint']],
    );
    sip.last.answer(200);
    await settled();
    assert.equal(sip.sent.length, 2);
  });
});

describe('message/cpim towards SIP', () => {
  it('a 415 gets one more try as text/plain, before the next message', async () => {
    const { sip, link } = scenario({ cpimOut: 'always' });
    link.receive(fromJuliet('one'));
    link.receive(fromJuliet('two'));
    assert.equal(sip.last.message.contentType, 'message/cpim');
    sip.last.answer(415);
    await settled();
    assert.equal(sip.last.message.contentType, 'text/plain');
    assert.match(sip.last.text, /one$/);
    sip.last.answer(415);
    await settled();
    assert.equal(readStanzaError(link.sent[0] as Element)?.condition, 'not-acceptable');
    assert.equal(link.sent.length, 1);
    assert.equal(sip.sent.length, 3);
  });

  it('a 415 to text/plain is final', async () => {
    const { sip, link } = scenario();
    link.receive(fromJuliet('one'));
    sip.last.answer(415);
    await settled();
    assert.equal(sip.sent.length, 1);
    assert.equal(link.sent.length, 1);
  });

  it('what is too long in an envelope goes without', async () => {
    const { sip, link } = scenario({ cpimOut: 'always' });
    link.receive(fromJuliet('x'.repeat(900)));
    await settled();
    assert.equal(sip.last.message.contentType, 'text/plain');
    assert.equal(link.sent.length, 0);
  });
});

describe('a conversation', () => {
  it('7572-R-2: a thread that is no Call-ID comes back with the reply', async () => {
    const { sip, link } = scenario();
    link.receive(fromJuliet('one', 'm1', '<thread>two words</thread>'));
    sip.last.answer(200);
    await sip.receive(message({ callId: 'reply', headers: [['In-Reply-To', sip.last.request.callId]] }));
    assert.equal(link.last.stanza.getChildText('thread'), 'two words');
    await sip.receive(message({ callId: sip.last.request.callId }));
    assert.equal(link.last.stanza.getChildText('thread'), 'two words');
  });

  it('a literal thread comes back too', async () => {
    const { sip, link } = scenario();
    link.receive(fromJuliet('one', 'm1', '<thread>act2</thread>'));
    sip.last.answer(200);
    await sip.receive(message({ callId: 'reply', headers: [['In-Reply-To', 'act2']] }));
    assert.equal(link.last.stanza.getChildText('thread'), 'act2');
  });

  it('each message that crosses is one line with Call-ID and stanza id', async () => {
    const { sip, link, log } = scenario();
    await sip.receive(message());
    link.receive(fromJuliet('x'));
    sip.last.answer(200);
    await settled();
    const lines = log.lines.filter((line) => line.message === 'message crossed');
    assert.equal(lines.length, 2);
    assert.equal(lines[0]?.fields.callId, 'call-1');
    assert.equal(lines[0]?.fields.stanzaId, link.last.stanza.attrs.id);
    assert.equal(lines[1]?.fields.callId, sip.last.request.callId);
    assert.equal(lines[1]?.fields.stanzaId, 'm1');
  });

  it('is counted by direction and outcome', async () => {
    const { counts, gauges, metrics } = countingMetrics();
    const { sip, link } = scenario({}, { metrics });
    await sip.receive(message());
    await sip.receive(message());
    await sip.receive(message({ requestUri: 'sip:juliet@other.example' }));
    link.receive(errorStanza(link.last.stanza.attrs.id, 'gone'));
    sip.last.answer(200);
    await settled();
    link.receive(fromJuliet('one'));
    link.receive(fromJuliet('two'));
    assert.equal(gauges.messages_waiting?.(), 1);
    sip.last.answer(404);
    await settled();
    sip.last.answer(200);
    await settled();
    assert.deepEqual(counts, {
      'messages sip-to-xmpp delivered': 1,
      'messages sip-to-xmpp duplicate': 1,
      'messages sip-to-xmpp refused': 1,
      'messages sip-to-xmpp failed-late': 1,
      'messages xmpp-to-sip failed': 1,
      'messages xmpp-to-sip delivered': 1,
    });
    assert.equal(gauges.messages_open?.(), 0);
  });
});

describe('stanzas that are no messages', () => {
  it('RFC 6120 §8.2.3: an IQ request is answered, a response and presence are not', () => {
    const { link } = scenario();
    link.receive(stanza("<iq type='get' id='1' from='a@example.com/x' to='b@example.net'><query xmlns='urn:x'/></iq>"));
    link.receive(stanza("<iq type='result' id='2' from='a@example.com/x' to='b@example.net'/>"));
    link.receive(stanza("<presence from='a@example.com/x' to='b@example.net'/>"));
    assert.deepEqual(
      link.sent.map((sent) => [sent.name, sent.attrs.id, readStanzaError(sent)?.condition]),
      [['iq', '1', 'service-unavailable']],
    );
  });
});

describe('draining', () => {
  it('waits for what is open, and takes nothing new', async () => {
    const { sip, link, messages } = scenario();
    link.holds = true;
    const answer = sip.receive(message());
    link.receive(fromJuliet('one', 'm1'));
    link.receive(fromJuliet('two', 'm2'));
    await settled();
    let drained = false;
    void messages.drain().then(() => {
      drained = true;
    });
    assert.equal((await sip.receive(message({ cseq: 2 }))).status, 503);
    link.receive(fromJuliet('three', 'm3'));
    assert.equal(readStanzaError(link.sent[0] as Element)?.condition, 'resource-constraint');
    link.last.take();
    assert.equal((await answer).status, 200);
    await settled();
    assert.equal(drained, false);
    sip.last.answer(200);
    await settled();
    assert.equal(drained, false);
    assert.match(sip.last.text, /two$/);
    sip.last.answer(200);
    await settled();
    assert.equal(drained, true);
  });

  it('is over at once when nothing is open', async () => {
    await scenario().messages.drain();
  });
});
