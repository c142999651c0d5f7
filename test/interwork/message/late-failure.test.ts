import assert from 'node:assert/strict';
import { type Delivered, excerptOf, LateFailures, toNotice } from '../../../src/interwork/message/late-failure.js';
import type { StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import { addressMap } from '../../support/message-scenario.js';

const MESSAGE: Delivered = {
  from: 'romeo@example.net/dr4hcr0st3lup4c',
  to: 'juliet@example.com',
  callId: 'call-1',
  excerpt: 'hello',
};
const FROM = 'juliet@example.com';
const TO = 'romeo@example.net/dr4hcr0st3lup4c';

function remembering(options = {}): LateFailures {
  const failures = new LateFailures(options);
  failures.remember('id-1', MESSAGE, 0);
  return failures;
}

describe('7572-R-6: failures after the 2xx', () => {
  it('a message fails once', () => {
    const failures = remembering();
    assert.equal(failures.take('id-1', FROM, TO, 1), MESSAGE);
    assert.equal(failures.take('id-1', FROM, TO, 2), undefined);
  });

  for (const [what, from, to, concerned] of [
    ['a device of the recipient', 'juliet@example.com/balcony', TO, true],
    ["the recipient's server", 'example.com', TO, true],
    ['the recipient, to the bare JID', FROM, 'romeo@example.net', true],
    ['somebody else', 'nurse@example.com', TO, false],
    ['another server', 'example.org', TO, false],
    ['the recipient, to somebody else', FROM, 'mercutio@example.net', false],
  ] as const) {
    it(`an error of ${what} ${concerned ? 'counts' : 'does not count'}`, () =>
      assert.equal(remembering().take('id-1', from, to, 1), concerned ? MESSAGE : undefined));
  }

  it('an error about something else is about nothing', () =>
    assert.equal(remembering().take('id-2', FROM, TO, 1), undefined));

  it('forgets after its time, and the oldest first', () => {
    assert.equal(remembering({ lifetimeMs: 10 }).take('id-1', FROM, TO, 10), undefined);
    const failures = remembering({ maxEntries: 2 });
    failures.remember('id-2', MESSAGE, 0);
    failures.remember('id-3', MESSAGE, 0);
    assert.equal(failures.size, 2);
    assert.equal(failures.take('id-1', FROM, TO, 1), undefined);
  });

  it('a Call-ID of many kilobytes is not kept, and the notice names none', () => {
    const failures = new LateFailures();
    failures.remember('id-1', { ...MESSAGE, callId: 'x'.repeat(10_000) }, 0);
    const failed = failures.take('id-1', FROM, TO, 1);
    assert.equal(failed?.callId, '');
    assert.deepEqual(toNotice(failed, undefined, 'fresh', addressMap())?.headers, [['Content-Language', 'en']]);
  });

  it('an excerpt is one short line', () => {
    assert.equal(excerptOf('two\nlines'), 'two lines');
    assert.equal(excerptOf(''), '');
    assert.equal(Array.from(excerptOf('🌹'.repeat(100))).length, 60);
    assert.ok(excerptOf('x'.repeat(61)).endsWith('…'));
    assert.equal(excerptOf('x'.repeat(60)), 'x'.repeat(60));
  });
});

describe('7572-d58: the notice', () => {
  const notice = (error?: StanzaError, message: Delivered = MESSAGE) => {
    const made = toNotice(message, error, 'fresh', addressMap());
    assert.ok(made);
    return { ...made, text: Buffer.from(made.body).toString() };
  };

  it('goes to the device that sent the original, from the user who did not get it', () => {
    const made = notice();
    assert.equal(made.requestUri.toString(), 'sip:romeo@example.net;gr=dr4hcr0st3lup4c');
    assert.equal(made.to.toString(), 'sip:romeo@example.net');
    assert.equal(made.from.toString(), 'sip:juliet@example.com');
    assert.deepEqual(made.headers[0], ['In-Reply-To', 'call-1']);
    assert.equal(made.callId, 'fresh');
    assert.equal(made.text, 'Your message could not be delivered: hello');
  });

  it('carries the text of the error, where it is in the language of the notice (RFC 7247 §7)', () => {
    const error: StanzaError = { condition: 'item-not-found', type: 'cancel', text: 'No such\nuser', lang: 'en' };
    assert.equal(notice(error).text, 'Your message could not be delivered (No such user): hello');
    assert.equal(notice({ ...error, lang: 'cs' }).text, 'Your message could not be delivered: hello');
  });

  it('does without an excerpt', () =>
    assert.equal(notice(undefined, { ...MESSAGE, excerpt: '' }).text, 'Your message could not be delivered'));
});
