import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DeliveryBarrier, type Settled } from '../../../src/xmpp/component/delivery-barrier.js';

const ERROR = { condition: 'item-not-found', type: 'cancel' } as const;

/** A barrier whose outcomes are kept, as words, by id. */
function barrier() {
  const outcomes: Record<string, string[]> = {};
  const machine = new DeliveryBarrier();
  const add = (id: string, to = 'juliet@example.com') =>
    machine.add(id, to, (settled) => {
      outcomes[id] ??= [];
      outcomes[id].push(word(settled));
    });
  return { machine, outcomes, add };
}

function word(settled: Settled): string {
  if (settled.ok) return 'taken';
  return settled.error.kind === 'local' ? settled.error.cause : settled.error.kind;
}

describe('DeliveryBarrier', () => {
  it('a ping covers what was sent before it', () => {
    const { machine, outcomes, add } = barrier();
    add('a');
    add('b');
    machine.sendPing('p');
    add('c');
    assert.equal(machine.answered('other'), false);
    assert.deepEqual(outcomes, {});
    assert.equal(machine.answered('p'), true);
    assert.deepEqual(outcomes, { a: ['taken'], b: ['taken'] });
    assert.equal(machine.waiting, 1);
    assert.equal(machine.answered('p'), false);
    machine.sendPing('q');
    assert.equal(machine.answered('q'), true);
    assert.deepEqual(outcomes, { a: ['taken'], b: ['taken'], c: ['taken'] });
    assert.equal(machine.waiting, 0);
  });

  it('an answer that is too late confirms nothing', () => {
    const { machine, outcomes, add } = barrier();
    add('a');
    machine.sendPing('p');
    machine.timedOut();
    assert.deepEqual(outcomes, { a: ['unconfirmed'] });
    add('b');
    machine.sendPing('q');
    assert.equal(machine.answered('p'), false);
    assert.deepEqual(Object.keys(outcomes), ['a']);
  });

  it('an error refuses the message that went to its sender, full or bare', () => {
    const { machine, outcomes, add } = barrier();
    add('a', 'juliet@example.com');
    add('b', 'juliet@example.com/balcony');
    assert.equal(machine.refused('a', 'juliet@example.com/balcony', ERROR), true);
    assert.equal(machine.refused('b', 'juliet@example.com', ERROR), true);
    assert.equal(machine.refused('a', 'juliet@example.com', ERROR), false, 'only once');
    assert.deepEqual(outcomes, { a: ['refused'], b: ['refused'] });
    machine.sendPing('p');
    machine.answered('p');
    assert.deepEqual(outcomes, { a: ['refused'], b: ['refused'] });
  });

  it("an error of somebody else's refuses nothing", () => {
    const { machine, outcomes, add } = barrier();
    add('a');
    assert.equal(machine.refused('a', 'juliet@example.com.evil.example', ERROR), false);
    assert.equal(machine.refused('a', 'example.com', ERROR), false);
    assert.equal(machine.refused('b', 'juliet@example.com', ERROR), false);
    assert.deepEqual(outcomes, {});
  });

  it('a broken stream leaves open whether what was written arrived', () => {
    const { machine, outcomes, add } = barrier();
    add('a');
    machine.sendPing('p');
    add('b');
    add('c');
    machine.broke(new Set(['c']));
    assert.deepEqual(outcomes, { a: ['unconfirmed'], b: ['unconfirmed'], c: ['link-down'] });
    assert.equal(machine.pinging, false);
    assert.equal(machine.answered('p'), false);
  });

  it('every message is settled exactly once, whatever happens, and nothing is kept', () => {
    const step = fc.constantFrom('add', 'ping', 'answer', 'timeout', 'refuse-first', 'refuse-last', 'break');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { machine, outcomes, add } = barrier();
        let added = 0;
        let pings = 0;
        for (const one of steps) {
          if (one === 'add') add(`m${added++}`);
          else if (one === 'ping' && !machine.pinging) machine.sendPing(`p${++pings}`);
          else if (one === 'answer') machine.answered(`p${pings}`);
          else if (one === 'timeout') machine.timedOut();
          else if (one === 'refuse-first') machine.refused('m0', 'juliet@example.com', ERROR);
          else if (one === 'refuse-last') machine.refused(`m${added - 1}`, 'juliet@example.com', ERROR);
          else if (one === 'break') machine.broke(new Set());
          assert.equal(machine.waiting, added - Object.keys(outcomes).length);
        }
        machine.broke(new Set());
        assert.equal(machine.waiting, 0);
        assert.equal(Object.keys(outcomes).length, added);
        assert.ok(Object.values(outcomes).every((words) => words.length === 1));
      }),
      { numRuns: 300 },
    );
  });

  it('costs the same for each message, however many went before', () => {
    const { machine, outcomes, add } = barrier();
    for (let count = 0; count < 20_000; count++) {
      add(`m${count}`);
      if (count % 10 === 9) {
        machine.answered(`p${count - 10}`);
        machine.sendPing(`p${count}`);
      }
    }
    machine.answered('p19999');
    assert.equal(Object.keys(outcomes).length, 20_000);
    assert.equal(machine.waiting, 0);
  });
});
