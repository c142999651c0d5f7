import assert from 'node:assert/strict';
import { connect as connectTls } from 'node:tls';
import { LoopbackServer } from '../../support/embedded-server.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { xml } from '../../support/im-server.js';
import { RawXmpp } from '../../support/raw-xmpp.js';

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>";
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const BIND = "<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

function plain(username: string, password: string): string {
  const message = Buffer.from(`\0${username}\0${password}`).toString('base64');
  return `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${message}</auth>`;
}

async function open(loopback: LoopbackServer): Promise<RawXmpp> {
  const raw = await RawXmpp.open(loopback.port);
  raw.write(HEADER);
  await raw.until('</stream:features>');
  return raw;
}

/** Lets the server hear that what it wrote is written, before a test moves its time. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

/** Up to the mechanisms. */
async function secure(loopback: LoopbackServer): Promise<RawXmpp> {
  const raw = await open(loopback);
  raw.write(STARTTLS);
  await raw.until('<proceed');
  await raw.startTls();
  raw.write(HEADER);
  await raw.until('</stream:features>');
  return raw;
}

/** Up to a session. */
async function established(loopback: LoopbackServer): Promise<RawXmpp> {
  const raw = await secure(loopback);
  raw.write(plain('romeo', 'romeoromeo'));
  await raw.until('<success');
  raw.write(HEADER);
  await raw.until('<bind');
  raw.write(BIND);
  await raw.until('<jid>');
  return raw;
}

const message = (to: string, body: string, more = '') =>
  xml(`<message to="${to}" type="chat" id="m1"${more}><body>${body}</body></message>`);

describe('the embedded server over loopback', () => {
  let loopback: LoopbackServer;
  before(async () => {
    loopback = await LoopbackServer.start(['juliet@example.com', 'romeo@example.com', 'nurse@example.com']);
  });
  after(() => loopback.stop());

  it('carries messages between two clients', async () => {
    const juliet = await loopback.connect('juliet@example.com/balcony');
    const romeo = await loopback.connect('romeo@example.com/garden');
    assert.equal(juliet.jid.toString(), 'juliet@example.com/balcony');
    romeo.send(message('juliet@example.com', 'Wherefore? &lt;&amp; Ünïcode 🌹'));
    const received = await juliet.nextMessage();
    assert.equal(received.getChildText('body'), 'Wherefore? <& Ünïcode 🌹');
    assert.equal(received.attrs.from, 'romeo@example.com/garden');
    assert.equal(loopback.server.listening[0], `c2s:127.0.0.1:${loopback.port}`);
    await Promise.all([juliet.close(), romeo.close()]);
  });

  it('keeps the order of a thousand messages', async () => {
    const juliet = await loopback.connect('juliet@example.com');
    const romeo = await loopback.connect('romeo@example.com');
    for (let n = 0; n < 1_000; n++) romeo.send(message('juliet@example.com', String(n)));
    for (let n = 0; n < 1_000; n++) assert.equal((await juliet.nextMessage()).getChildText('body'), String(n));
    await Promise.all([juliet.close(), romeo.close()]);
  });

  for (const mechanism of ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1', 'PLAIN']) {
    it(`authenticates by ${mechanism}`, async () => {
      const romeo = await loopback.connect('romeo@example.com', { mechanism });
      assert.equal(
        loopback.log.lines.findLast((line) => line.message === 'client authenticated')?.fields.mechanism,
        mechanism,
      );
      await romeo.close();
    });
  }

  it('0368-1: takes direct TLS, with channel binding', async () => {
    const romeo = await loopback.connect('romeo@example.com', { directTls: true });
    assert.equal(
      loopback.log.lines.findLast((line) => line.message === 'client authenticated')?.fields.mechanism,
      'SCRAM-SHA-256-PLUS',
    );
    await romeo.close();
  });

  it('0368-4: takes direct TLS without ALPN, and not that of another protocol', async () => {
    const { port } = loopback.server.addresses.directTls!;
    const attempt = (ALPNProtocols: string[] | undefined) =>
      new Promise<string>((resolve) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port,
          rejectUnauthorized: false,
          ...(ALPNProtocols && { ALPNProtocols }),
        });
        socket.once('secureConnect', () => {
          resolve('taken');
          socket.destroy();
        });
        socket.once('error', () => resolve('refused'));
      });
    assert.deepEqual(
      [await attempt(undefined), await attempt(['xmpp-client']), await attempt(['h2'])],
      ['taken', 'taken', 'refused'],
    );
  });

  it('9325-1: refuses TLS older than 1.2', async () => {
    const { port } = loopback.server.addresses.directTls!;
    const refused = await new Promise<boolean>((resolve) => {
      const socket = connectTls({
        host: '127.0.0.1',
        port,
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      socket.once('secureConnect', () => resolve(false));
      socket.once('error', () => resolve(true));
    });
    assert.equal(refused, true);
  });

  it('refuses a wrong password with not-authorized', async () => {
    const romeo = loopback.client('romeo@example.com', { password: 'wrong' });
    await assert.rejects(romeo.connect(), { condition: 'not-authorized' });
  });

  it('takes every octet as a segment of its own', async () => {
    const juliet = await loopback.connect('juliet@example.com');
    const raw = await RawXmpp.open(loopback.port);
    await raw.writeSlowly(HEADER);
    await raw.until('</stream:features>');
    await raw.writeSlowly(STARTTLS);
    await raw.until('<proceed');
    await raw.startTls();
    await raw.writeSlowly(HEADER);
    await raw.until('</stream:features>');
    await raw.writeSlowly(plain('romeo', 'romeoromeo'));
    await raw.until('<success');
    await raw.writeSlowly(HEADER);
    await raw.until('<bind');
    await raw.writeSlowly(BIND);
    await raw.until('<jid>romeo@example.com/');
    await raw.writeSlowly("<message to='juliet@example.com' type='chat'><body>Ünïcode 🌹</body></message>");
    assert.equal((await juliet.nextMessage()).getChildText('body'), 'Ünïcode 🌹');
    await raw.writeSlowly('</stream:stream>');
    assert.ok((await raw.untilClosed()).endsWith('</stream:stream>'));
    await juliet.close();
  });

  it('takes binding, roster and presence in one segment', async () => {
    const raw = await secure(loopback);
    raw.write(plain('romeo', 'romeoromeo'));
    await raw.until('<success');
    raw.write(`${HEADER}${BIND}<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq><presence/>`);
    await raw.until('<query xmlns="jabber:iq:roster"/>');
    await raw.until('<presence ');
    raw.destroy();
  });

  it('brings offline messages at login, in order, once', async () => {
    const romeo = await loopback.connect('romeo@example.com');
    for (const n of [1, 2, 3]) romeo.send(message('nurse@example.com', String(n)));
    await romeo.request(xml('<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>'));
    const nurse = await loopback.connect('nurse@example.com');
    for (const n of [1, 2, 3]) {
      const received = await nurse.nextMessage();
      assert.equal(received.getChildText('body'), String(n));
      assert.equal(received.getChild('delay', 'urn:xmpp:delay')?.attrs.from, 'example.com');
    }
    romeo.send(message('nurse@example.com', 'live'));
    assert.equal((await nurse.nextMessage()).getChild('delay'), undefined);
    assert.deepEqual(await loopback.store.loadOffline('nurse@example.com'), []);
    await Promise.all([romeo.close(), nurse.close()]);
  });

  it('tells other resources when a connection is lost', async () => {
    const first = await loopback.connect('romeo@example.com/first');
    const second = await loopback.connect('romeo@example.com/second');
    second.destroy();
    const presence = await first.next((stanza) => stanza.attrs.type === 'unavailable');
    assert.equal(presence.attrs.from, 'romeo@example.com/second');
    await first.close();
  });

  it('gives a second client of the same resource another one', async () => {
    const first = await loopback.connect('romeo@example.com/garden');
    const second = await loopback.connect('romeo@example.com/garden');
    assert.match(second.jid.toString(), /^romeo@example\.com\/garden\../);
    await Promise.all([first.close(), second.close()]);
  });

  describe('attacks', () => {
    it('S3: closes on clear text behind <starttls/>, whole or begun', async () => {
      for (const injected of [plain('romeo', 'romeoromeo'), '<message', HEADER]) {
        const raw = await open(loopback);
        raw.write(STARTTLS + injected);
        assert.ok(!(await raw.untilClosed()).includes('<success'));
      }
      assert.ok(loopback.log.lines.some((line) => line.message === 'clear text after starttls'));
    });

    it('S3: clear text in a later segment is no TLS, and ends the connection', async () => {
      const raw = await open(loopback);
      raw.write(STARTTLS);
      await raw.until('<proceed');
      raw.write(plain('romeo', 'romeoromeo'));
      assert.ok(!(await raw.untilClosed()).includes('<success'));
    });

    it('6120-6.3-1: refuses PLAIN without TLS, password unread', async () => {
      const raw = await open(loopback);
      raw.write(plain('romeo', 'romeoromeo'));
      await raw.until('<encryption-required/>');
      raw.destroy();
    });

    it('0440-3: refuses a client whose -PLUS mechanisms were stripped', async () => {
      const raw = await secure(loopback);
      const first = Buffer.from('y,,n=romeo,r=abcdef').toString('base64');
      raw.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>${first}</auth>`);
      await raw.until('<not-authorized/>');
      raw.destroy();
    });

    for (const [what, text, condition] of [
      ['a stanza before authentication', '<message/>', 'not-authorized'],
      ['a document type (billion laughs)', '<!DOCTYPE x [<!ENTITY a "aaa">]>', 'restricted-xml'],
      ['a comment', '<!-- x -->', 'restricted-xml'],
      ['an entity', '<message>&a;</message>', 'restricted-xml'],
      ['tags that do not match', '<message></iq>', 'not-well-formed'],
      ['octets that are no UTF-8', '<a>\u00ff\u00fe</a>', 'unsupported-encoding'],
      ['an endless element', `<message><body>${'x'.repeat(20_000)}`, 'policy-violation'],
      ['endless depth', '<a>'.repeat(2_000), 'policy-violation'],
      ['an unknown element', '<pubsub/>', 'unsupported-stanza-type'],
    ] as const) {
      it(`${what} costs the stream: ${condition}`, async () => {
        const raw = await secure(loopback);
        raw.write(Buffer.from(text, 'latin1'));
        const got = await raw.untilClosed();
        assert.ok(got.includes(`<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"`), got);
        assert.ok(got.endsWith('</stream:stream>'), got);
      });
    }

    it('S2: a stanza may be larger after authentication, and not too large', async () => {
      const romeo = await loopback.connect('romeo@example.com/garden');
      romeo.send(message('romeo@example.com/garden', 'x'.repeat(200_000)));
      assert.equal((await romeo.nextMessage()).getChildText('body')?.length, 200_000);
      const closed = new Promise<string | undefined>((resolve) =>
        romeo.onClosed((reason) => resolve(reason.condition)),
      );
      romeo.sendRaw(`<message to="romeo@example.com"><body>${'x'.repeat(300_000)}</body></message>`);
      assert.equal(await closed, 'policy-violation');
    });

    it('6120-8.1.2-1: a forged from costs the stream', async () => {
      const raw = await established(loopback);
      raw.write("<message from='juliet@example.com' to='romeo@example.com'><body>x</body></message>");
      assert.ok((await raw.untilClosed()).includes('<invalid-from '));
    });

    it('a new stream inside the old one costs it', async () => {
      const raw = await established(loopback);
      raw.write(HEADER.slice(HEADER.indexOf('<stream')));
      raw.write('</stream:stream>');
      assert.ok((await raw.untilClosed()).includes('<unsupported-stanza-type '));
    });

    it('five wrong passwords cost the stream', async () => {
      const raw = await secure(loopback);
      for (let tries = 0; tries < 5; tries++) raw.write(plain('romeo', `wrong${tries}`));
      const got = await raw.untilClosed();
      assert.equal(got.split('<not-authorized/>').length, 6);
      assert.ok(got.includes('<policy-violation '));
    });

    it('an element between success and the new stream costs it', async () => {
      const raw = await secure(loopback);
      raw.write(`${plain('romeo', 'romeoromeo')}<presence/>`);
      assert.ok((await raw.untilClosed()).includes('<bad-format '));
    });
  });

  describe('as the link of the gateway', () => {
    it('hands over what is for its domains', async () => {
      const romeo = await loopback.connect('romeo@example.com/garden');
      const taken = new Promise<string>((resolve) => {
        loopback.server.onStanza((stanza) => resolve(`${stanza.attrs.from} ${stanza.attrs.xmlns}`));
      });
      romeo.send(message('tybalt@example.net', 'Hi'));
      assert.equal(await taken, 'romeo@example.com/garden jabber:client');
      await romeo.close();
    });

    it('answers internal-server-error when whoever takes it throws, and the stream goes on', async () => {
      const romeo = await loopback.connect('romeo@example.com/garden');
      loopback.server.onStanza(() => {
        throw new Error('a bug');
      });
      romeo.send(message('tybalt@example.net', 'Hi'));
      const error = await romeo.nextMessage();
      assert.ok(error.getChild('error')?.getChild('internal-server-error'));
      await romeo.request(xml('<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>'));
      await romeo.close();
    });

    const fromTybalt = ' from="tybalt@example.net"';

    it('delivers to a user who is online, keeps for one who is not, refuses for one who does not exist', async () => {
      const juliet = await loopback.connect('juliet@example.com');
      assert.equal(loopback.server.up, true);
      assert.deepEqual(await loopback.server.deliver(message('juliet@example.com', '1', fromTybalt)), {
        ok: true,
        value: undefined,
      });
      assert.equal((await juliet.nextMessage()).getChildText('body'), '1');
      await juliet.close();
      assert.deepEqual(await loopback.server.deliver(message('juliet@example.com', '2', fromTybalt)), {
        ok: true,
        value: undefined,
      });
      assert.equal((await loopback.store.loadOffline('juliet@example.com')).length, 1);
      assert.deepEqual(await loopback.server.deliver(message('nobody@example.com', '3', fromTybalt)), {
        ok: false,
        error: {
          kind: 'refused',
          error: { condition: 'service-unavailable', type: 'cancel' },
          from: 'nobody@example.com',
        },
      });
    });

    it('refuses what is larger than a stanza may be, and never speaks for others', async () => {
      const large = message('juliet@example.com', 'x'.repeat(300_000), fromTybalt);
      assert.deepEqual(await loopback.server.deliver(large), {
        ok: false,
        error: { kind: 'local', cause: 'too-large' },
      });
      assert.equal(loopback.server.send(large), false);
      const forged = message('juliet@example.com', 'x', ' from="romeo@example.com"');
      const outcome = await loopback.server.deliver(forged);
      assert.ok(!outcome.ok && outcome.error.kind === 'refused');
      assert.equal(outcome.error.error.condition, 'internal-server-error');
      assert.equal(loopback.server.send(forged), false);
    });
  });
});

describe('the embedded server and time', () => {
  let loopback: LoopbackServer;
  let scheduler: FakeScheduler;
  beforeEach(async () => {
    scheduler = new FakeScheduler();
    loopback = await LoopbackServer.start(['romeo@example.com'], { scheduler, limits: { connectionsPerAddress: 2 } });
  });
  afterEach(() => loopback.stop());

  it('S16: ends a stream that is not negotiated in 30 s', async () => {
    const raw = await open(loopback);
    scheduler.advance(29_999);
    scheduler.advance(1);
    assert.ok((await raw.untilClosed()).includes('<policy-violation '));
  });

  it('S16: ends a connection that says nothing at all', async () => {
    const raw = await RawXmpp.open(loopback.port);
    while (scheduler.pending === 0) await new Promise(setImmediate);
    scheduler.advance(30_000);
    assert.ok((await raw.untilClosed()).includes('<policy-violation '));
  });

  it('S16: gives no word to connections far beyond the limit', async () => {
    const raws = [];
    for (let n = 0; n < 6; n++) raws.push(await RawXmpp.open(loopback.port));
    const said = await Promise.all(raws.slice(2).map((raw) => raw.untilClosed()));
    assert.deepEqual(
      said.map((text) => text.includes('<resource-constraint ')),
      [true, true, false, false],
    );
    for (const raw of raws) raw.destroy();
  });

  it('S16: limits the connections of one address', async () => {
    const [first, second] = [await open(loopback), await open(loopback)];
    const third = await RawXmpp.open(loopback.port);
    assert.ok((await third.untilClosed()).includes('<resource-constraint '));
    first.destroy();
    await first.untilClosed();
    second.destroy();
  });

  const logged = (text: string, reason?: string) =>
    loopback.log.lines.some(
      ({ message, fields }) => message === text && (reason === undefined || fields.reason === reason),
    );

  it('6120-4.4-1: waits 5 s for a client to close its side, no longer', async () => {
    const raw = await established(loopback);
    raw.pauseReading();
    raw.write('<pubsub/>');
    await quiet();
    await quiet();
    assert.equal(logged('session ended'), false);
    while (!logged('session ended')) {
      await quiet();
      scheduler.advance(5_000);
    }
    raw.destroy();
  });

  it('6120-4.6-1: pings a silent client, and ends its stream when nothing comes back', async () => {
    const raw = await established(loopback);
    await quiet();
    scheduler.advance(300_000);
    await raw.until('<ping xmlns="urn:xmpp:ping"/>');
    await quiet();
    scheduler.advance(60_000);
    assert.ok((await raw.untilClosed()).includes('<connection-timeout '));
  });

  it('6120-4.6-1: any octet is a sign of life', async () => {
    const raw = await established(loopback);
    await quiet();
    scheduler.advance(300_000);
    await raw.until('<ping xmlns="urn:xmpp:ping"/>');
    raw.write(" <iq type='get' id='p1' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>");
    await raw.until('id="p1"');
    await quiet();
    scheduler.advance(60_000);
    raw.write("<iq type='get' id='p2' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>");
    await raw.until('id="p2"');
    raw.destroy();
  });

  it('6120-7.7.2-2: a client that no longer answers loses its resource to the new one', async () => {
    const dead = await loopback.connect('romeo@example.com/garden');
    await quiet();
    dead.pauseReading(true);
    scheduler.advance(10_000);
    const alive = loopback.client('romeo@example.com/garden');
    const connecting = alive.connect();
    const authenticated = () => loopback.log.lines.filter((line) => line.message === 'client authenticated').length;
    while (authenticated() < 2) await new Promise(setImmediate);
    const timers = scheduler.pending;
    while (scheduler.pending === timers) await new Promise(setImmediate); // the old client is asked
    scheduler.advance(5_000);
    assert.equal((await connecting).toString(), 'romeo@example.com/garden');
    dead.destroy();
    await alive.close();
  });
});

describe('the embedded server and slow readers', () => {
  it('gives up a reader that takes none of what waits for it in 60 s', async () => {
    const scheduler = new FakeScheduler();
    const loopback = await LoopbackServer.start(['juliet@example.com'], {
      scheduler,
      limits: { queuedCharacters: 100_000_000, offlineMessages: 10_000, offlineOctets: 100_000_000 },
    });
    try {
      const juliet = await loopback.connect('juliet@example.com/balcony');
      juliet.pauseReading(true);
      const body = 'x'.repeat(200_000);
      // More than the kernel's buffers take.
      for (let n = 0; n < 60; n++) {
        await loopback.server.deliver(message('juliet@example.com', body, ' from="tybalt@example.net"'));
      }
      await quiet();
      scheduler.advance(59_000);
      await quiet();
      assert.ok(!loopback.log.lines.some((line) => line.message === 'connection given up'));
      scheduler.advance(16_000);
      const givenUp = loopback.log.lines.find((line) => line.message === 'connection given up');
      assert.equal(givenUp?.fields.reason, 'stalled reader');
      while ((await loopback.store.loadOffline('juliet@example.com')).length < 60) await quiet();
    } finally {
      await loopback.stop();
    }
  });

  it('reads a client more slowly that writes faster than the store can keep', async () => {
    const loopback = await LoopbackServer.start(['juliet@example.com', 'romeo@example.com'], {
      limits: { unsettledStanzas: 8 },
    });
    try {
      const romeo = await loopback.connect('romeo@example.com');
      let asked = 0;
      const { store } = loopback;
      const waiting: (() => void)[] = [];
      const keep = store.storeOffline.bind(store);
      store.storeOffline = async (...args) => {
        asked++;
        await new Promise<void>((resolve) => waiting.push(resolve));
        return keep(...args);
      };
      const body = 'x'.repeat(20_000);
      for (let n = 0; n < 60; n++) romeo.send(message(`juliet@example.com`, `${n} ${body}`));
      const alive = romeo.request(xml('<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>'));
      const answered = await Promise.race([alive, quiet().then(quiet).then(quiet)]);
      assert.equal(answered, undefined); // it is not read yet
      while (asked < 60) {
        for (const go of waiting.splice(0)) go();
        await quiet();
      }
      for (const go of waiting.splice(0)) go();
      await alive;
      assert.deepEqual(
        (await store.loadOffline('juliet@example.com')).map((kept) => Number(/<body>(\d+) /.exec(kept.stanza)![1])),
        Array.from({ length: 60 }, (_, n) => n),
      );
    } finally {
      await loopback.stop();
    }
  });

  it('gives up a reader that takes nothing, and keeps what was for it', async () => {
    const loopback = await LoopbackServer.start(['juliet@example.com', 'romeo@example.com'], {
      limits: { queuedCharacters: 100_000, offlineMessages: 10_000 },
    });
    try {
      const juliet = await loopback.connect('juliet@example.com/balcony');
      juliet.pauseReading(true);
      const romeo = await loopback.connect('romeo@example.com/garden');
      const body = 'x'.repeat(20_000);
      let sent = 0;
      while (!loopback.log.lines.some((line) => line.message === 'session ended')) {
        romeo.send(message('juliet@example.com', body));
        sent++;
        await romeo.request(xml('<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>'));
      }
      const kept = await loopback.store.loadOffline('juliet@example.com');
      const ended = loopback.log.lines.find((line) => line.message === 'session ended');
      assert.ok(sent > 5);
      assert.ok(kept.length >= Number(ended!.fields.unwritten) && kept.length > 0, `${kept.length} kept`);
      assert.ok(!romeo.unread.some((stanza) => stanza.attrs.type === 'error'));
    } finally {
      await loopback.stop();
    }
  });
});

describe('the embedded server at its end', () => {
  it('ends streams with system-shutdown, takes no more, and keeps what it took', async () => {
    const loopback = await LoopbackServer.start(['juliet@example.com', 'romeo@example.com']);
    const romeo = await loopback.connect('romeo@example.com/garden');
    const raw = await open(loopback);
    const closed = new Promise<string | undefined>((resolve) => romeo.onClosed((reason) => resolve(reason.condition)));
    for (let n = 0; n < 20; n++) romeo.send(message('juliet@example.com', String(n)));
    await romeo.request(xml('<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>'));
    const stopped = loopback.server.stop(5_000);
    assert.equal(loopback.server.up, false);
    assert.equal(await closed, 'system-shutdown');
    assert.ok((await raw.untilClosed()).includes('<system-shutdown '));
    await stopped;
    const late = xml('<message from="tybalt@example.net" to="juliet@example.com"/>');
    assert.deepEqual(await loopback.server.deliver(late), { ok: false, error: { kind: 'local', cause: 'link-down' } });
    assert.equal(loopback.server.send(late), false);
    await assert.rejects(RawXmpp.open(loopback.port));
    assert.equal((await loopback.store.loadOffline('juliet@example.com')).length, 20);
    await loopback.stop();
  });

  it('does not wait for a client that does not close, beyond the time given', async () => {
    const loopback = await LoopbackServer.start(['romeo@example.com'], { limits: { closingMs: 60_000 } });
    const romeo = await loopback.connect('romeo@example.com/garden');
    romeo.pauseReading(true);
    const start = performance.now();
    await loopback.server.stop(50);
    assert.ok(performance.now() - start < 2_000);
    await loopback.stop();
  });
});

describe('the embedded server without a certificate', () => {
  it('offers no TLS, and SCRAM without channel binding', async () => {
    const loopback = await LoopbackServer.start(['romeo@example.com'], {
      c2s: { listen: '127.0.0.1:0', requireTls: false },
      directTls: undefined as never,
    });
    try {
      const raw = await open(loopback);
      assert.ok(!raw.text.includes('starttls'));
      assert.ok(raw.text.includes('SCRAM-SHA-256'));
      assert.ok(!raw.text.includes('PLAIN') && !raw.text.includes('PLUS'));
      raw.destroy();
    } finally {
      await loopback.stop();
    }
  });

  it('cannot listen for direct TLS', async () => {
    const start = LoopbackServer.start([], { c2s: { listen: '127.0.0.1:0', requireTls: false } });
    await assert.rejects(start, /needs a certificate/);
  });
});
