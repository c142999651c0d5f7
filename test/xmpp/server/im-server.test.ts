import assert from 'node:assert/strict';
import type { Element } from 'ltx';
import { MemoryStore } from '../../../src/store/memory-store.js';
import type { OfflineMessage } from '../../../src/xmpp/server/offline-store.js';
import { type TestClient, TestServer, xml } from '../../support/im-server.js';

function condition(stanza: Element): string {
  assert.equal(stanza.attrs.type, 'error');
  return stanza.getChild('error')!.getChildElements()[0]!.getName();
}

function only(stanzas: readonly Element[]): Element {
  assert.equal(stanzas.length, 1, stanzas.join('\n'));
  return stanzas[0]!;
}

describe('RFC 6120 §8.1: addresses of stanzas from clients', () => {
  let test: TestServer;
  let romeo: TestClient;
  let juliet: TestClient;
  beforeEach(async () => {
    test = new TestServer();
    juliet = await test.connect('juliet@example.com/balcony', 0);
    romeo = await test.connect('romeo@example.com/garden', 0);
  });

  for (const from of [
    undefined,
    'romeo@example.com/garden',
    'romeo@example.com',
    'ROMEO@example.COM/garden',
    'ＲＯＭＥＯ@example.com',
  ]) {
    it(`6120-8.1.2-1: stamps the full JID over ${from ?? 'no from'}`, async () => {
      const attribute = from === undefined ? '' : ` from="${from}"`;
      await romeo.says(`<message to="juliet@example.com/balcony"${attribute}><body>Hi</body></message>`);
      assert.equal(only(juliet.take()).attrs.from, 'romeo@example.com/garden');
    });
  }

  for (const from of ['juliet@example.com', 'romeo@example.com/orchard', 'example.com', 'romeo@example.net', '@', '']) {
    it(`6120-8.1.2-1: ends the stream for a forged from of "${from}"`, async () => {
      await romeo.says(`<message to="juliet@example.com/balcony" from="${from}"><body>Hi</body></message>`);
      assert.equal(romeo.endedWith?.condition, 'invalid-from');
      assert.deepEqual(juliet.take(), []);
    });
  }

  it('6120-8.1.1-1: a message without to goes to the own account', async () => {
    const orchard = await test.connect('romeo@example.com/orchard', 5);
    romeo.take();
    await romeo.says('<message type="chat"><body>Note to self</body></message>');
    const message = only(orchard.take());
    assert.equal(message.attrs.to, 'romeo@example.com');
    assert.deepEqual(romeo.take(), []);
  });

  it('S10: unknown first-level elements end the stream', async () => {
    for (const text of [
      '<pubsub/>',
      '<message xmlns="urn:example:x"/>',
      '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>',
    ]) {
      const client = await test.connect(`romeo@example.com/${text.length}`);
      await client.says(text);
      assert.equal(client.endedWith?.condition, 'unsupported-stanza-type');
    }
  });

  for (const name of ['message', 'presence', 'iq']) {
    it(`a ${name} to what is no JID comes back as jid-malformed`, async () => {
      await romeo.says(`<${name} to="juliet@@example.com" type="${name === 'iq' ? 'get' : 'unavailable'}" id="x1"/>`);
      const error = only(romeo.take());
      assert.equal(condition(error), 'jid-malformed');
      assert.deepEqual([error.attrs.id, error.attrs.from], ['x1', 'juliet@@example.com']);
    });
  }

  it('6120-4.7.4-1: the language of the stream goes along, but not over the own of a stanza', async () => {
    const session = await test.server.bind(romeo.session.jid.bare, 'italian', romeo, 'it');
    assert.ok(session.ok);
    test.server.receive(session.value, xml('<message to="juliet@example.com/balcony"><body>Ciao</body></message>'));
    test.server.receive(
      session.value,
      xml('<message to="juliet@example.com/balcony" xml:lang="de"><body>Hallo</body></message>'),
    );
    assert.deepEqual(
      juliet.take().map((message) => message.attrs['xml:lang']),
      ['it', 'de'],
    );
  });

  it('0203-1: drops delay stamps in the name of this server, and leaves others', async () => {
    await romeo.says(`<message to="juliet@example.com/balcony"><body>Hi</body>
      <delay xmlns="urn:xmpp:delay" from="EXAMPLE.com" stamp="2020-01-01T00:00:00Z"/>
      <delay xmlns="urn:xmpp:delay" from="example.org" stamp="2020-01-01T00:00:00Z"/></message>`);
    const message = only(juliet.take());
    assert.deepEqual(
      message.getChildren('delay').map((delay) => delay.attrs.from),
      ['example.org'],
    );
  });

  for (const [name, text] of [
    ['message', '<message to="a@example.org" id="x"><body>Hi</body></message>'],
    ['presence', '<presence to="a@example.org" id="x"/>'],
    ['subscription', '<presence to="a@example.org" id="x" type="subscribe"/>'],
    ['iq', '<iq to="a@example.org" id="x" type="get"><query xmlns="urn:example:x"/></iq>'],
  ] as const) {
    it(`6120-10.4-1: a ${name} to another domain comes back as remote-server-not-found`, async () => {
      await romeo.says(text);
      assert.equal(condition(only(romeo.take())), 'remote-server-not-found');
    });
  }

  it('8.3.1: errors and results to nowhere are not answered', async () => {
    await romeo.says('<message to="a@example.org" type="error"/>');
    await romeo.says('<presence to="a@example.org" type="error"/>');
    await romeo.says('<iq to="a@example.org" type="result" id="x"/>');
    await romeo.says('<iq to="@" type="error" id="x"/>');
    assert.deepEqual(romeo.take(), []);
  });

  it('a message to the server itself is not for anybody', async () => {
    await romeo.says('<message to="example.com"><body>Hi</body></message>');
    assert.equal(condition(only(romeo.take())), 'service-unavailable');
  });
});

describe('6120-8.2.3-1: IQs to the server and the own account', () => {
  let test: TestServer;
  let romeo: TestClient;
  beforeEach(async () => {
    test = new TestServer({ items: [{ jid: 'example.net', name: 'Elsewhere' }] });
    romeo = await test.connect('romeo@example.com/garden', 0);
  });

  async function ask(text: string): Promise<Element> {
    await romeo.says(text);
    const reply = only(romeo.take());
    assert.equal(reply.attrs.id, 'q1');
    return reply;
  }

  function features(query: Element): string[] {
    return query.getChildren('feature').map((feature) => feature.attrs.var);
  }

  it('6121-2.1.4-1: the roster is empty, whether to is left out or the own bare JID', async () => {
    for (const to of ['', ' to="romeo@example.com"']) {
      const reply = await ask(`<iq type="get" id="q1"${to}><query xmlns="jabber:iq:roster"/></iq>`);
      assert.equal(reply.attrs.type, 'result');
      assert.deepEqual(reply.getChild('query', 'jabber:iq:roster')!.children, []);
    }
  });

  it('the roster cannot be changed yet', async () => {
    const item = '<item jid="juliet@example.com"/>';
    const reply = await ask(`<iq type="set" id="q1"><query xmlns="jabber:iq:roster">${item}</query></iq>`);
    assert.equal(condition(reply), 'feature-not-implemented');
  });

  it('0030-1, ack-1: the server tells what it is and what it handles', async () => {
    const reply = await ask(
      '<iq type="get" id="q1" to="example.com"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>',
    );
    const query = reply.getChild('query')!;
    assert.deepEqual({ ...query.getChild('identity')!.attrs }, { category: 'server', type: 'im', name: 'Verona' });
    assert.deepEqual(features(query), [
      'http://jabber.org/protocol/disco#info',
      'http://jabber.org/protocol/disco#items',
      'jabber:iq:version',
      'msgoffline',
      'urn:xmpp:ping',
    ]);
  });

  it('0030-1: the account tells the same of itself, to itself', async () => {
    const reply = await ask('<iq type="get" id="q1"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>');
    const query = reply.getChild('query')!;
    assert.deepEqual({ ...query.getChild('identity')!.attrs }, { category: 'account', type: 'registered' });
    assert.ok(features(query).includes('urn:xmpp:ping'));
  });

  it('0030-2: the server lists the domains behind it, an account nothing', async () => {
    const items = (to: string) =>
      `<iq type="get" id="q1" to="${to}"><query xmlns="http://jabber.org/protocol/disco#items"/></iq>`;
    const server = (await ask(items('example.com'))).getChild('query')!;
    assert.deepEqual({ ...server.getChild('item')!.attrs }, { jid: 'example.net', name: 'Elsewhere' });
    assert.deepEqual((await ask(items('romeo@example.com'))).getChild('query')!.children, []);
  });

  it('0030-3: accounts of others look the same whether they exist or not', async () => {
    await test.addAccount('juliet@example.com');
    const replies = [];
    for (const to of ['juliet@example.com', 'nobody@example.com']) {
      for (const node of ['info', 'items']) {
        const reply = await ask(
          `<iq type="get" id="q1" to="${to}"><query xmlns="http://jabber.org/protocol/disco#${node}"/></iq>`,
        );
        replies.push(reply.attrs.type === 'error' ? condition(reply) : reply.getChild('query')!.children.length);
      }
    }
    assert.deepEqual(replies, ['service-unavailable', 0, 'service-unavailable', 0]);
  });

  it('0030-4: an unknown node is item-not-found', async () => {
    const query = '<query xmlns="http://jabber.org/protocol/disco#info" node="x"/>';
    assert.equal(condition(await ask(`<iq type="get" id="q1" to="example.com">${query}</iq>`)), 'item-not-found');
  });

  it('0199-1: pings to the server and the own account are answered', async () => {
    for (const to of ['', ' to="example.com"', ' to="romeo@example.com"']) {
      const reply = await ask(`<iq type="get" id="q1"${to}><ping xmlns="urn:xmpp:ping"/></iq>`);
      assert.deepEqual([reply.attrs.type, reply.children], ['result', []]);
    }
  });

  it('XEP-0092: the server tells name and version, and not the operating system', async () => {
    const reply = await ask('<iq type="get" id="q1" to="example.com"><query xmlns="jabber:iq:version"/></iq>');
    const query = reply.getChild('query')!;
    assert.deepEqual(
      query.getChildElements().map((child) => [child.getName(), child.getText()]),
      [
        ['name', 'Verona'],
        ['version', '1.2.3'],
      ],
    );
  });

  it('the session of RFC 3921 always succeeds', async () => {
    const reply = await ask('<iq type="set" id="q1"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>');
    assert.equal(reply.attrs.type, 'result');
  });

  it('S20: a second resource is not allowed', async () => {
    const reply = await ask('<iq type="set" id="q1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>');
    assert.equal(condition(reply), 'not-allowed');
  });

  for (const [what, text, expected] of [
    [
      'an unknown payload',
      '<iq type="get" id="q1" to="example.com"><query xmlns="urn:example:x"/></iq>',
      'service-unavailable',
    ],
    [
      'a set of what is only read',
      '<iq type="set" id="q1" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>',
      'service-unavailable',
    ],
    [
      'a resource of the server',
      '<iq type="get" id="q1" to="example.com/x"><ping xmlns="urn:xmpp:ping"/></iq>',
      'service-unavailable',
    ],
    ['no payload', '<iq type="get" id="q1"/>', 'bad-request'],
    [
      'two payloads',
      '<iq type="get" id="q1"><ping xmlns="urn:xmpp:ping"/><ping xmlns="urn:xmpp:ping"/></iq>',
      'bad-request',
    ],
    ['no type', '<iq id="q1"><ping xmlns="urn:xmpp:ping"/></iq>', 'bad-request'],
    ['an unknown type', '<iq type="ask" id="q1"><ping xmlns="urn:xmpp:ping"/></iq>', 'bad-request'],
    [
      'an unknown type to a resource',
      '<iq type="ask" id="q1" to="romeo@example.com/garden"><ping xmlns="urn:xmpp:ping"/></iq>',
      'bad-request',
    ],
    ['no payload to the gateway', '<iq type="get" id="q1" to="tybalt@example.net"/>', 'bad-request'],
  ] as const) {
    it(`6120-8.1.3-1: ${what}: ${expected}`, async () => {
      assert.equal(condition(await ask(text)), expected);
    });
  }

  it('6120-8.1.3-1: no id: bad-request', async () => {
    await romeo.says('<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>');
    assert.equal(condition(only(romeo.take())), 'bad-request');
  });
});

describe('RFC 6121 §4: presence among the resources of an account', () => {
  let test: TestServer;
  beforeEach(() => {
    test = new TestServer();
  });

  it('6121-4.2.2-1, I14: initial presence goes to all own available resources, and theirs to the new one', async () => {
    const garden = await test.connect('romeo@example.com/garden', 1);
    const silent = await test.connect('romeo@example.com/silent');
    const orchard = await test.connect('romeo@example.com/orchard');
    await orchard.says('<presence><show>chat</show></presence>');
    const seen = only(garden.take());
    assert.deepEqual(
      [seen.attrs.from, seen.attrs.to, seen.getChildText('show')],
      ['romeo@example.com/orchard', 'romeo@example.com', 'chat'],
    );
    assert.deepEqual(
      orchard.take().map((presence) => presence.attrs.from),
      ['romeo@example.com/orchard', 'romeo@example.com/garden'],
    );
    assert.deepEqual(silent.take(), []);
    assert.deepEqual(test.gateway, []);
  });

  it('6121-4.4.2-1: later presence goes to them once, without theirs again', async () => {
    const garden = await test.connect('romeo@example.com/garden', 1);
    const orchard = await test.connect('romeo@example.com/orchard', 1);
    garden.take();
    await orchard.says('<presence><show>away</show></presence>');
    assert.equal(only(garden.take()).getChildText('show'), 'away');
    assert.equal(only(orchard.take()).attrs.from, 'romeo@example.com/orchard');
  });

  it('6121-4.5.2-1: unavailable presence goes to own resources and to everybody with directed presence', async () => {
    const juliet = await test.connect('juliet@example.com/balcony', 0);
    const garden = await test.connect('romeo@example.com/garden', 0);
    const orchard = await test.connect('romeo@example.com/orchard', 0);
    await orchard.says('<presence to="juliet@example.com/balcony"/>');
    await orchard.says('<presence to="tybalt@example.net"/>');
    await orchard.says('<presence to="nurse@example.com"/>');
    await orchard.says('<presence to="nurse@example.com" type="unavailable"/>');
    garden.take();
    juliet.take();
    test.gateway.splice(0);
    await orchard.says('<presence type="unavailable"><status>gone</status></presence>');
    for (const [seen, to] of [
      [only(garden.take()), 'romeo@example.com'],
      [only(juliet.take()), 'juliet@example.com/balcony'],
      [only(test.gateway), 'tybalt@example.net'],
    ] as const) {
      assert.deepEqual(
        [seen.attrs.type, seen.attrs.from, seen.attrs.to, seen.getChildText('status')],
        ['unavailable', 'romeo@example.com/orchard', to, 'gone'],
      );
    }
    await orchard.says('<presence type="unavailable"/>');
    assert.deepEqual([garden.take(), juliet.take()], [[], []]);
  });

  it('6121-4.5.4-1: the end of a stream makes the unavailable presence', async () => {
    const garden = await test.connect('romeo@example.com/garden', 0);
    const orchard = await test.connect('romeo@example.com/orchard', 0);
    await orchard.says('<presence to="tybalt@example.net"/>');
    garden.take();
    test.gateway.splice(0);
    orchard.disconnect();
    orchard.disconnect();
    assert.deepEqual([only(garden.take()).attrs.type, only(test.gateway).attrs.type], ['unavailable', 'unavailable']);
    assert.equal(test.server.sessionCount, 1);
  });

  it('6121-4.6-1: directed presence has a limit for each session', async () => {
    test = new TestServer({ limits: { directedPresences: 1 } });
    const romeo = await test.connect('romeo@example.com/garden', 0);
    await romeo.says('<presence to="a@example.net"/>');
    await romeo.says('<presence to="a@example.net"/>');
    assert.deepEqual(romeo.take(), []);
    await romeo.says('<presence to="b@example.net"/>');
    assert.equal(condition(only(romeo.take())), 'resource-constraint');
    assert.equal(test.gateway.length, 2);
  });

  it('6120-8.1.4-1: an unknown type is a bad request', async () => {
    const romeo = await test.connect('romeo@example.com/garden', 0);
    await romeo.says('<presence type="here"/>');
    assert.equal(condition(only(romeo.take())), 'bad-request');
  });

  it('a probe to the own account shows its available resources', async () => {
    await test.connect('romeo@example.com/garden', 3);
    const romeo = await test.connect('romeo@example.com/orchard');
    await romeo.says('<presence type="probe" to="romeo@example.com"/>');
    const presence = only(romeo.take());
    assert.deepEqual(
      [presence.attrs.from, presence.attrs.to],
      ['romeo@example.com/garden', 'romeo@example.com/orchard'],
    );
  });

  for (const [text, priority] of [
    ['127', 127],
    ['-128', -128],
    [' 5 ', 5],
    ['+7', 7],
    ['128', 0],
    ['-129', 0],
    ['high', 0],
    ['1.5', 0],
    ['', 0],
  ] as const) {
    it(`6121-4.7.2-1: a priority of "${text}" is ${priority}`, async () => {
      const romeo = await test.connect('romeo@example.com/garden');
      await romeo.says(`<presence><priority>${text}</priority></presence>`);
      assert.equal(romeo.session.priority, priority);
    });
  }

  it('3.1.2: a subscription to the gateway goes on from the bare to the bare JID', async () => {
    const romeo = await test.connect('romeo@example.com/garden', 0);
    await romeo.says('<presence type="subscribe" to="tybalt@example.net/phone" id="s1"/>');
    const { from, to, id } = only(test.gateway).attrs;
    assert.deepEqual([from, to, id], ['romeo@example.com', 'tybalt@example.net', 's1']);
  });
});

describe('stanzas for the gateway', () => {
  it('go to it when it has no answer of its own', async () => {
    const test = new TestServer();
    const romeo = await test.connect('romeo@example.com/garden', 0);
    await romeo.says('<message to="tybalt@example.net" type="chat" id="m1"><body>Hi</body></message>');
    await romeo.says('<iq to="example.net" type="get" id="q1"><query xmlns="urn:example:x"/></iq>');
    await romeo.says('<presence to="tybalt@example.net"/>');
    assert.deepEqual(
      test.gateway.map((stanza) => [stanza.name, stanza.attrs.from]),
      [
        ['message', 'romeo@example.com/garden'],
        ['iq', 'romeo@example.com/garden'],
        ['presence', 'romeo@example.com/garden'],
      ],
    );
    assert.deepEqual(romeo.take(), []);
  });

  it('are answered at once when it has', async () => {
    const test = new TestServer({
      answerForGateway: (stanza) =>
        stanza.name === 'message'
          ? undefined
          : [xml(`<iq type="result" id="q1" from="example.net" to="${stanza.attrs.from}"/>`)],
    });
    const romeo = await test.connect('romeo@example.com/garden', 0);
    await romeo.says('<iq to="example.net" type="get" id="q1"><query xmlns="urn:example:x"/></iq>');
    assert.equal(only(romeo.take()).attrs.id, 'q1');
    assert.deepEqual(test.gateway, []);
  });
});

describe('stanzas from the gateway', () => {
  let test: TestServer;
  let juliet: TestClient;
  const message = (to: string, type = 'chat') =>
    xml(`<message from="tybalt@example.net" to="${to}" type="${type}" id="m1"><body>Hi</body></message>`);

  beforeEach(async () => {
    test = new TestServer();
    await test.addAccount('juliet@example.com');
    juliet = await test.connect('juliet@example.com/balcony', 0);
  });

  it('a message to a user who is online is taken at once', () => {
    assert.deepEqual(test.server.deliverFromGateway(message('juliet@example.com')), { ok: true, value: undefined });
    assert.equal(only(juliet.take()).attrs.from, 'tybalt@example.net');
  });

  it('a message to a user who is not is taken when it is stored', async () => {
    juliet.disconnect();
    const outcome = await test.server.deliverFromGateway(message('juliet@example.com'));
    assert.deepEqual(outcome, { ok: true, value: undefined });
    assert.equal((await test.store.loadOffline('juliet@example.com')).length, 1);
  });

  for (const [what, to, type, expected] of [
    ['a user who does not exist', 'nobody@example.com', 'chat', 'service-unavailable'],
    ['a resource that is not there', 'juliet@example.com/x', 'normal', 'service-unavailable'],
    ['the server', 'example.com', 'chat', 'service-unavailable'],
    ['another domain', 'juliet@example.org', 'chat', 'remote-server-not-found'],
    ['a domain of the gateway', 'romeo@example.net', 'chat', 'remote-server-not-found'],
    ['no JID', '@', 'chat', 'jid-malformed'],
  ] as const) {
    it(`a message to ${what} is refused with ${expected}, and nothing comes back besides`, async () => {
      const outcome = await test.server.deliverFromGateway(message(to, type));
      assert.equal(outcome.ok ? 'ok' : outcome.error.condition, expected);
      assert.deepEqual(test.gateway, []);
    });
  }

  it('a message that nobody waits for comes back as an error', async () => {
    test.server.sendFromGateway(message('nobody@example.com'));
    await test.server.settled();
    const error = only(test.gateway);
    assert.deepEqual(
      [condition(error), error.attrs.to, error.attrs.id],
      ['service-unavailable', 'tybalt@example.net', 'm1'],
    );
  });

  it('IQ requests reach a resource, and the server answers for a bare JID', () => {
    const iq = (to: string) =>
      xml(`<iq from="tybalt@example.net" to="${to}" type="get" id="q1"><query xmlns="urn:example:x"/></iq>`);
    test.server.sendFromGateway(iq('juliet@example.com/balcony'));
    assert.equal(only(juliet.take()).attrs.id, 'q1');
    assert.deepEqual(test.gateway, []);
    for (const to of ['juliet@example.com', 'juliet@example.com/x', 'example.com', 'example.org']) {
      test.server.sendFromGateway(iq(to));
      assert.equal(only(test.gateway.splice(0)).attrs.type, 'error');
    }
  });

  it('presence reaches available resources', () => {
    test.server.sendFromGateway(xml('<presence from="tybalt@example.net" to="juliet@example.com"/>'));
    assert.equal(only(juliet.take()).attrs.from, 'tybalt@example.net');
  });

  it('a subscription is refused for an account that exists, until there are subscriptions', async () => {
    test.server.sendFromGateway(
      xml('<presence from="tybalt@example.net" to="juliet@example.com" type="subscribe" id="s1"/>'),
    );
    await test.store.listAccounts();
    await test.server.settled();
    await new Promise(setImmediate);
    assert.equal(condition(only(test.gateway)), 'feature-not-implemented');
  });
});

describe('6120-10.1-1: order of the stanzas for one account', () => {
  /** A store that answers when it is told to. */
  class SlowStore extends MemoryStore {
    #gates: (() => void)[] = [];
    slow = false;

    override async account(bareJid: string) {
      await this.#gate();
      return super.account(bareJid);
    }

    override async loadOffline(bareJid: string): Promise<readonly OfflineMessage[]> {
      await this.#gate();
      return super.loadOffline(bareJid);
    }

    /** Lets everything through that waits, and whatever follows from it. */
    async open(): Promise<void> {
      this.slow = false;
      for (const gate of this.#gates.splice(0)) gate();
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }

    #gate(): Promise<void> {
      return this.slow ? new Promise((resolve) => this.#gates.push(resolve)) : Promise.resolve();
    }
  }

  function bodies(stanzas: readonly Element[]): string[] {
    return stanzas.filter((stanza) => stanza.name === 'message').map((message) => message.getChildText('body') ?? '');
  }

  let store: SlowStore;
  let test: TestServer;
  let romeo: TestClient;
  beforeEach(async () => {
    store = new SlowStore();
    test = new TestServer({ accounts: store, offline: store });
    romeo = await test.connect('romeo@example.com/garden', 0);
    await store.putAccount({ ...(await accountLike()), jid: 'juliet@example.com' });
  });

  async function accountLike() {
    const other = new TestServer();
    await other.addAccount('x@example.com');
    return (await other.store.account('x@example.com'))!;
  }

  it('what is stored when she was away comes before what is sent when she is back', async () => {
    store.slow = true;
    void romeo.says('<message to="juliet@example.com" type="chat"><body>1</body></message>');
    const juliet = await test.connect('juliet@example.com/balcony');
    void juliet.says('<presence/>');
    void romeo.says('<message to="juliet@example.com" type="chat"><body>2</body></message>');
    void romeo.says('<message to="juliet@example.com/balcony" type="chat"><body>3</body></message>');
    assert.deepEqual(bodies(juliet.received), []);
    await store.open();
    await test.server.settled();
    assert.deepEqual(bodies(juliet.take()), ['1', '2', '3']);
    assert.deepEqual(await store.loadOffline('juliet@example.com'), []);
    assert.deepEqual(romeo.take(), []);
  });

  it('messages from the gateway wait their turn with the others', async () => {
    store.slow = true;
    void romeo.says('<message to="juliet@example.com" type="chat"><body>1</body></message>');
    const second = test.server.deliverFromGateway(
      xml('<message from="tybalt@example.net" to="juliet@example.com" type="chat" id="m2"><body>2</body></message>'),
    );
    await store.open();
    assert.deepEqual(await second, { ok: true, value: undefined });
    const kept = await store.loadOffline('juliet@example.com');
    assert.deepEqual(bodies(kept.map((message) => xml(message.stanza))), ['1', '2']);
  });

  it('other accounts do not wait', async () => {
    const nurse = await test.connect('nurse@example.com/kitchen', 0);
    store.slow = true;
    void romeo.says('<message to="juliet@example.com" type="chat"><body>1</body></message>');
    void romeo.says('<message to="nurse@example.com" type="chat"><body>2</body></message>');
    assert.deepEqual(bodies(nurse.take()), ['2']);
    await store.open();
  });

  it('the queue for one account has a limit', async () => {
    test = new TestServer({ accounts: store, offline: store, limits: { waitingPerAccount: 1 } });
    romeo = await test.connect('romeo@example.com/garden', 0);
    store.slow = true;
    for (const n of [1, 2, 3])
      void romeo.says(`<message to="juliet@example.com" id="m${n}"><body>${n}</body></message>`);
    await new Promise(setImmediate);
    const error = only(romeo.take());
    assert.deepEqual([condition(error), error.attrs.id], ['resource-constraint', 'm3']);
    await store.open();
    await test.server.settled();
    assert.equal((await store.loadOffline('juliet@example.com')).length, 2);
  });
});

describe('XEP-0160 §2: offline messages beyond their limit', () => {
  for (const [what, limits] of [
    ['messages', { offlineMessages: 2 }],
    ['octets', { offlineOctets: 2_500 }],
  ] as const) {
    it(`too many ${what}: service-unavailable`, async () => {
      const test = new TestServer({ limits });
      const romeo = await test.connect('romeo@example.com/garden');
      await test.addAccount('juliet@example.com');
      for (const id of ['1', '2', '3']) {
        const body = 'x'.repeat(1_000);
        await romeo.says(`<message to="juliet@example.com" id="${id}"><body>${body}</body></message>`);
      }
      assert.deepEqual(
        romeo.received.map((stanza) => [stanza.attrs.id, condition(stanza)]),
        [['3', 'service-unavailable']],
      );
    });
  }
});

describe('XEP-0160: offline messages on their way', () => {
  let test: TestServer;
  let romeo: TestClient;
  beforeEach(async () => {
    test = new TestServer();
    await test.addAccount('juliet@example.com');
    romeo = await test.connect('romeo@example.com/garden', 0);
  });

  async function kept(): Promise<number> {
    return (await test.store.loadOffline('juliet@example.com')).length;
  }

  it('are forgotten only when they are written, and come again otherwise', async () => {
    await romeo.says('<message to="juliet@example.com" type="chat"><body>1</body></message>');
    const first = await test.connect('juliet@example.com/balcony');
    first.writes = false;
    await first.says('<presence/>');
    await new Promise(setImmediate);
    assert.equal(first.received.filter((stanza) => stanza.name === 'message').length, 1);
    assert.equal(await kept(), 1);
    for (const then of first.watchers) then(false);
    first.disconnect();
    await test.server.settled();
    const second = await test.connect('juliet@example.com/balcony');
    await second.says('<presence/>');
    await test.server.settled();
    assert.equal(second.received.filter((stanza) => stanza.name === 'message').length, 1);
    assert.equal(await kept(), 0);
  });

  it('are written in parts that a queue can take', async () => {
    const body = 'x'.repeat(20_000);
    for (let n = 0; n < 10; n++) await romeo.says(`<message to="juliet@example.com"><body>${body}</body></message>`);
    const juliet = await test.connect('juliet@example.com/balcony');
    juliet.writes = false;
    await juliet.says('<presence/>');
    await new Promise(setImmediate);
    assert.equal(juliet.take().filter((stanza) => stanza.name === 'message').length, 3);
    juliet.writes = true;
    for (const then of juliet.watchers.splice(0)) then(true);
    await test.server.settled();
    assert.equal(juliet.take().length, 7);
    assert.equal(await kept(), 0);
  });

  it('come when the priority stops being negative', async () => {
    await romeo.says('<message to="juliet@example.com"><body>1</body></message>');
    const juliet = await test.connect('juliet@example.com/balcony', -1);
    assert.equal(await kept(), 1);
    await juliet.says('<presence><priority>0</priority></presence>');
    await test.server.settled();
    assert.equal(await kept(), 0);
    assert.equal(juliet.take().filter((stanza) => stanza.name === 'message').length, 1);
  });

  it('a store that fails gives the message back, and its sender may try again', async () => {
    const store = new MemoryStore();
    store.account = () => Promise.reject(new Error('disk full'));
    test = new TestServer({ accounts: store });
    romeo = await test.connect('romeo@example.com/garden', 0);
    await romeo.says('<message to="juliet@example.com"><body>1</body></message>');
    const error = only(romeo.take());
    assert.equal(condition(error), 'internal-server-error');
    assert.equal(error.getChild('error')!.attrs.type, 'wait');
  });
});

describe('stanzas that were queued to a stream that ended', () => {
  let test: TestServer;
  let romeo: TestClient;
  let juliet: TestClient;
  beforeEach(async () => {
    test = new TestServer();
    await test.addAccount('juliet@example.com');
    romeo = await test.connect('romeo@example.com/garden', 0);
    juliet = await test.connect('juliet@example.com/balcony', 0);
  });

  it('messages go to another resource, or offline', async () => {
    const chat = xml(
      '<message from="romeo@example.com/garden" to="juliet@example.com" type="chat"><body>1</body></message>',
    );
    const chamber = await test.connect('juliet@example.com/chamber', 0);
    juliet.disconnect([chat]);
    assert.equal(chamber.take().filter((stanza) => stanza.name === 'message').length, 1);
    chamber.disconnect([chat]);
    await test.server.settled();
    assert.equal((await test.store.loadOffline('juliet@example.com')).length, 1);
  });

  it('messages to that very resource, and IQ requests, go back to their senders', async () => {
    juliet.disconnect([
      xml('<message from="romeo@example.com/garden" to="juliet@example.com/balcony" id="m1"><body>1</body></message>'),
      xml('<message from="tybalt@example.net" to="juliet@example.com/balcony" id="m2"><body>1</body></message>'),
      xml(
        '<iq from="romeo@example.com/garden" to="juliet@example.com/balcony" id="q1" type="get"><x xmlns="urn:example:x"/></iq>',
      ),
      xml('<iq from="romeo@example.com/garden" to="juliet@example.com/balcony" id="q2" type="result"/>'),
      xml('<presence from="romeo@example.com/garden" to="juliet@example.com"/>'),
    ]);
    await new Promise(setImmediate);
    assert.deepEqual(
      romeo
        .take()
        .map((stanza) => [condition(stanza), stanza.attrs.id])
        .sort(),
      [
        ['service-unavailable', 'm1'],
        ['service-unavailable', 'q1'],
      ],
    );
    assert.deepEqual([condition(only(test.gateway)), test.gateway[0]!.attrs.id], ['service-unavailable', 'm2']);
  });

  it('a resource whose queue takes nothing counts as gone', async () => {
    juliet.accepts = false;
    await romeo.says('<message to="juliet@example.com/balcony" type="chat"><body>1</body></message>');
    assert.equal((await test.store.loadOffline('juliet@example.com')).length, 1);
    assert.deepEqual(romeo.take(), []);
  });
});

describe('RFC 6120 §7.7.2.2: a resource that is in use', () => {
  async function scene(resourceConflict: 'ask' | 'generate' | 'replace' | 'refuse' | undefined) {
    const test = new TestServer({ limits: resourceConflict === undefined ? {} : { resourceConflict } });
    const old = await test.connect('romeo@example.com/garden', 0);
    const bind = () => test.server.bind(old.session.jid.bare, 'garden', old, undefined);
    return { test, old, bind };
  }

  it('ask, by default: another one beside a client that is alive', async () => {
    const { old, bind } = await scene(undefined);
    const session = await bind();
    assert.ok(session.ok);
    assert.match(session.value.full, /^romeo@example\.com\/garden\.[a-z0-9]{8}$/);
    assert.equal(old.endedWith, undefined);
  });

  it('ask: that of a client that no longer answers, whose stream ends', async () => {
    const { test, old, bind } = await scene('ask');
    old.alive = false;
    const session = await bind();
    assert.ok(session.ok);
    assert.equal(session.value.full, 'romeo@example.com/garden');
    assert.equal(old.endedWith?.condition, 'conflict');
    assert.equal(old.session.ended, true);
    old.disconnect();
    assert.deepEqual([...test.server.sessions()], [session.value]);
  });

  it('ask: two at a time do not get the same', async () => {
    const { old, bind } = await scene('ask');
    old.alive = false;
    const [first, second] = await Promise.all([bind(), bind()]);
    assert.ok(first.ok && second.ok);
    assert.notEqual(first.value.full, second.value.full);
  });

  it('generate: another one, without asking', async () => {
    const { old, bind } = await scene('generate');
    old.alive = false;
    const session = await bind();
    assert.ok(session.ok);
    assert.notEqual(session.value.full, 'romeo@example.com/garden');
  });

  it('replace: that one, and the old stream ends with conflict', async () => {
    const { old, bind } = await scene('replace');
    const session = await bind();
    assert.ok(session.ok);
    assert.equal(old.endedWith?.condition, 'conflict');
  });

  it('refuse: conflict', async () => {
    const { old, bind } = await scene('refuse');
    const session = await bind();
    assert.equal(session.ok ? 'ok' : session.error.condition, 'conflict');
    assert.equal(old.endedWith, undefined);
  });

  it('a resource too long for a suffix is replaced as a whole', async () => {
    const test = new TestServer({ limits: { resourceConflict: 'generate' } });
    const long = 'x'.repeat(1020);
    const old = await test.connect(`romeo@example.com/${long}`, 0);
    const session = await test.server.bind(old.session.jid.bare, long, old, undefined);
    assert.ok(session.ok);
    assert.ok(session.value.jid.resource!.length < 30);
  });

  it('6120-7.1-2, 6120-7.6.2-1: an account has a limit of resources', async () => {
    const test = new TestServer({ limits: { resourcesPerAccount: 2 } });
    const first = await test.connect('romeo@example.com/1');
    await test.connect('romeo@example.com/2');
    const third = await test.server.bind(first.session.jid.bare, undefined, first, undefined);
    assert.deepEqual(third.ok ? 'ok' : third.error, { condition: 'resource-constraint', type: 'wait' });
    await test.connect('juliet@example.com/1');
    first.disconnect();
    await test.connect('romeo@example.com/3');
  });
});
