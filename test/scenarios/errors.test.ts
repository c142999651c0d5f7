/** What one side refuses, the other side's sender hears in its own protocol, once (RFC 7247 §7). */
import assert from 'node:assert/strict';
import { stanzaError } from '../../src/xmpp/stanza/error-type.js';
import { CONDITIONS, type Condition } from '../../src/xmpp/stanza/stanza-error.js';
import { TABLE_3 } from '../interwork/error/rfc-7247-tables.js';
import { type Phone, textOf } from './support/phone.js';
import { IN_PROCESS, onStages } from './support/stage.js';
import type { XmppUser } from './support/xmpp-user.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';

onStages(
  'RFC 7247 §7.2: a phone that refuses',
  (stage) => {
    let romeo: Phone;
    let juliet: XmppUser;
    before(async () => {
      romeo = await stage().phone('romeo', 'udp', { early408: true });
      juliet = await stage().user('juliet');
    });
    afterEach(() => {
      assert.deepEqual(juliet.unread, []);
    });

    for (const [status, condition, type] of TABLE_3) {
      it(`with ${status}: the XMPP user hears ${condition} of type ${type}, once`, async () => {
        romeo.answers = () => status;
        const id = juliet.says(ROMEO, `refuse this with ${status}`);
        const error = await juliet.errorOf(id);
        assert.equal(error.condition, condition);
        assert.equal(error.type, type);
        assert.equal(error.from, ROMEO);
        await juliet.heardAllFrom('example.net');
        assert.deepEqual(juliet.unread, []);
        assert.equal(await romeo.hearsText(), `refuse this with ${status}`);
        assert.deepEqual(romeo.unread, []);
      });
    }

    it('with its reason: the words cross (RFC 7247 §7)', async () => {
      romeo.answers = () => ({ status: 480, reason: 'Banished to Mantua' });
      const error = await juliet.errorOf(juliet.says(ROMEO, 'where art thou'));
      await romeo.hears();
      assert.equal(error.text, '480 Banished to Mantua');
    });

    for (const [status, condition] of [
      [301, 'gone'],
      [302, 'redirect'],
    ] as const) {
      it(`with ${status} and a new address: the address crosses (RFC 7247 §7.2 note 1)`, async () => {
        romeo.answers = () => ({ status, headers: [['Contact', '<sip:romeo@mantua.example>']] });
        const error = await juliet.errorOf(juliet.says(ROMEO, 'where art thou'));
        await romeo.hears();
        assert.equal(error.condition, condition);
        assert.equal(error.address, 'xmpp:romeo@mantua.example');
      });
    }

    it('with 202: it has accepted', async () => {
      romeo.answers = () => 202;
      juliet.says(ROMEO, 'accepted');
      await romeo.hears();
      romeo.answers = () => 486;
      await juliet.errorOf(juliet.says(ROMEO, 'busy')); // in order: an error for the first would have come before
      await romeo.hears();
    });
  },
  { keepsPeople: true },
);

/** RFC 7247 §7.1 Table 2: the status for a full JID, and for a bare one. */
const TABLE_2: Readonly<Record<Condition, readonly [full: number, bare: number]>> = {
  'bad-request': [400, 400],
  conflict: [400, 400],
  'feature-not-implemented': [405, 501],
  forbidden: [403, 603],
  gone: [410, 410],
  'internal-server-error': [500, 500],
  'item-not-found': [404, 604],
  'jid-malformed': [400, 400],
  'not-acceptable': [406, 606],
  'not-allowed': [403, 403],
  // there is no challenge to send along (RFC 3261 §21.4.2)
  'not-authorized': [403, 403],
  'policy-violation': [403, 403],
  'recipient-unavailable': [480, 600],
  redirect: [302, 302],
  'registration-required': [403, 403],
  'remote-server-not-found': [404, 404],
  'remote-server-timeout': [408, 408],
  'resource-constraint': [500, 500],
  'service-unavailable': [403, 403],
  'subscription-required': [400, 400],
  'undefined-condition': [400, 400],
  'unexpected-request': [400, 400],
};

onStages(
  'RFC 7247 §7.1: an XMPP server that refuses in time',
  (stage) => {
    let romeo: Phone;
    let juliet: XmppUser;
    before(async () => {
      romeo = await stage().phone('romeo', 'tcp');
      juliet = await stage().user('juliet');
    });
    afterEach(() => {
      stage().server.refuses = () => undefined;
    });

    for (const condition of CONDITIONS) {
      for (const [form, recipient, status] of [
        ['full', `${JULIET};gr=balcony`, TABLE_2[condition][0]],
        ['bare', JULIET, TABLE_2[condition][1]],
      ] as const) {
        it(`${condition} of a ${form} JID: the SIP user hears ${status}, and no notice`, async () => {
          stage().server.refuses = () => stanzaError(condition, 'Not to-night');
          const answer = await romeo.says(recipient, 'refused');
          assert.equal(answer.status, status);
          assert.equal(answer.reason, 'Not to-night', 'RFC 7247 §7: the words cross');
          if (status === 405) assert.ok(answer.headers.has('Allow'), 'RFC 3261 §21.4.6');
          stage().server.refuses = () => undefined;
          juliet.says(ROMEO, 'the next');
          assert.equal(await romeo.hearsText(), 'the next');
          assert.deepEqual(romeo.unread, []);
        });
      }
    }

    for (const [condition, status] of [
      ['gone', 301],
      ['redirect', 302],
    ] as const) {
      it(`${condition} with an address: the SIP user hears ${status} with a Contact (RFC 7247 §7.1 note 3)`, async () => {
        stage().server.refuses = () => ({ ...stanzaError(condition), address: 'xmpp:juliet@mantua.example' });
        const answer = await romeo.says(JULIET, 'where art thou');
        assert.equal(answer.status, status);
        const [contact] = answer.contacts;
        assert.ok(typeof contact === 'object');
        assert.equal(contact.uri.toString(), 'sip:juliet@mantua.example');
      });
    }

    it('one of many: the others are taken', async () => {
      stage().server.refuses = (message) =>
        message.getChildText('body') === '3' ? stanzaError('policy-violation') : undefined;
      const answers = await Promise.all(['1', '2', '3', '4', '5'].map((text) => romeo.says(JULIET, text)));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 403, 200, 200],
      );
    });
  },
  { shapes: ['component'], keepsPeople: true },
);

onStages('an error that comes after the 200', (stage) => {
  for (const condition of ['policy-violation', 'recipient-unavailable', 'service-unavailable'] as const) {
    it(`${condition}: the SIP user hears of it in words, once`, async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      const sent = romeo.says(JULIET, 'Wilt thou leave me so unsatisfied?', { callId: `late-${condition}` });
      const message = await juliet.hears();
      assert.equal((await sent).status, 200);
      juliet.refuses(message, condition, 'My lips are sealed');
      juliet.refuses(message, condition, 'My lips are sealed');
      const notice = await romeo.hears();
      assert.equal(notice.headers.get('In-Reply-To'), `late-${condition}`);
      assert.equal(notice.from.uri.with({ params: [] }).toString(), JULIET);
      assert.match(textOf(notice), /could not be delivered.*My lips are sealed.*Wilt thou leave me/);
      juliet.says(ROMEO, 'the next');
      assert.equal(await romeo.hearsText(), 'the next', 'the second error is about nothing');
    });
  }

  it('the notice is refused: that is the end of it', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const sent = romeo.says(JULIET, 'hello');
    const message = await juliet.hears();
    await sent;
    romeo.answers = () => 480;
    juliet.refuses(message, 'policy-violation');
    assert.match(await romeo.hearsText(), /could not be delivered/);
    romeo.answers = () => 200;
    juliet.says(ROMEO, 'the next');
    assert.equal(await romeo.hearsText(), 'the next');
    await juliet.heardAllFrom('example.net');
    assert.deepEqual(juliet.unread, [], 'no error answers a notice');
  });

  it('a stranger cannot report a failure of somebody else’s message', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const nurse = await stage().user('nurse');
    const sent = romeo.says(JULIET, 'hello');
    const message = await juliet.hears();
    await sent;
    nurse.refuses(message, 'policy-violation');
    nurse.says(ROMEO, 'the next');
    assert.equal(await romeo.hearsText(), 'the next');
  });
});

onStages('users and domains that do not exist', (stage, shape) => {
  it('a SIP user writes to no XMPP user: 403, as servers do not tell who exists (RFC 7247 §7.1 note 5)', async () => {
    const romeo = await stage().phone('romeo');
    assert.equal((await romeo.says('sip:nobody@example.com', 'anybody there?')).status, 403);
  });

  it('an XMPP user writes to no SIP user: item-not-found', async () => {
    const juliet = await stage().user('juliet');
    const error = await juliet.errorOf(juliet.says('nobody@example.net', 'anybody there?'));
    assert.equal(error.condition, 'item-not-found');
    assert.equal(error.type, 'cancel');
    assert.equal(error.from, 'nobody@example.net');
  });

  it('an XMPP user writes to a SIP user without a phone: recipient-unavailable', async () => {
    const juliet = await stage().user('juliet');
    const error = await juliet.errorOf(juliet.says('tybalt@example.net', 'peace?'));
    assert.equal(error.condition, 'recipient-unavailable');
    assert.equal(error.type, 'wait');
  });

  it('a SIP user writes to no domain of ours: 404, nothing is relayed (RFC 3261 §26.3.2.4)', async () => {
    const romeo = await stage().phone('romeo');
    for (const to of ['sip:paris@example.org', 'sip:example.org', 'sip:paris@198.51.100.7:5060']) {
      assert.equal((await romeo.says(to, 'relay this')).status, 404, to);
    }
  });

  it('an XMPP user writes to no domain of ours: remote-server-not-found, and no SIP message', async () => {
    const juliet = await stage().user('juliet');
    const error = await juliet.errorOf(juliet.says('paris@unknown.invalid', 'relay this'));
    assert.match(
      error.condition,
      shape === 'component of prosody'
        ? /^(remote-server-not-found|service-unavailable|not-allowed)$/
        : /^remote-server-not-found$/,
    );
  });

  it('a SIP user writes to a domain without a user: refused', async () => {
    const romeo = await stage().phone('romeo');
    assert.equal((await romeo.says('sip:example.com', 'hello, server')).status, 403);
  });
});

onStages(
  'codes that an operator may choose',
  (stage) => {
    it('202 for a MESSAGE that XMPP has taken (RFC 3428 §7), 4xx for a bare JID (RFC 7247 §7.1 note 2)', async () => {
      const romeo = await stage().phone('romeo');
      await stage().user('juliet');
      assert.equal((await romeo.says(JULIET, 'hello')).status, 202);
      if (stage().shape === 'component') {
        stage().server.refuses = () => stanzaError('item-not-found');
        assert.equal((await romeo.says(JULIET, 'hello')).status, 404);
      }
    });
  },
  { config: { messages: { acceptCode: 202 }, errors: { bareJid: '4xx' } }, shapes: IN_PROCESS },
);
