import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Element } from 'ltx';
import { type TestClient, TestServer, xml } from '../support/im-server.js';
import { packagePath } from '../support/package-path.js';

interface MessageVector {
  readonly id: string;
  readonly condition: string;
  readonly to: string;
  readonly type: string;
  readonly recommended: Action;
}
interface ActionVector {
  readonly id: string;
  readonly condition: string;
  readonly to: string;
  readonly type: string;
  readonly action: string;
}
interface OfflineVector {
  readonly id: string;
  readonly case: string;
  readonly expect: string;
}
type Action = 'O' | 'E' | 'S' | 'D' | 'M' | 'A';

const vectors = JSON.parse(readFileSync(packagePath('test/conformance/vectors/rfc6121-delivery.json'), 'utf8')) as {
  message: MessageVector[];
  message_error: ActionVector[];
  presence: ActionVector[];
  iq: ActionVector[];
  privacy: { id: string; rule: string }[];
  offline: OfflineVector[];
  conflicts: { id: string; note: string }[];
};

/** The priorities of the resources that a condition asks for. */
const RESOURCES: Readonly<Record<string, Readonly<Record<string, number>> | undefined>> = {
  'ACCOUNT DOES NOT EXIST': undefined,
  'ACCOUNT EXISTS, BUT NO ACTIVE RESOURCES': {},
  '1+ NEGATIVE RESOURCES BUT ZERO NON-NEGATIVE RESOURCES': { shy: -1, shyer: -5 },
  '1 NON-NEGATIVE RESOURCE': { balcony: 0, shy: -1 },
  '1+ NON-NEGATIVE RESOURCES': { balcony: 5, chamber: 1, shy: -1 },
};

/** Juliet as the condition has her, and Romeo, who writes to her. */
class Scene {
  readonly test = new TestServer();
  readonly juliets = new Map<string, TestClient>();
  romeo!: TestClient;

  static async of(resources: Readonly<Record<string, number>> | undefined): Promise<Scene> {
    const scene = new Scene();
    await scene.test.addAccount('romeo@example.com');
    if (resources !== undefined) await scene.test.addAccount('juliet@example.com');
    for (const [resource, priority] of Object.entries(resources ?? {})) {
      scene.juliets.set(resource, await scene.test.connect(`juliet@example.com/${resource}`, priority));
    }
    scene.romeo = await scene.test.connect('romeo@example.com/garden', 0);
    for (const juliet of scene.juliets.values()) juliet.take();
    return scene;
  }

  /** Which of Juliet's resources got something since the last look. */
  reached(): string[] {
    return [...this.juliets].filter(([, juliet]) => juliet.take().length > 0).map(([resource]) => resource);
  }

  async kept(): Promise<number> {
    return (await this.test.store.loadOffline('juliet@example.com')).length;
  }

  errorsAtRomeo(): string[] {
    return this.romeo.take().map((stanza) => {
      assert.equal(stanza.attrs.type, 'error');
      return stanza.getChild('error')!.getChildElements()[0]!.getName();
    });
  }
}

/** The resource that `to` names in the rows about matching full JIDs. */
function target(to: string, resources: Readonly<Record<string, number>> | undefined): string {
  if (to === 'bare') return 'juliet@example.com';
  if (to === 'full match') return `juliet@example.com/${Object.keys(resources ?? {})[0]}`;
  return 'juliet@example.com/nowhere';
}

describe('RFC 6121 §8.5, Table 1: delivery of messages', () => {
  for (const vector of vectors.message) {
    it(`${vector.id}: ${vector.type} to ${vector.to}: ${vector.recommended}`, async () => {
      assert.ok(vector.condition in RESOURCES, vector.condition);
      const resources = RESOURCES[vector.condition];
      const scene = await Scene.of(resources);
      const to = target(vector.to, resources);
      await scene.romeo.says(`<message to="${to}" type="${vector.type}" id="m1"><body>Hi</body></message>`);

      const expected: Record<Action, { reached: string[]; kept: number; errors: string[] }> = {
        O: { reached: [], kept: 1, errors: [] },
        E: { reached: [], kept: 0, errors: ['service-unavailable'] },
        S: { reached: [], kept: 0, errors: [] },
        D: { reached: [vector.to === 'full match' ? to.split('/')[1]! : 'balcony'], kept: 0, errors: [] },
        M: { reached: ['balcony'], kept: 0, errors: [] },
        A: { reached: ['balcony', 'chamber'], kept: 0, errors: [] },
      };
      assert.deepEqual(
        { reached: scene.reached(), kept: await scene.kept(), errors: scene.errorsAtRomeo() },
        expected[vector.recommended],
      );
    });
  }

  it('M: all of the most available resources when several share the highest priority', async () => {
    const scene = await Scene.of({ balcony: 5, chamber: 5, orchard: 4 });
    await scene.romeo.says('<message to="juliet@example.com" type="chat"><body>Hi</body></message>');
    assert.deepEqual(scene.reached(), ['balcony', 'chamber']);
  });

  it('8.5.2: `to` is never rewritten', async () => {
    const scene = await Scene.of({ balcony: 0 });
    await scene.romeo.says('<message to="juliet@example.com" type="chat"><body>Hi</body></message>');
    const [message] = scene.juliets.get('balcony')!.take();
    assert.equal(message!.attrs.to, 'juliet@example.com');
    assert.equal(message!.attrs.from, 'romeo@example.com/garden');
  });
});

describe('RFC 6121 §8.5: messages of type error', () => {
  const cases: Readonly<Record<string, { resources: Record<string, number>; reached: string[] }>> = {
    '6121-d-err-1': { resources: { balcony: 0 }, reached: [] },
    '6121-d-err-2': { resources: {}, reached: [] },
    '6121-d-err-3': { resources: { balcony: 0 }, reached: ['balcony'] },
    '6121-d-err-4': { resources: { balcony: 0 }, reached: [] },
  };
  for (const vector of vectors.message_error) {
    it(`${vector.id}: ${vector.condition}, to ${vector.to}: ${vector.action}`, async () => {
      const { resources, reached } = cases[vector.id]!;
      const scene = await Scene.of(resources);
      const to = target(vector.to, resources);
      await scene.romeo.says(`<message to="${to}" type="error"><error type="cancel"/></message>`);
      assert.deepEqual(scene.reached(), reached);
      assert.deepEqual(scene.errorsAtRomeo(), []);
      assert.equal(await scene.kept(), 0);
    });
  }
});

describe('RFC 6121 §8.5: presence', () => {
  const SUBSCRIPTIONS = ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'];

  /** Everything that came back to Romeo. */
  function answers(scene: Scene): Element[] {
    return scene.romeo.take();
  }

  async function presence(scene: Scene, to: string, type: string | undefined, id = 'p1'): Promise<void> {
    await scene.romeo.says(`<presence to="${to}" id="${id}"${type === undefined ? '' : ` type="${type}"`}/>`);
  }

  const cases: Readonly<Record<string, () => Promise<void>>> = {
    '6121-d-pres-1': async () => {
      const scene = await Scene.of(undefined);
      for (const to of ['juliet@example.com', 'juliet@example.com/balcony']) {
        for (const type of [undefined, 'unavailable']) await presence(scene, to, type);
      }
      assert.deepEqual(answers(scene), []);
    },
    // From behind the gateway: what a local user asks for is refused before any account is looked at.
    '6121-d-pres-2': async () => {
      const { test } = await Scene.of(undefined);
      for (const type of SUBSCRIPTIONS) {
        test.server.sendFromGateway(
          xml(`<presence from="tybalt@example.net" to="juliet@example.com" type="${type}"/>`),
        );
      }
      await test.store.listAccounts();
      assert.deepEqual(test.gateway, []);
    },
    '6121-d-pres-3': async () => {
      const scene = await Scene.of(undefined);
      await presence(scene, 'juliet@example.com', 'probe', 'pr7');
      const [answer, ...more] = answers(scene);
      assert.deepEqual(answer!.attrs.type, 'unsubscribed');
      assert.deepEqual([answer!.attrs.from, answer!.attrs.id, more], ['juliet@example.com', 'pr7', []]);
    },
    '6121-d-pres-4': async () => {
      const scene = await Scene.of({ balcony: 0, shy: -1 });
      await scene.romeo.says('<presence to="juliet@example.com" id="p1"><show>dnd</show></presence>');
      for (const juliet of scene.juliets.values()) {
        const [stanza, ...more] = juliet.take();
        assert.deepEqual([stanza!.attrs.to, stanza!.attrs.from], ['juliet@example.com', 'romeo@example.com/garden']);
        assert.equal(stanza!.getChildText('show'), 'dnd');
        assert.deepEqual(more, []);
      }
    },
    '6121-d-pres-6': async () => {
      const scene = await Scene.of({ balcony: 0 });
      await presence(scene, 'juliet@example.com', 'probe', 'pr7');
      assert.deepEqual(scene.reached(), []);
      const [answer] = answers(scene);
      assert.deepEqual([answer!.attrs.type, answer!.attrs.id], ['unsubscribed', 'pr7']);
      // RFC 6121 §4.3.2: who has been shown presence gets it, complete and with its own id.
      await scene.juliets.get('balcony')!.says('<presence to="romeo@example.com" id="d1"/>');
      scene.romeo.take();
      await presence(scene, 'juliet@example.com', 'probe', 'pr8');
      const [shown, ...more] = answers(scene);
      assert.deepEqual([shown!.attrs.from, shown!.attrs.type, more], ['juliet@example.com/balcony', undefined, []]);
    },
    '6121-d-pres-7': async () => {
      const scene = await Scene.of({});
      for (const type of [undefined, 'unavailable']) await presence(scene, 'juliet@example.com', type);
      assert.deepEqual(answers(scene), []);
      assert.equal(await scene.kept(), 0);
    },
    '6121-d-pres-8': async () => {
      const scene = await Scene.of({ balcony: 0, chamber: 0 });
      for (const type of [undefined, 'unavailable']) {
        await presence(scene, 'juliet@example.com/chamber', type);
        assert.deepEqual(scene.reached(), ['chamber']);
      }
    },
    '6121-d-pres-10': async () => {
      const scene = await Scene.of({ balcony: 0 });
      for (const type of [undefined, 'unavailable']) await presence(scene, 'juliet@example.com/nowhere', type);
      assert.deepEqual(scene.reached(), []);
      assert.deepEqual(answers(scene), []);
    },
    '6121-d-pres-12': async () => {
      const { test, juliets } = await Scene.of({ balcony: 0 });
      for (const type of ['subscribed', 'unsubscribe', 'unsubscribed']) {
        test.server.sendFromGateway(
          xml(`<presence from="tybalt@example.net" to="juliet@example.com/nowhere" type="${type}"/>`),
        );
      }
      await test.store.listAccounts();
      assert.deepEqual(test.gateway, []);
      assert.deepEqual(juliets.get('balcony')!.take(), []);
    },
    '6121-d-pres-13': async () => {
      const scene = await Scene.of({ balcony: 0 });
      await presence(scene, 'juliet@example.com/nowhere', 'probe', 'pr7');
      const [answer] = answers(scene);
      assert.deepEqual([answer!.attrs.type, answer!.attrs.from], ['unsubscribed', 'juliet@example.com']);
    },
  };
  const pending: Readonly<Record<string, string>> = {
    '6121-d-pres-5': 'subscriptions come with rosters',
    '6121-d-pres-9': 'subscriptions come with rosters',
    '6121-d-pres-11': 'subscriptions come with rosters',
  };
  for (const vector of vectors.presence) {
    const title = `${vector.id}: ${vector.type}, ${vector.condition}, to ${vector.to}: ${vector.action}`;
    const reason = pending[vector.id];
    if (reason !== undefined) it(`${title} (pending: ${reason})`);
    else it(title, cases[vector.id]!);
  }

  for (const type of SUBSCRIPTIONS) {
    it(`answers ${type} between local users the same whether the account exists or not, until there are subscriptions`, async () => {
      const scene = await Scene.of({ balcony: 0 });
      for (const to of ['juliet@example.com', 'juliet@example.com/balcony', 'nobody@example.com']) {
        await presence(scene, to, type);
        assert.deepEqual(scene.errorsAtRomeo(), ['feature-not-implemented']);
      }
      assert.deepEqual(scene.reached(), []);
    });
  }
});

describe('RFC 6121 §8.5: IQ', () => {
  const request = (to: string, type = 'get') =>
    `<iq to="${to}" type="${type}" id="q1"><query xmlns="urn:example:x"/></iq>`;
  const cases: Readonly<Record<string, () => Promise<void>>> = {
    '6121-d-iq-1': async () => {
      const scene = await Scene.of(undefined);
      for (const to of ['juliet@example.com', 'juliet@example.com/balcony']) {
        for (const type of ['get', 'set']) {
          await scene.romeo.says(request(to, type));
          assert.deepEqual(scene.errorsAtRomeo(), ['service-unavailable']);
        }
      }
    },
    '6121-d-iq-2': async () => {
      const scene = await Scene.of({ balcony: 0 });
      await scene.romeo.says(request('juliet@example.com'));
      assert.deepEqual(scene.errorsAtRomeo(), ['service-unavailable']);
      await scene.romeo.says('<iq to="romeo@example.com" type="get" id="q2"><ping xmlns="urn:xmpp:ping"/></iq>');
      assert.deepEqual(
        scene.romeo.take().map((stanza) => [stanza.attrs.type, stanza.attrs.id, stanza.attrs.from]),
        [['result', 'q2', 'romeo@example.com']],
      );
      assert.deepEqual(scene.reached(), []);
    },
    '6121-d-iq-3': async () => {
      const scene = await Scene.of({});
      await scene.romeo.says(request('juliet@example.com'));
      assert.deepEqual(scene.errorsAtRomeo(), ['service-unavailable']);
    },
    '6121-d-iq-4': async () => {
      const scene = await Scene.of({ balcony: 0 });
      await scene.romeo.says(request('juliet@example.com/balcony'));
      assert.deepEqual(scene.reached(), []);
      assert.deepEqual(scene.errorsAtRomeo(), ['service-unavailable']);
      await scene.juliets.get('balcony')!.says('<presence to="romeo@example.com/garden"/>');
      scene.romeo.take();
      await scene.romeo.says(request('juliet@example.com/balcony'));
      assert.deepEqual(scene.reached(), ['balcony']);
      assert.deepEqual(scene.errorsAtRomeo(), []);
    },
    '6121-d-iq-5': async () => {
      const scene = await Scene.of({ balcony: 0 });
      for (const type of ['result', 'error']) {
        await scene.romeo.says(`<iq to="juliet@example.com/balcony" type="${type}" id="q1"/>`);
        assert.deepEqual(scene.reached(), ['balcony']);
      }
    },
    '6121-d-iq-6': async () => {
      const scene = await Scene.of({ balcony: 0 });
      for (const type of ['get', 'set']) {
        await scene.romeo.says(request('juliet@example.com/nowhere', type));
        assert.deepEqual(scene.errorsAtRomeo(), ['service-unavailable']);
      }
    },
    '6121-d-iq-7': async () => {
      const scene = await Scene.of({ balcony: 0 });
      for (const type of ['result', 'error'])
        await scene.romeo.says(`<iq to="juliet@example.com" type="${type}" id="q1"/>`);
      assert.deepEqual(scene.reached(), []);
      assert.deepEqual(scene.errorsAtRomeo(), []);
    },
    '6121-d-iq-8': async () => {
      const scene = await Scene.of({ balcony: 0 });
      for (const type of ['result', 'error']) {
        await scene.romeo.says(`<iq to="juliet@example.com/nowhere" type="${type}" id="q1"/>`);
      }
      assert.deepEqual(scene.reached(), []);
      assert.deepEqual(scene.errorsAtRomeo(), []);
    },
  };
  for (const vector of vectors.iq) {
    it(`${vector.id}: ${vector.type}, ${vector.condition}, to ${vector.to}: ${vector.action}`, cases[vector.id]!);
  }
});

describe('RFC 6121 §8.1: privacy', () => {
  for (const vector of vectors.privacy) it(`${vector.id}: ${vector.rule} (pending: needs rosters)`);
});

describe('XEP-0160: what is kept offline', () => {
  const BODY = '<body>Hi</body>';
  const MARKER = '<displayed xmlns="urn:xmpp:chat-markers:0" id="m0"/>';
  const STATE = '<composing xmlns="http://jabber.org/protocol/chatstates"/>';
  const hint = (name: string) => `<${name} xmlns="urn:xmpp:hints"/>`;

  /** How many of these messages are kept for Juliet, who is not there. */
  async function kept(...messages: readonly (readonly [type: string, content: string])[]): Promise<number> {
    const scene = await Scene.of({});
    for (const [type, content] of messages) {
      await scene.romeo.says(`<message to="juliet@example.com" type="${type}">${content}</message>`);
    }
    return scene.kept();
  }

  /** Two messages are kept; Juliet comes with `priority`: what she gets, and what is still kept. */
  async function flushed(priority: number): Promise<{ got: Element[]; left: number }> {
    const scene = await Scene.of({});
    for (const n of [1, 2]) {
      await scene.romeo.says(`<message to="juliet@example.com" type="chat" id="m${n}"><body>${n}</body></message>`);
      scene.test.clock.advance(1_000);
    }
    const juliet = await scene.test.connect('juliet@example.com/balcony');
    await juliet.says(`<presence><priority>${priority}</priority></presence>`);
    await scene.test.server.settled();
    return { got: juliet.take().filter((stanza) => stanza.name === 'message'), left: await scene.kept() };
  }

  const cases: Readonly<Record<string, () => Promise<void>>> = {
    '0160-1': async () => assert.equal(await kept(['normal', BODY]), 1),
    '0160-2': async () => assert.equal(await kept(['normal', MARKER]), 0),
    '0160-3': async () => assert.equal(await kept(['chat', BODY]), 1),
    '0160-4': async () => assert.equal(await kept(['chat', STATE]), 0),
    '0160-5': async () => assert.equal(await kept(['groupchat', BODY]), 0),
    '0160-6': async () => assert.equal(await kept(['headline', BODY]), 0),
    '0160-7': async () => assert.equal(await kept(['error', BODY]), 0),
    '0160-8': async () => {
      assert.equal(await kept(['chat', BODY + hint('no-store')], ['normal', BODY + hint('no-store')]), 0);
    },
    '0160-9': async () =>
      assert.equal(await kept(['chat', STATE + hint('store')], ['normal', MARKER + hint('store')]), 2),
    '0160-10': async () => assert.deepEqual(await flushed(-1), { got: [], left: 2 }),
    '0160-11': async () => {
      const { got, left } = await flushed(0);
      assert.equal(left, 0);
      assert.deepEqual(
        got.map((message) => {
          const delay = message.getChild('delay', 'urn:xmpp:delay')!;
          return [message.attrs.id, message.getChildText('body'), delay.attrs.from, delay.attrs.stamp];
        }),
        [
          ['m1', '1', 'example.com', '2026-01-01T12:00:00Z'],
          ['m2', '2', 'example.com', '2026-01-01T12:00:01Z'],
        ],
      );
    },
    '0160-12': async () => {
      const test = new TestServer({ limits: { offlineMessages: 1 } });
      await test.addAccount('juliet@example.com');
      const romeo = await test.connect('romeo@example.com/garden', 0);
      for (const n of [1, 2])
        await romeo.says(`<message to="juliet@example.com" id="m${n}"><body>${n}</body></message>`);
      const [error, ...more] = romeo.take();
      assert.deepEqual([error!.attrs.id, error!.attrs.type, more], ['m2', 'error', []]);
      assert.ok(error!.getChild('error')!.getChild('service-unavailable'));
      assert.equal((await test.store.loadOffline('juliet@example.com')).length, 1);
    },
  };
  const pending: Readonly<Record<string, string>> = { '0160-13': 'bind2 (XEP-0386) is not offered yet' };
  for (const vector of vectors.offline) {
    const title = `${vector.id}: ${vector.case}: ${vector.expect}`;
    const reason = pending[vector.id];
    if (reason !== undefined) it(`${title} (pending: ${reason})`);
    else it(title, cases[vector.id]!);
  }
});

describe('RFC 6121 §8: where its sections disagree', () => {
  const cases: Readonly<Record<string, () => Promise<void>>> = {
    '6121-d-c1': async () => {
      const scene = await Scene.of({ balcony: 0, chamber: 5 });
      await scene.romeo.says('<message to="juliet@example.com/balcony" type="chat"><body>Hi</body></message>');
      assert.deepEqual(scene.reached(), ['balcony']);
    },
    '6121-d-c2': async () => {
      const scene = await Scene.of(undefined);
      await scene.romeo.says('<message to="juliet@example.com" type="groupchat"><body>Hi</body></message>');
      assert.deepEqual(scene.errorsAtRomeo(), ['service-unavailable']);
      await scene.romeo.says('<message to="juliet@example.com" type="headline"><body>Hi</body></message>');
      assert.deepEqual(scene.errorsAtRomeo(), []);
    },
  };
  const pending: Readonly<Record<string, string>> = { '6121-d-c3': 'subscriptions come with rosters' };
  for (const { id, note } of vectors.conflicts) {
    const reason = pending[id];
    if (reason !== undefined) it(`${id}: ${note} (pending: ${reason})`);
    else it(`${id}: ${note}`, cases[id]!);
  }
});
