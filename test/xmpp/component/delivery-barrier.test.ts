import assert from 'node:assert/strict';
import { DeliveryBarrier, type Settled } from '../../../src/xmpp/component/delivery-barrier.js';
import { stanzaError } from '../../../src/xmpp/stanza/error-type.js';

/** A barrier, and what has become of its messages, in the order in which they settled. */
function barrier() {
  const fates: [id: string, fate: string][] = [];
  const subject = new DeliveryBarrier();
  const add = (id: string, to = 'juliet@example.com') =>
    subject.add(id, to, (settled) => fates.push([id, told(settled)]));
  return { subject, add, fates };
}

function told(settled: Settled): string {
  if (settled.ok) return 'taken';
  return settled.error.kind === 'refused' ? settled.error.error.condition : settled.error.cause;
}

const UNAVAILABLE = stanzaError('service-unavailable');

describe('RFC 6120 §10.1: what an answered ping says about the messages before it', () => {
  it('all were taken, told in their order', () => {
    const { subject, add, fates } = barrier();
    for (const id of ['a', 'b', 'c']) add(id);
    subject.sendPing('p');
    assert.equal(subject.waiting, 3);
    assert.equal(subject.answered('p'), true);
    assert.deepEqual(fates, [
      ['a', 'taken'],
      ['b', 'taken'],
      ['c', 'taken'],
    ]);
    assert.equal(subject.waiting, 0);
    assert.equal(subject.pinging, false);
  });

  it('nothing about those after it', () => {
    const { subject, add, fates } = barrier();
    add('before');
    subject.sendPing('p');
    add('after');
    subject.answered('p');
    assert.deepEqual(fates, [['before', 'taken']]);
    assert.equal(subject.waiting, 1);
    subject.sendPing('q');
    subject.answered('q');
    assert.deepEqual(fates.at(-1), ['after', 'taken']);
  });

  it('nothing, when it is the answer to something else', () => {
    const { subject, add, fates } = barrier();
    add('a');
    assert.equal(subject.answered('p'), false, 'no ping is out');
    subject.sendPing('p');
    assert.equal(subject.answered('other'), false);
    assert.deepEqual(fates, []);
    subject.answered('p');
    assert.equal(subject.answered('p'), false, 'a second answer');
  });

  it('a message that was refused during the ping stays refused', () => {
    const { subject, add, fates } = barrier();
    for (const id of ['a', 'b', 'c']) add(id);
    subject.sendPing('p');
    assert.equal(subject.refused('b', 'juliet@example.com', UNAVAILABLE), true);
    assert.equal(subject.waiting, 2);
    subject.answered('p');
    assert.deepEqual(fates, [
      ['b', 'service-unavailable'],
      ['a', 'taken'],
      ['c', 'taken'],
    ]);
  });

  it('a refusal before the ping is sent shifts nothing', () => {
    const { subject, add, fates } = barrier();
    add('a');
    add('b');
    subject.refused('a', 'juliet@example.com', UNAVAILABLE);
    subject.sendPing('p');
    add('c');
    subject.answered('p');
    assert.deepEqual(fates, [
      ['a', 'service-unavailable'],
      ['b', 'taken'],
    ]);
    assert.equal(subject.waiting, 1);
  });

  it('holds over thousands of messages in waves', () => {
    const { subject, add, fates } = barrier();
    let id = 0;
    add(`m${id++}`);
    for (let wave = 0; wave < 50; wave++) {
      subject.sendPing(`p${wave}`);
      for (let count = 0; count < 100; count++) add(`m${id++}`);
      subject.answered(`p${wave}`);
    }
    assert.equal(subject.waiting, 100);
    assert.deepEqual(
      fates.map(([told]) => told),
      Array.from({ length: id - 100 }, (_, index) => `m${index}`),
    );
  });
});

describe('an error for a message that waits', () => {
  for (const [from, concerns] of [
    ['juliet@example.com', true],
    ['juliet@example.com/balcony', true],
    ['nurse@example.com', false],
    ['example.com', false],
  ] as const) {
    it(`from ${from} ${concerns ? 'settles it' : 'is about another'}`, () => {
      const { subject, add, fates } = barrier();
      add('a', 'juliet@example.com/chamber');
      assert.equal(subject.refused('a', from, UNAVAILABLE), concerns);
      assert.equal(fates.length, concerns ? 1 : 0);
    });
  }

  it('names who refused', () => {
    const subject = new DeliveryBarrier();
    let settled: Settled | undefined;
    subject.add('a', 'juliet@example.com', (fate) => {
      settled = fate;
    });
    subject.refused('a', 'juliet@example.com/balcony', UNAVAILABLE);
    assert.deepEqual(settled, {
      ok: false,
      error: { kind: 'refused', error: UNAVAILABLE, from: 'juliet@example.com/balcony' },
    });
  });

  it('is about nothing when the message does not wait here', () => {
    const { subject, add, fates } = barrier();
    add('a');
    assert.equal(subject.refused('b', 'juliet@example.com', UNAVAILABLE), false);
    subject.refused('a', 'juliet@example.com', UNAVAILABLE);
    assert.equal(subject.refused('a', 'juliet@example.com', UNAVAILABLE), false, 'a second error');
    assert.equal(fates.length, 1);
  });
});

describe('a ping that nobody answers', () => {
  it('leaves what it covers unconfirmed, and the rest waiting', () => {
    const { subject, add, fates } = barrier();
    add('a');
    subject.sendPing('p');
    add('b');
    subject.timedOut();
    assert.deepEqual(fates, [['a', 'unconfirmed']]);
    assert.equal(subject.waiting, 1);
    assert.equal(subject.pinging, false);
  });

  it('says nothing when it is answered after all', () => {
    const { subject, add, fates } = barrier();
    add('a');
    subject.sendPing('p');
    subject.timedOut();
    add('b');
    assert.equal(subject.answered('p'), false);
    assert.deepEqual(fates, [['a', 'unconfirmed']]);
  });

  it('without a ping out, time settles nothing', () => {
    const { subject, add, fates } = barrier();
    add('a');
    subject.timedOut();
    assert.deepEqual(fates, []);
  });
});

describe('a stream that broke', () => {
  it('leaves what was written unconfirmed; what was not, certainly did not arrive', () => {
    const { subject, add, fates } = barrier();
    for (const id of ['a', 'b', 'c']) add(id);
    subject.sendPing('p');
    subject.refused('a', 'juliet@example.com', UNAVAILABLE);
    subject.broke(new Set(['c']));
    assert.deepEqual(fates, [
      ['a', 'service-unavailable'],
      ['b', 'unconfirmed'],
      ['c', 'link-down'],
    ]);
    assert.equal(subject.waiting, 0);
    assert.equal(subject.pinging, false);
  });

  it('settles each message once', () => {
    const { subject, add, fates } = barrier();
    add('a');
    subject.broke(new Set());
    subject.broke(new Set());
    assert.equal(subject.refused('a', 'juliet@example.com', UNAVAILABLE), false);
    assert.equal(fates.length, 1);
  });
});
