import assert from 'node:assert/strict';
import { type SipResponse, serialize } from '../../../src/sip/message/message.js';
import {
  type ClientEvent,
  type ClientState,
  type ClientTable,
  INVITE_CLIENT,
  NON_INVITE_CLIENT,
} from '../../../src/sip/transaction/client-table.js';
import { ClientTransaction } from '../../../src/sip/transaction/client-transaction.js';
import { type TimerName, TransactionTimers } from '../../../src/sip/transaction/timers.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingOutlet } from '../../support/recording-outlet.js';
import { request, response } from '../../support/sip-messages.js';

/** A transaction with everything around it recorded. */
function begin(method: string, reliable = false) {
  const scheduler = new FakeScheduler();
  const timers = new TransactionTimers(scheduler);
  const outlet = new RecordingOutlet(reliable);
  const heard: string[] = [];
  const sent = request({ method });
  let ended = 0;
  let answered = 0;
  const home = { timers, answered: () => answered++, ended: () => ended++ };
  const user = {
    responded: (answer: SipResponse) => heard.push(String(answer.status)),
    timedOut: () => heard.push('timeout'),
    unsent: (mayHaveArrived: boolean) => heard.push(mayHaveArrived ? 'lost' : 'unsent'),
  };
  const transaction = new ClientTransaction(home, 'z9hG4bK-1', sent, serialize(sent), outlet, user);
  const fire = (event: ClientEvent): void => {
    if (event === 'start') transaction.start();
    else if (event === '1xx') transaction.receive(response(sent, 100));
    else if (event === '2xx') transaction.receive(response(sent, 200));
    else if (event === '3xx-6xx') transaction.receive(response(sent, 404));
    else if (event === 'transport error') transaction.transportFailed(false);
    else transaction.timerFired(event.slice('timer '.length) as TimerName);
  };
  return {
    scheduler,
    outlet,
    heard,
    transaction,
    fire,
    counts: () => ({ ended, answered }),
  };
}

const EVENTS: readonly ClientEvent[] = [
  'start',
  '1xx',
  '2xx',
  '3xx-6xx',
  'timer A',
  'timer B',
  'timer D',
  'timer E',
  'timer F',
  'timer K',
  'timer M',
  'transport error',
];

/** How to get into a state. */
const PATHS: Readonly<Record<string, readonly ClientEvent[]>> = {
  initial: [],
  calling: ['start'],
  trying: ['start'],
  proceeding: ['start', '1xx'],
  accepted: ['start', '2xx'],
  completed: ['start', '3xx-6xx'],
  terminated: ['start', 'transport error'],
};

/** What must be seen: the state after, what is sent (R request, A ACK), what the user hears. Absent: nothing changes. */
type Row = readonly [state: ClientState, sends: string, hears: string];

const INVITE_ROWS: Readonly<Record<string, Partial<Record<ClientEvent, Row>>>> = {
  initial: { start: ['calling', 'R', ''] },
  calling: {
    '1xx': ['proceeding', '', '100'],
    '2xx': ['accepted', '', '200'],
    '3xx-6xx': ['completed', 'A', '404'],
    'timer A': ['calling', 'R', ''],
    'timer B': ['terminated', '', 'timeout'],
    'transport error': ['terminated', '', 'unsent'],
  },
  proceeding: {
    '1xx': ['proceeding', '', '100'],
    '2xx': ['accepted', '', '200'],
    '3xx-6xx': ['completed', 'A', '404'],
  },
  accepted: { '2xx': ['accepted', '', '200'], 'timer M': ['terminated', '', ''] },
  completed: {
    '3xx-6xx': ['completed', 'A', ''],
    'timer D': ['terminated', '', ''],
    'transport error': ['terminated', '', 'unsent'],
  },
  terminated: {},
};

const NON_INVITE_ROWS: Readonly<Record<string, Partial<Record<ClientEvent, Row>>>> = {
  initial: { start: ['trying', 'R', ''] },
  trying: {
    '1xx': ['proceeding', '', '100'],
    '2xx': ['completed', '', '200'],
    '3xx-6xx': ['completed', '', '404'],
    'timer E': ['trying', 'R', ''],
    'timer F': ['terminated', '', 'timeout'],
    'transport error': ['terminated', '', 'unsent'],
  },
  proceeding: {
    '1xx': ['proceeding', '', '100'],
    '2xx': ['completed', '', '200'],
    '3xx-6xx': ['completed', '', '404'],
    'timer E': ['proceeding', 'R', ''],
    'timer F': ['terminated', '', 'timeout'],
    'transport error': ['terminated', '', 'unsent'],
  },
  completed: { 'timer K': ['terminated', '', ''] },
  terminated: {},
};

function walk(method: string, table: ClientTable, rows: typeof INVITE_ROWS): void {
  for (const state of Object.keys(rows)) {
    for (const event of EVENTS) {
      const [next, sends, hears] = rows[state]?.[event] ?? [state as ClientState, '', ''];
      it(`${state}: ${event} leads to ${next}${sends && `, sends ${sends}`}${hears && `, tells ${hears}`}`, () => {
        const { transaction, outlet, heard, fire } = begin(method);
        for (const step of PATHS[state] as readonly ClientEvent[]) fire(step);
        assert.equal(transaction.state, state);
        const sentBefore = outlet.sent.length;
        heard.length = 0;
        fire(event);
        assert.equal(transaction.state, next);
        const sent = outlet.startLines.slice(sentBefore).map((line) => (line.startsWith('ACK') ? 'A' : 'R'));
        assert.equal(sent.join(''), sends);
        assert.equal(heard.join(''), hears);
      });
    }
  }
  it('the table names no state or event beyond these', () => {
    for (const state of Object.keys(table)) {
      const events = Object.keys(table[state as ClientState] ?? {});
      assert.deepEqual(events.sort(), Object.keys(rows[state] ?? {}).sort(), state);
    }
  });
}

describe('RFC 3261 §17.1.1, RFC 6026 §7.2: INVITE client transaction', () => {
  walk('INVITE', INVITE_CLIENT, INVITE_ROWS);

  it('Timer A doubles from T1 and Timer B ends it after 64 T1', () => {
    const { transaction, outlet, heard, fire, scheduler } = begin('INVITE');
    const times: number[] = [];
    const start = scheduler.now();
    fire('start');
    for (let seen = 1, ms = 0; ms < 33_000; ms += 100) {
      scheduler.advance(100);
      if (outlet.sent.length > seen) times.push(scheduler.now() - start);
      seen = outlet.sent.length;
    }
    assert.deepEqual(times, [500, 1500, 3500, 7500, 15_500, 31_500]);
    assert.deepEqual(heard, ['timeout']);
    assert.equal(transaction.state, 'terminated');
  });

  it('over a reliable transport nothing is retransmitted and a final response ends it at once', () => {
    const { transaction, outlet, fire, scheduler, counts } = begin('INVITE', true);
    fire('start');
    scheduler.advance(10_000);
    assert.equal(outlet.sent.length, 1);
    fire('3xx-6xx');
    assert.equal(outlet.startLines.at(-1), 'ACK sip:juliet@example.com SIP/2.0');
    assert.equal(transaction.state, 'terminated');
    assert.deepEqual(counts(), { ended: 1, answered: 1 });
  });

  it('Timer D keeps a completed one for 64 T1, Timer M an accepted one', () => {
    for (const final of ['3xx-6xx', '2xx'] as const) {
      const { transaction, fire, scheduler } = begin('INVITE');
      fire('start');
      fire(final);
      scheduler.advance(31_999);
      assert.notEqual(transaction.state, 'terminated');
      scheduler.advance(1);
      assert.equal(transaction.state, 'terminated');
    }
  });

  it('the ACK has the branch of the INVITE, the To of the response and the CSeq number (RFC 3261 §17.1.1.3)', () => {
    const { outlet, fire } = begin('INVITE');
    fire('start');
    fire('3xx-6xx');
    const ack = outlet.sent.at(-1) as string;
    assert.match(ack, /^Via: SIP\/2\.0\/UDP 192\.0\.2\.1:5060;branch=z9hG4bK-1\r$/m);
    assert.match(ack, /^To: <sip:juliet@example\.com>;tag=b\r$/m);
    assert.match(ack, /^CSeq: 1 ACK\r$/m);
  });
});

describe('RFC 3261 §17.1.2: non-INVITE client transaction', () => {
  walk('MESSAGE', NON_INVITE_CLIENT, NON_INVITE_ROWS);

  const retransmissions = (provisionalAtMs: number | undefined): readonly number[] => {
    const { outlet, fire, scheduler } = begin('MESSAGE');
    const times: number[] = [];
    const start = scheduler.now();
    fire('start');
    for (let seen = 1, ms = 0; ms < 33_000; ms += 100) {
      if (ms === provisionalAtMs) fire('1xx');
      scheduler.advance(100);
      if (outlet.sent.length > seen) times.push(scheduler.now() - start);
      seen = outlet.sent.length;
    }
    return times;
  };

  it('Timer E doubles from T1 to T2 until Timer F', () => {
    assert.deepEqual(
      retransmissions(undefined),
      [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
    );
  });

  it('after a provisional response Timer E is T2', () => {
    assert.deepEqual(retransmissions(600), [500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500]);
  });

  it('Timer K keeps a completed one for T4', () => {
    const { transaction, fire, scheduler, counts, outlet } = begin('MESSAGE');
    fire('start');
    fire('2xx');
    assert.deepEqual(counts(), { ended: 0, answered: 1 });
    scheduler.advance(4999);
    assert.equal(transaction.state, 'completed');
    scheduler.advance(1);
    assert.equal(transaction.state, 'terminated');
    assert.deepEqual(counts(), { ended: 1, answered: 1 });
    assert.equal(outlet.sent.length, 1);
    assert.equal(outlet.released, 1);
  });

  it('tells whether a request that failed may have arrived', () => {
    const { transaction, fire, heard } = begin('MESSAGE', true);
    fire('start');
    transaction.transportFailed(true);
    assert.deepEqual(heard, ['lost']);
  });

  it('discarded, it says nothing and leaves no timer behind', () => {
    const { transaction, fire, heard, scheduler, counts } = begin('MESSAGE');
    fire('start');
    transaction.discard();
    scheduler.advance(60_000);
    assert.deepEqual(heard, []);
    assert.deepEqual(counts(), { ended: 1, answered: 1 });
  });
});
