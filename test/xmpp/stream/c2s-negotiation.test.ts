import assert from 'node:assert/strict';
import { type Element, parse } from 'ltx';
import { err, ok, type Result } from '../../../src/base/result.js';
import { Jid } from '../../../src/xmpp/address/jid.js';
import type { Account } from '../../../src/xmpp/server/account-store.js';
import { makeAccount } from '../../../src/xmpp/server/accounts.js';
import { stanzaError } from '../../../src/xmpp/stanza/error-type.js';
import type { StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import {
  type C2sEffect,
  C2sNegotiation,
  type C2sNegotiationOptions,
} from '../../../src/xmpp/stream/c2s-negotiation.js';
import type { ChannelBindings } from '../../../src/xmpp/stream/channel-binding.js';
import { ScramClient, type ScramHash, saltedPassword } from '../../../src/xmpp/stream/scram.js';
import { SeededRandom } from '../../support/seeded-random.js';

const HEADER = {
  xmlns: 'jabber:client',
  'xmlns:stream': 'http://etherx.jabber.org/streams',
  to: 'example.com',
  version: '1.0',
} as const;
const BINDINGS: ChannelBindings = new Map([
  ['tls-exporter', Buffer.from('exported')],
  ['tls-server-end-point', Buffer.from('hashed')],
]);
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const STREAMS = 'urn:ietf:params:xml:ns:xmpp-streams';

let juliet: Account;
before(async () => {
  const jid = Jid.parse('juliet@example.com');
  assert.ok(jid.ok);
  const account = await makeAccount(jid.value, 'r0m30myr0m30', new SeededRandom(7), 4096);
  assert.ok(account.ok);
  juliet = account.value;
});

/** A client's conversation with the machine; its effects are carried out in memory. */
class Conversation {
  readonly machine: C2sNegotiation;
  /** Elements, opening tags (as childless `stream:stream`) and closing tags that the client has got and not looked at. */
  #inbox: string[] = [];
  readonly effects: C2sEffect[] = [];
  bind: (bareJid: Jid, resource: string | undefined) => Result<Jid, StanzaError> = (bareJid, resource) => {
    const jid = bareJid.withResource(resource ?? 'generated');
    assert.ok(jid.ok);
    return ok(jid.value);
  };
  lookUp: (bareJid: string) => Account | undefined | 'failed' = (bareJid) =>
    bareJid === juliet.jid ? juliet : undefined;
  #random = new SeededRandom(3);

  constructor(options: Partial<C2sNegotiationOptions> = {}) {
    this.machine = new C2sNegotiation({
      domains: ['example.com', 'example.org'],
      tls: 'required',
      decoySecret: new Uint8Array(32).fill(9),
      iterations: 4096,
      random: this.#random,
      ...options,
    });
  }

  async header(attributes: Record<string, string | undefined> = {}): Promise<void> {
    const all = Object.entries({ ...HEADER, ...attributes }).filter(([, value]) => value !== undefined);
    const text = `<stream:stream ${all.map(([name, value]) => `${name}="${value}"`).join(' ')}/>`;
    await this.run(this.machine.header(parse(text) as Element));
  }

  async says(text: string): Promise<void> {
    const element = parse(text) as Element;
    element.attrs.xmlns ??= 'jabber:client';
    await this.run(this.machine.element(element));
  }

  async run(effects: readonly C2sEffect[]): Promise<void> {
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.kind === 'write') this.#inbox.push(...pieces(effect.text));
      if (effect.kind === 'look-up') {
        const found = this.lookUp(effect.bareJid);
        await this.run(found === 'failed' ? this.machine.lookUpFailed() : this.machine.accountFound(found));
      }
      if (effect.kind === 'salt-password') {
        const salted = await saltedPassword(effect.hash, effect.password, effect.salt, effect.iterations);
        await this.run(this.machine.passwordSalted(salted));
      }
      if (effect.kind === 'bind') await this.run(this.machine.bound(this.bind(effect.bareJid, effect.resource)));
    }
  }

  /** What the client got since the last look. */
  got(): string[] {
    return this.#inbox.splice(0);
  }

  gotElement(): Element {
    const [text, ...more] = this.got();
    assert.deepEqual(more, []);
    return parse(text!) as Element;
  }

  kinds(): string[] {
    return this.effects.map((effect) => effect.kind);
  }

  /** Up to the features of an encrypted stream. */
  async secure(bindings: ChannelBindings = BINDINGS): Promise<Element> {
    await this.header();
    this.got();
    await this.says(`<starttls xmlns="${TLS}"/>`);
    this.got();
    await this.run(this.machine.tlsEstablished(bindings));
    await this.header();
    return parse(this.got()[1]!) as Element;
  }

  /** Up to a bound resource, or as far as the server lets it. */
  async authenticate(
    password = 'r0m30myr0m30',
    { hash = 'SHA-256', username = 'juliet', type }: { hash?: ScramHash; username?: string; type?: string } = {},
  ): Promise<Element> {
    const client = new ScramClient({
      hash,
      username,
      password,
      nonce: 'clientnonce',
      ...(type !== undefined && { binding: { type, data: BINDINGS.get(type)! } }),
    });
    await this.says(auth(`SCRAM-${hash}${type === undefined ? '' : '-PLUS'}`, client.first()));
    const challenge = this.gotElement();
    if (challenge.name !== 'challenge') return challenge;
    const final = await client.final(unbase64(challenge.getText()));
    assert.ok(final.ok);
    await this.says(`<response xmlns="${SASL}">${base64(final.value)}</response>`);
    const outcome = parse(this.got()[0]!) as Element;
    if (outcome.name === 'success') assert.ok(client.verify(unbase64(outcome.getText())));
    return outcome;
  }
}

/** The elements and tags of a text that the server wrote. */
function pieces(text: string): string[] {
  let rest = text.replace(/^<\?xml version='1.0'\?>/, '');
  const found: string[] = [];
  if (rest.startsWith('<stream:stream ')) {
    const end = rest.indexOf('>');
    found.push(`${rest.slice(0, end)}/>`);
    rest = rest.slice(end + 1);
  }
  const closed = rest.endsWith('</stream:stream>');
  if (closed) rest = rest.slice(0, -'</stream:stream>'.length);
  if (rest !== '') found.push(rest);
  if (closed) found.push('</stream:stream>');
  return found;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function unbase64(text: string): string {
  return Buffer.from(text, 'base64').toString();
}

function auth(mechanism: string, initial?: string): string {
  const content = initial === undefined ? '' : initial === '' ? '=' : base64(initial);
  return `<auth xmlns="${SASL}" mechanism="${mechanism}">${content}</auth>`;
}

function plain(username: string, password: string, authzid = ''): string {
  return auth('PLAIN', `${authzid}\0${username}\0${password}`);
}

function failure(element: Element): string {
  assert.equal(element.name, 'failure');
  assert.equal(element.getNS(), SASL);
  return element.getChildElements()[0]!.getName();
}

function mechanisms(features: Element): string[] {
  return (features.getChild('mechanisms', SASL)?.getChildren('mechanism') ?? []).map((mechanism) =>
    mechanism.getText(),
  );
}

/** The condition of a stream error that was the last thing written, with the stream closed and the connection given up. */
function streamError(conversation: Conversation, got = conversation.got()): string {
  const error = parse(got.at(-2)!) as Element;
  assert.equal(error.name, 'stream:error');
  assert.equal(got.at(-1), '</stream:stream>');
  assert.equal(conversation.kinds().at(-1), 'close');
  assert.equal(conversation.machine.closed, true);
  const condition = error.getChildElements()[0]!;
  assert.equal(condition.getNS(), STREAMS);
  return condition.getName();
}

describe('RFC 6120 §4: the stream header', () => {
  it('6120-4.2-1, 6120-4.7.3-1: is answered with a header of its own, its id new for each stream', async () => {
    const ids = new Set<string>();
    const conversation = new Conversation();
    await conversation.header({ from: 'juliet@example.com' });
    const [opening] = conversation.got();
    const header = parse(opening!) as Element;
    ids.add(header.attrs.id);
    assert.deepEqual(
      [header.attrs.from, header.attrs.to, header.attrs.version, header.attrs.xmlns],
      ['example.com', 'juliet@example.com', '1.0', 'jabber:client'],
    );
    await conversation.says(`<starttls xmlns="${TLS}"/>`);
    conversation.got();
    await conversation.run(conversation.machine.tlsEstablished(BINDINGS));
    await conversation.header();
    const again = parse(conversation.got()[0]!) as Element;
    ids.add(again.attrs.id);
    assert.equal(again.attrs.to, undefined);
    assert.equal(ids.size, 2);
    for (const id of ids) assert.ok(id.length >= 20, id);
  });

  for (const [what, attributes, condition, from] of [
    ['an unknown host', { to: 'example.net' }, 'host-unknown', 'example.com'],
    ['no host', { to: undefined }, 'host-unknown', 'example.com'],
    ['a host that is no domain', { to: 'a@example.com' }, 'host-unknown', 'example.com'],
    ['version 11.0', { version: '11.0' }, 'unsupported-version', 'example.com'],
    ['version 0.9', { version: '0.9' }, 'unsupported-version', 'example.com'],
    ['no version', { version: undefined }, 'unsupported-version', 'example.com'],
    ['a version that is none', { version: 'one' }, 'unsupported-version', 'example.com'],
    ['another stream namespace', { 'xmlns:stream': 'http://wrong.example' }, 'invalid-namespace', 'example.com'],
    ['another content namespace', { xmlns: 'jabber:server' }, 'invalid-namespace', 'example.com'],
    ['a sender of another domain', { from: 'juliet@example.org' }, 'invalid-from', 'example.com'],
    ['a sender that is no JID', { from: 'juliet@@' }, 'invalid-from', 'example.com'],
    [
      'a sender of another domain at the second host',
      { to: 'example.org', from: 'a@b' },
      'invalid-from',
      'example.org',
    ],
  ] as const) {
    it(`with ${what}: its own header, then ${condition}, then the end`, async () => {
      const conversation = new Conversation();
      await conversation.header(attributes);
      const got = conversation.got();
      const opening = parse(got[0]!) as Element;
      assert.equal(opening.name, 'stream:stream');
      assert.deepEqual([opening.attrs.from, opening.attrs.version], [from, '1.0']);
      assert.equal(got.length, 3);
      assert.equal(streamError(conversation, got), condition);
    });
  }

  for (const [what, attributes] of [
    ['a minor version of the future', { version: '1.7' }],
    ['capitals and the root in the host', { to: 'EXAMPLE.com.' }],
    ['a full JID as sender', { from: 'Juliet@example.com/balcony' }],
  ] as const) {
    it(`leg-9: takes ${what}`, async () => {
      const conversation = new Conversation();
      await conversation.header(attributes);
      assert.match(conversation.got()[1]!, /^<stream:features>/);
    });
  }

  it('6120-4.4-1: the end of the stream is answered with its end', async () => {
    const conversation = new Conversation();
    await conversation.header();
    conversation.got();
    await conversation.run(conversation.machine.streamEnd());
    assert.deepEqual(conversation.got(), ['</stream:stream>']);
    assert.equal(conversation.kinds().at(-1), 'close');
    assert.deepEqual(conversation.machine.streamEnd(), []);
    assert.deepEqual(conversation.machine.fail({ condition: 'reset' }), []);
  });

  it('4.9.1.2: an error before any header is sent in a stream of our own', async () => {
    const conversation = new Conversation();
    await conversation.run(conversation.machine.fail({ condition: 'not-well-formed' }));
    const got = conversation.got();
    assert.match(got[0]!, /^<stream:stream /);
    assert.equal(streamError(conversation, got), 'not-well-formed');
  });

  it('ends a stream that negotiates too long, and no other', async () => {
    const conversation = new Conversation();
    await conversation.header();
    await conversation.run(conversation.machine.timeout());
    assert.equal(streamError(conversation), 'policy-violation');
  });
});

describe('RFC 6120 §5: STARTTLS', () => {
  it('6120-5.3-2, 6120-4.3.2-3: is required, and nothing else is offered before', async () => {
    const conversation = new Conversation();
    await conversation.header();
    const features = parse(conversation.got()[1]!) as Element;
    assert.deepEqual(
      features.getChildElements().map((child) => child.getName()),
      ['starttls'],
    );
    assert.ok(features.getChild('starttls', TLS)!.getChild('required'));
  });

  it('6120-5.3-1: <proceed/>, then TLS, then a new stream', async () => {
    const conversation = new Conversation();
    await conversation.header();
    conversation.got();
    await conversation.says(`<starttls xmlns="${TLS}"/>`);
    assert.deepEqual(conversation.got(), [`<proceed xmlns="${TLS}"/>`]);
    assert.equal(conversation.kinds().at(-1), 'start-tls');
    await conversation.run(conversation.machine.tlsEstablished(BINDINGS));
    assert.deepEqual(conversation.effects.at(-1), { kind: 'restart', authenticated: false });
  });

  it('6120-5.3-3: is not offered again, and refused if asked for again', async () => {
    const conversation = new Conversation();
    const features = await conversation.secure();
    assert.equal(features.getChild('starttls'), undefined);
    await conversation.says(`<starttls xmlns="${TLS}"/>`);
    assert.deepEqual(conversation.got(), [`<failure xmlns="${TLS}"/>`, '</stream:stream>']);
    assert.equal(conversation.machine.closed, true);
  });

  it('7590-3.1-1: is refused when there is no certificate', async () => {
    const conversation = new Conversation({ tls: 'unavailable' });
    await conversation.header();
    assert.equal((parse(conversation.got()[1]!) as Element).getChild('starttls'), undefined);
    await conversation.says(`<starttls xmlns="${TLS}"/>`);
    assert.deepEqual(conversation.got(), [`<failure xmlns="${TLS}"/>`, '</stream:stream>']);
  });

  it('S3: an element in clear after <starttls/> ends the connection without a word', async () => {
    const conversation = new Conversation();
    await conversation.header();
    await conversation.says(`<starttls xmlns="${TLS}"/>`);
    conversation.got();
    await conversation.says(plain('juliet', 'r0m30myr0m30'));
    assert.deepEqual(conversation.got(), []);
    assert.equal(conversation.kinds().at(-1), 'close');
    await conversation.run(conversation.machine.tlsEstablished(BINDINGS));
    assert.equal(conversation.machine.closed, true);
  });

  it('direct TLS begins with the mechanisms', async () => {
    const conversation = new Conversation({ tls: 'direct', bindings: BINDINGS });
    await conversation.header();
    const features = parse(conversation.got()[1]!) as Element;
    assert.equal(features.getChild('starttls'), undefined);
    assert.equal(mechanisms(features)[0], 'SCRAM-SHA-256-PLUS');
  });

  it('when optional, leaves SCRAM without channel binding and no PLAIN in clear', async () => {
    const conversation = new Conversation({ tls: 'optional' });
    await conversation.header();
    const features = parse(conversation.got()[1]!) as Element;
    assert.equal(features.getChild('starttls', TLS)!.getChild('required'), undefined);
    assert.deepEqual(mechanisms(features), ['SCRAM-SHA-256', 'SCRAM-SHA-1']);
    assert.equal((await conversation.authenticate()).name, 'success');
  });
});

describe('RFC 6120 §6: SASL', () => {
  it('0440-1, 0440-2, 6120-13.8-2: offers the strongest first, PLAIN last, and the channel binding types', async () => {
    const features = await new Conversation().secure();
    assert.deepEqual(mechanisms(features), [
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
      'PLAIN',
    ]);
    const types = features.getChild('sasl-channel-binding', 'urn:xmpp:sasl-cb:0')!.getChildren('channel-binding');
    assert.deepEqual(
      types.map((type) => type.attrs.type),
      ['tls-exporter', 'tls-server-end-point'],
    );
  });

  it('S6: offers no -PLUS without channel binding data, and no PLAIN when it is switched off', async () => {
    const features = await new Conversation({ plain: false }).secure(new Map());
    assert.deepEqual(mechanisms(features), ['SCRAM-SHA-256', 'SCRAM-SHA-1']);
    assert.equal(features.getChild('sasl-channel-binding'), undefined);
  });

  for (const hash of ['SHA-1', 'SHA-256'] as const) {
    for (const type of [undefined, 'tls-exporter', 'tls-server-end-point']) {
      it(`SCRAM-${hash}${type === undefined ? '' : `-PLUS with ${type}`}: success carries the server's proof`, async () => {
        const conversation = new Conversation();
        await conversation.secure();
        const outcome = await conversation.authenticate(undefined, { hash, ...(type !== undefined && { type }) });
        assert.equal(outcome.name, 'success');
        assert.deepEqual(conversation.effects.at(-1), { kind: 'restart', authenticated: true });
      });
    }
  }

  it('PLAIN: success has no content', async () => {
    const conversation = new Conversation();
    await conversation.secure();
    await conversation.says(plain('juliet', 'r0m30myr0m30', 'juliet@example.com'));
    assert.deepEqual(conversation.got(), [`<success xmlns="${SASL}"/>`]);
  });

  it('an initial response may come later (§6.4.2)', async () => {
    const conversation = new Conversation();
    await conversation.secure();
    await conversation.says(auth('PLAIN'));
    assert.deepEqual(conversation.got(), [`<challenge xmlns="${SASL}"/>`]);
    await conversation.says(`<response xmlns="${SASL}">${base64('\0juliet\0r0m30myr0m30')}</response>`);
    assert.deepEqual(conversation.got(), [`<success xmlns="${SASL}"/>`]);
  });

  it('names are prepared: capitals and full-width letters are the same user', async () => {
    const conversation = new Conversation();
    await conversation.secure();
    assert.equal((await conversation.authenticate(undefined, { username: 'JULIET' })).name, 'success');
  });

  for (const [what, text, condition] of [
    ['a wrong password', plain('juliet', 'wrong'), 'not-authorized'],
    ['a user who does not exist', plain('nobody', 'r0m30myr0m30'), 'not-authorized'],
    ['a user name that no JID can have', plain('ju@liet', 'r0m30myr0m30'), 'not-authorized'],
    ['a password that SASLprep forbids', plain('juliet', '\u0007'), 'not-authorized'],
    ["somebody else's authorization identity", plain('juliet', 'r0m30myr0m30', 'romeo@example.com'), 'invalid-authzid'],
    ['an authorization identity that is no JID', plain('juliet', 'r0m30myr0m30', '@'), 'invalid-authzid'],
    ['a PLAIN message with too few parts', auth('PLAIN', 'juliet'), 'malformed-request'],
    ['a PLAIN message with too many parts', auth('PLAIN', '\0juliet\0a\0b'), 'malformed-request'],
    ['an empty PLAIN message', auth('PLAIN', ''), 'malformed-request'],
    ['an unknown mechanism', auth('DIGEST-MD5'), 'invalid-mechanism'],
    ['no mechanism', `<auth xmlns="${SASL}"/>`, 'invalid-mechanism'],
    ['bad base64', `<auth xmlns="${SASL}" mechanism="PLAIN">a=b</auth>`, 'incorrect-encoding'],
    ['base64 in lines', `<auth xmlns="${SASL}" mechanism="PLAIN">AGp1\nbGll\n</auth>`, 'incorrect-encoding'],
    ['octets that are no UTF-8', `<auth xmlns="${SASL}" mechanism="PLAIN">AP/+AGE=</auth>`, 'malformed-request'],
    ['an element inside', `<auth xmlns="${SASL}" mechanism="PLAIN"><x/></auth>`, 'malformed-request'],
    ['a response to nothing', `<response xmlns="${SASL}"/>`, 'malformed-request'],
    ['an abort', `<abort xmlns="${SASL}"/>`, 'aborted'],
    ['an element that SASL does not have', `<please xmlns="${SASL}"/>`, 'malformed-request'],
    ['a SCRAM downgrade (gs2 flag y)', auth('SCRAM-SHA-256', 'y,,n=juliet,r=abc'), 'not-authorized'],
    ['an unadvertised binding type', auth('SCRAM-SHA-1-PLUS', 'p=tls-unique,,n=juliet,r=abc'), 'not-authorized'],
    ['a broken SCRAM message', auth('SCRAM-SHA-1', 'n,,n=juliet'), 'malformed-request'],
    ["somebody else's SCRAM identity", auth('SCRAM-SHA-1', 'n,a=romeo@example.com,n=juliet,r=abc'), 'invalid-authzid'],
  ] as const) {
    it(`${what}: ${condition}, and another try is allowed`, async () => {
      const conversation = new Conversation();
      await conversation.secure();
      await conversation.says(text);
      assert.equal(failure(conversation.gotElement()), condition);
      assert.equal((await conversation.authenticate()).name, 'success');
    });
  }

  for (const [what, text] of [
    ['an abort', `<abort xmlns="${SASL}"/>`],
    ['another <auth/>', plain('juliet', 'r0m30myr0m30')],
    ['no proof', `<response xmlns="${SASL}">${base64('c=biws')}</response>`],
    ['nothing', `<response xmlns="${SASL}"/>`],
    ['bad base64', `<response xmlns="${SASL}">?</response>`],
  ] as const) {
    it(`${what} in answer to a SCRAM challenge ends the exchange, not the stream`, async () => {
      const conversation = new Conversation();
      await conversation.secure();
      await conversation.says(auth('SCRAM-SHA-256', 'n,,n=juliet,r=abc'));
      assert.equal(conversation.gotElement().name, 'challenge');
      await conversation.says(text);
      assert.equal(conversation.gotElement().name, 'failure');
      assert.equal((await conversation.authenticate()).name, 'success');
    });
  }

  it('a wrong SCRAM password is not-authorized', async () => {
    const conversation = new Conversation();
    await conversation.secure();
    assert.equal(failure(await conversation.authenticate('wrong')), 'not-authorized');
  });

  it('accounts that cannot be read are a temporary failure', async () => {
    const conversation = new Conversation();
    conversation.lookUp = () => 'failed';
    await conversation.secure();
    await conversation.says(plain('juliet', 'r0m30myr0m30'));
    assert.equal(failure(conversation.gotElement()), 'temporary-auth-failure');
  });

  it('6120-6.3-1: before TLS, mechanisms that come after it are encryption-required', async () => {
    const conversation = new Conversation();
    await conversation.header();
    conversation.got();
    for (const text of [plain('juliet', 'r0m30myr0m30'), auth('SCRAM-SHA-256', 'n,,n=juliet,r=abc')]) {
      await conversation.says(text);
      assert.equal(failure(conversation.gotElement()), 'encryption-required');
    }
    assert.ok(!conversation.kinds().includes('look-up'));
  });

  it('PLAIN in clear is refused also where TLS is optional', async () => {
    const conversation = new Conversation({ tls: 'optional' });
    await conversation.header();
    conversation.got();
    await conversation.says(plain('juliet', 'r0m30myr0m30'));
    assert.equal(failure(conversation.gotElement()), 'encryption-required');
  });

  it('6120-6.4-3: the fifth failure closes the stream with policy-violation', async () => {
    const conversation = new Conversation();
    await conversation.secure();
    for (let tries = 1; tries < 5; tries++) {
      await conversation.says(plain('juliet', `wrong ${tries}`));
      assert.equal(failure(conversation.gotElement()), 'not-authorized');
    }
    await conversation.says(plain('juliet', 'wrong 5'));
    const got = conversation.got();
    assert.equal(failure(parse(got[0]!) as Element), 'not-authorized');
    assert.equal(streamError(conversation, got), 'policy-violation');
  });

  it('users who do not exist get challenges that look real and stay the same', async () => {
    async function challenge(username: string, hash: ScramHash): Promise<{ salt: string; iterations: string }> {
      const conversation = new Conversation();
      await conversation.secure();
      await conversation.says(auth(`SCRAM-${hash}`, `n,,n=${username},r=abc`));
      const [, salt, iterations] = unbase64(conversation.gotElement().getText()).split(',');
      return { salt: salt!, iterations: iterations! };
    }
    const real = await challenge('juliet', 'SHA-256');
    const made = await challenge('nobody', 'SHA-256');
    assert.equal(made.salt.length, real.salt.length);
    assert.equal(made.iterations, real.iterations);
    assert.deepEqual(await challenge('nobody', 'SHA-256'), made);
    assert.notEqual((await challenge('somebody', 'SHA-256')).salt, made.salt);
    assert.notEqual((await challenge('nobody', 'SHA-1')).salt, made.salt);
  });

  it('a user who does not exist costs PLAIN the same computation', async () => {
    for (const username of ['juliet', 'nobody']) {
      const conversation = new Conversation();
      await conversation.secure();
      await conversation.says(plain(username, 'wrong'));
      const salting = conversation.effects.filter((effect) => effect.kind === 'salt-password');
      assert.deepEqual(
        salting.map((effect) => [effect.hash, effect.salt.length, effect.iterations]),
        [['SHA-256', 16, 4096]],
      );
    }
  });

  for (const [what, text, condition] of [
    ['a message', '<message to="romeo@example.com"><body>Hi</body></message>', 'not-authorized'],
    ['presence', '<presence/>', 'not-authorized'],
    ['an IQ', '<iq type="get" id="1"><query xmlns="jabber:iq:roster"/></iq>', 'not-authorized'],
    [
      'a resource binding',
      '<iq type="set" id="1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>',
      'not-authorized',
    ],
    ['an element that nobody knows', '<pubsub/>', 'unsupported-stanza-type'],
    ['a message of another namespace', '<message xmlns="urn:example:x"/>', 'unsupported-stanza-type'],
  ] as const) {
    it(`6120-4.3.5-2: ${what} before authentication ends the stream with ${condition}`, async () => {
      const conversation = new Conversation();
      await conversation.secure();
      await conversation.says(text);
      assert.equal(streamError(conversation), condition);
    });
  }
});

describe('RFC 6120 §7: resource binding', () => {
  const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
  const bind = (resource?: string) =>
    `<iq type="set" id="b1"><bind xmlns="${BIND}">${resource === undefined ? '' : `<resource>${resource}</resource>`}</bind></iq>`;

  async function authenticated(header: Record<string, string | undefined> = {}): Promise<Conversation> {
    const conversation = new Conversation();
    await conversation.secure();
    await conversation.authenticate();
    await conversation.header(header);
    return conversation;
  }

  it('6120-7.4-1: is what an authenticated stream offers, beside the session of older clients', async () => {
    const conversation = await authenticated({ from: 'juliet@example.com' });
    const features = parse(conversation.got()[1]!) as Element;
    assert.deepEqual(
      features.getChildElements().map((child) => [child.getName(), child.getNS()]),
      [
        ['bind', BIND],
        ['session', 'urn:ietf:params:xml:ns:xmpp-session'],
      ],
    );
    assert.ok(features.getChild('session')!.getChild('optional'));
  });

  for (const [what, header] of [
    ["somebody else's `from`", { from: 'romeo@example.com' }],
    ['another hosted domain', { to: 'example.org' }],
  ] as const) {
    it(`a new stream with ${what} is not the authenticated user's`, async () => {
      assert.equal(streamError(await authenticated(header)), 'invalid-from');
    });
  }

  for (const [what, text, resource] of [
    ['a resource of its own', bind('balcony'), 'balcony'],
    ['a resource of the server', bind(), 'generated'],
    ['an empty resource', bind(''), 'generated'],
  ] as const) {
    it(`6120-7.6-1: ${what} makes the stream complete`, async () => {
      const conversation = await authenticated({ 'xml:lang': 'it' });
      conversation.got();
      await conversation.says(text);
      const result = conversation.gotElement();
      assert.deepEqual([result.attrs.type, result.attrs.id], ['result', 'b1']);
      assert.equal(result.getChild('bind', BIND)!.getChildText('jid'), `juliet@example.com/${resource}`);
      assert.deepEqual(conversation.kinds().slice(-3), ['bind', 'write', 'established']);
      const asked = conversation.effects.at(-3);
      assert.ok(asked?.kind === 'bind');
      assert.equal(asked.lang, 'it');
      assert.deepEqual(conversation.machine.timeout(), []);
    });
  }

  for (const [what, text] of [
    ['a resource that is none', bind('\u0009')],
    ['a get', bind('balcony').replace('"set"', '"get"')],
    ['no id', bind('balcony').replace(' id="b1"', '')],
  ] as const) {
    it(`6120-7.7.2-1: ${what} is a bad request, and another try is allowed`, async () => {
      const conversation = await authenticated();
      conversation.got();
      await conversation.says(text);
      const error = conversation.gotElement();
      assert.equal(error.attrs.type, 'error');
      assert.ok(error.getChild('error')!.getChild('bad-request'));
      await conversation.says(bind('balcony'));
      assert.equal(conversation.gotElement().attrs.type, 'result');
    });
  }

  it('6120-7.6.2-1: what the server refuses is a stanza error, and another try is allowed', async () => {
    const conversation = await authenticated();
    conversation.got();
    const { bind: take } = conversation;
    conversation.bind = () => err(stanzaError('resource-constraint'));
    await conversation.says(bind('balcony'));
    const error = conversation.gotElement();
    assert.deepEqual([error.attrs.id, error.getChild('error')!.attrs.type], ['b1', 'wait']);
    assert.ok(error.getChild('error')!.getChild('resource-constraint'));
    conversation.bind = take;
    await conversation.says(bind('balcony'));
    assert.equal(conversation.gotElement().attrs.type, 'result');
  });

  for (const [what, text] of [
    ['a message', '<message to="romeo@example.com"><body>Hi</body></message>'],
    ['an IQ', '<iq type="get" id="1"><query xmlns="jabber:iq:roster"/></iq>'],
  ] as const) {
    it(`6120-7.1-1: ${what} before it ends the stream with not-authorized`, async () => {
      const conversation = await authenticated();
      conversation.got();
      await conversation.says(text);
      assert.equal(streamError(conversation), 'not-authorized');
    });
  }

  it('S20: SASL after SASL ends the stream', async () => {
    const conversation = await authenticated();
    conversation.got();
    await conversation.says(plain('juliet', 'r0m30myr0m30'));
    assert.equal(streamError(conversation), 'unsupported-stanza-type');
  });

  it('a stream error of the client ends the stream', async () => {
    const conversation = await authenticated();
    conversation.got();
    await conversation.says(
      `<error xmlns="http://etherx.jabber.org/streams"><unsupported-feature xmlns="${STREAMS}"/></error>`,
    );
    assert.deepEqual(conversation.got(), ['</stream:stream>']);
  });
});

describe('every state with every event', () => {
  const BIND = '<iq type="set" id="b1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>';
  const header = parse(
    `<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" to="example.com" version="1.0"/>`,
  ) as Element;
  const element = (text: string) => {
    const parsed = parse(text) as Element;
    parsed.attrs.xmlns ??= 'jabber:client';
    return parsed;
  };
  const fresh = (tls: 'required' | 'direct') =>
    new C2sNegotiation({
      domains: ['example.com'],
      tls,
      bindings: BINDINGS,
      decoySecret: new Uint8Array(32),
      iterations: 4096,
      random: new SeededRandom(),
    });
  const direct = () => {
    const machine = fresh('direct');
    machine.header(header);
    return machine;
  };
  const salting = () => {
    const machine = direct();
    machine.element(element(plain('juliet', 'r0m30myr0m30')));
    machine.accountFound(juliet);
    return machine;
  };
  const authenticated = async () => {
    const machine = salting();
    const { salt, iterations } = juliet.scramSha256;
    machine.passwordSalted(await saltedPassword('SHA-256', 'r0m30myr0m30', salt, iterations));
    return machine;
  };
  const bindable = async () => {
    const machine = await authenticated();
    machine.header(header);
    return machine;
  };
  const binding = async () => {
    const machine = await bindable();
    machine.element(element(BIND));
    return machine;
  };

  const states: Readonly<Record<string, () => C2sNegotiation | Promise<C2sNegotiation>>> = {
    header: () => fresh('required'),
    tls: () => {
      const machine = fresh('required');
      machine.header(header);
      machine.element(element(`<starttls xmlns="${TLS}"/>`));
      return machine;
    },
    features: direct,
    'initial-response': () => {
      const machine = direct();
      machine.element(element(auth('PLAIN')));
      return machine;
    },
    'look-up': () => {
      const machine = direct();
      machine.element(element(plain('juliet', 'r0m30myr0m30')));
      return machine;
    },
    challenge: () => {
      const machine = direct();
      machine.element(element(auth('SCRAM-SHA-256', 'n,,n=juliet,r=abc')));
      machine.accountFound(juliet);
      return machine;
    },
    salting,
    'header again': authenticated,
    bind: bindable,
    binding,
    established: async () => {
      const machine = await binding();
      const jid = Jid.parse('juliet@example.com/balcony');
      assert.ok(jid.ok);
      machine.bound(ok(jid.value));
      return machine;
    },
    closed: () => {
      const machine = direct();
      machine.streamEnd();
      return machine;
    },
  };
  const WAITING = ['look-up', 'salting', 'binding'];

  const events: Readonly<Record<string, (machine: C2sNegotiation) => readonly C2sEffect[]>> = {
    header: (machine) => machine.header(header),
    starttls: (machine) => machine.element(element(`<starttls xmlns="${TLS}"/>`)),
    auth: (machine) => machine.element(element(plain('juliet', 'wrong'))),
    response: (machine) => machine.element(element(`<response xmlns="${SASL}">eA==</response>`)),
    abort: (machine) => machine.element(element(`<abort xmlns="${SASL}"/>`)),
    bind: (machine) => machine.element(element(BIND)),
    message: (machine) => machine.element(element('<message/>')),
    unknown: (machine) => machine.element(element('<x xmlns="urn:example:x"/>')),
    'tls established': (machine) => machine.tlsEstablished(BINDINGS),
    'account found': (machine) => machine.accountFound(juliet),
    'no account': (machine) => machine.accountFound(undefined),
    'look-up failed': (machine) => machine.lookUpFailed(),
    'password salted': (machine) => machine.passwordSalted(new Uint8Array(32)),
    bound: (machine) => machine.bound(err(stanzaError('conflict'))),
    'stream end': (machine) => machine.streamEnd(),
    timeout: (machine) => machine.timeout(),
    failure: (machine) => machine.fail({ condition: 'reset' }),
  };
  const ELEMENTS = ['starttls', 'auth', 'response', 'abort', 'bind', 'message', 'unknown'];

  for (const [state, reach] of Object.entries(states)) {
    it(`${state}: nothing but what the state allows, and nothing after the end`, async () => {
      for (const [event, fire] of Object.entries(events)) {
        const machine = await reach();
        assert.equal(machine.waiting, WAITING.includes(state), state);
        assert.equal(machine.closed, state === 'closed');
        const isMisuse = ELEMENTS.includes(event) && (WAITING.includes(state) || state === 'established');
        if (isMisuse) {
          assert.throws(() => fire(machine), /no element belongs to the negotiation/);
          continue;
        }
        const effects = fire(machine);
        if (state === 'closed') assert.deepEqual(effects, [], event);
        // Whatever comes, nobody gets in by it: success needs the right password.
        assert.ok(!effects.some((effect) => effect.kind === 'authenticated' || effect.kind === 'established'), event);
        // Once closed, the last effect says so, and the machine is silent.
        assert.equal(machine.closed, state === 'closed' || effects.at(-1)?.kind === 'close', event);
        if (machine.closed) assert.deepEqual(machine.fail({ condition: 'reset' }), [], event);
      }
    });
  }
});
