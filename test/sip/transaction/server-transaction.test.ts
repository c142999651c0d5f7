import assert from 'node:assert/strict';
import type { SipRequest } from '../../../src/sip/message/message.js';
import {
  INVITE_SERVER,
  NON_INVITE_SERVER,
  type ServerEvent,
  type ServerState,
  type ServerTable,
} from '../../../src/sip/transaction/server-table.js';
import { ServerTransaction } from '../../../src/sip/transaction/server-transaction.js';
import { type TimerName, TransactionTimers } from '../../../src/sip/transaction/timers.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingOutlet } from '../../support/recording-outlet.js';
import { request, response } from '../../support/sip-messages.js';

/** A transaction with everything around it recorded. */
function begin(method: string, options: { reliable?: boolean; early408?: boolean } = {}) {
  const scheduler = new FakeScheduler();
  const timers = new TransactionTimers(scheduler);
  const outlet = new RecordingOutlet(options.reliable);
  const heard: string[] = [];
  const received = request({ method });
  let ended = 0;
  let answered = 0;
  const home = { timers, early408: options.early408 ?? false, answered: () => answered++, ended: () => ended++ };
  const transaction = new ServerTransaction(home, 'key', undefined, received, outlet);
  transaction.user = {
    acknowledged: (ack: SipRequest) => heard.push(ack.method),
    unacknowledged: () => heard.push('no ACK'),
    responseUnsent: () => heard.push('unsent'),
  };
  const fire = (event: ServerEvent): void => {
    if (event === 'start') transaction.start();
    else if (event === 'request') transaction.receive(received);
    else if (event === 'ACK') transaction.receive(request({ method: 'ACK' }));
    else if (event === '1xx') transaction.respond(response(received, 180));
    else if (event === '2xx') transaction.respond(response(received, 200));
    else if (event === '3xx-6xx') transaction.respond(response(received, 404));
    else if (event === 'silence') transaction.respond(response(received, 408));
    else if (event === 'transport error') transaction.transportFailed();
    else transaction.timerFired(event.slice('timer '.length) as TimerName);
  };
  return { scheduler, outlet, heard, received, transaction, fire, counts: () => ({ ended, answered }) };
}

const EVENTS: readonly ServerEvent[] = [
  'start',
  'request',
  'ACK',
  '1xx',
  '2xx',
  '3xx-6xx',
  'silence',
  'timer 100',
  'timer G',
  'timer H',
  'timer I',
  'timer J',
  'timer L',
  'transport error',
];

type Row = readonly [state: ServerState, sends: string, hears: string];
type Rows = Readonly<Record<string, Partial<Record<ServerEvent, Row>>>>;

/** RFC 3261 figure 7 with RFC 6026 figure 4; a 408 is a final response like others here. */
const INVITE_ROWS: Rows = {
  initial: { start: ['proceeding', '', ''] },
  proceeding: {
    '1xx': ['proceeding', '180', ''],
    '2xx': ['accepted', '200', ''],
    '3xx-6xx': ['completed', '404', ''],
    silence: ['completed', '408', ''],
    'timer 100': ['proceeding', '100', ''],
    'transport error': ['proceeding', '', 'unsent'],
  },
  accepted: {
    '2xx': ['accepted', '200', ''],
    ACK: ['accepted', '', 'ACK'],
    'timer L': ['terminated', '', ''],
    'transport error': ['accepted', '', 'unsent'],
  },
  completed: {
    request: ['completed', '404', ''],
    ACK: ['confirmed', '', ''],
    'timer G': ['completed', '404', ''],
    'timer H': ['terminated', '', 'no ACK'],
    'transport error': ['completed', '', 'unsent'],
  },
  confirmed: { 'timer I': ['terminated', '', ''] },
  terminated: {},
};
const INVITE_PATHS: Readonly<Record<string, readonly ServerEvent[]>> = {
  initial: [],
  proceeding: ['start'],
  accepted: ['start', '2xx'],
  completed: ['start', '3xx-6xx'],
  confirmed: ['start', '3xx-6xx', 'ACK'],
  terminated: ['start', '3xx-6xx', 'timer H'],
};

/** RFC 3261 figure 8 with RFC 4320: no provisional response but the machine's own 100, and no 408. */
const NON_INVITE_ROWS: Rows = {
  initial: { start: ['trying', '', ''] },
  trying: {
    '2xx': ['completed', '200', ''],
    '3xx-6xx': ['completed', '404', ''],
    silence: ['completed', '', ''],
    'timer 100': ['proceeding', '100', ''],
  },
  proceeding: {
    request: ['proceeding', '100', ''],
    '2xx': ['completed', '200', ''],
    '3xx-6xx': ['completed', '404', ''],
    silence: ['completed', '', ''],
    'transport error': ['proceeding', '', 'unsent'],
  },
  completed: {
    request: ['completed', '200', ''],
    'timer J': ['terminated', '', ''],
    'transport error': ['completed', '', 'unsent'],
  },
  terminated: {},
};
const NON_INVITE_PATHS: Readonly<Record<string, readonly ServerEvent[]>> = {
  initial: [],
  trying: ['start'],
  proceeding: ['start', 'timer 100'],
  completed: ['start', '2xx'],
  terminated: ['start', '2xx', 'timer J'],
};

function walk(method: string, table: ServerTable, rows: Rows, paths: typeof INVITE_PATHS): void {
  for (const state of Object.keys(rows)) {
    for (const event of EVENTS) {
      const [next, sends, hears] = rows[state]?.[event] ?? [state as ServerState, '', ''];
      it(`${state}: ${event} leads to ${next}${sends && `, sends ${sends}`}${hears && `, tells ${hears}`}`, () => {
        const { transaction, outlet, heard, fire } = begin(method);
        for (const step of paths[state] as readonly ServerEvent[]) fire(step);
        assert.equal(transaction.state, state);
        const sentBefore = outlet.sent.length;
        heard.length = 0;
        fire(event);
        assert.equal(transaction.state, next);
        assert.equal(
          outlet.startLines
            .slice(sentBefore)
            .map((line) => line.split(' ')[1])
            .join(''),
          sends,
        );
        assert.equal(heard.join(''), hears);
      });
    }
  }
  it('the table names no state beyond these', () => {
    assert.deepEqual(
      Object.keys(table).sort(),
      Object.keys(rows)
        .filter((state) => state !== 'terminated')
        .sort(),
    );
  });
}

describe('RFC 3261 §17.2.1, RFC 6026 §7.1: INVITE server transaction', () => {
  walk('INVITE', INVITE_SERVER, INVITE_ROWS, INVITE_PATHS);

  it('says 100 after 200 ms unless answered before', () => {
    const { outlet, fire, scheduler } = begin('INVITE');
    fire('start');
    scheduler.advance(199);
    assert.equal(outlet.sent.length, 0);
    scheduler.advance(1);
    assert.deepEqual(outlet.startLines, ['SIP/2.0 100 Trying']);
    const answered = begin('INVITE');
    answered.fire('start');
    answered.fire('1xx');
    answered.scheduler.advance(1000);
    assert.deepEqual(answered.outlet.startLines, ['SIP/2.0 180 Ringing']);
  });

  it('Timer G doubles from T1 to T2 until Timer H', () => {
    const { outlet, fire, scheduler, heard } = begin('INVITE');
    const times: number[] = [];
    const start = scheduler.now();
    fire('start');
    fire('3xx-6xx');
    for (let seen = 1, ms = 0; ms < 33_000; ms += 100) {
      scheduler.advance(100);
      if (outlet.sent.length > seen) times.push(scheduler.now() - start);
      seen = outlet.sent.length;
    }
    assert.deepEqual(times, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert.deepEqual(heard, ['no ACK']);
  });

  it('Timer I keeps a confirmed one for T4, and a reliable transport not at all', () => {
    const { transaction, fire, scheduler } = begin('INVITE');
    for (const event of ['start', '3xx-6xx', 'ACK'] as const) fire(event);
    scheduler.advance(4999);
    assert.equal(transaction.state, 'confirmed');
    scheduler.advance(1);
    assert.equal(transaction.state, 'terminated');
    const reliable = begin('INVITE', { reliable: true });
    for (const event of ['start', '3xx-6xx', 'ACK'] as const) reliable.fire(event);
    assert.equal(reliable.transaction.state, 'terminated');
  });
});

describe('RFC 3261 §17.2.2: non-INVITE server transaction', () => {
  walk('MESSAGE', NON_INVITE_SERVER, NON_INVITE_ROWS, NON_INVITE_PATHS);

  it('a retransmission in Trying is met with silence, in Completed with the same octets', () => {
    const { outlet, fire, received, transaction } = begin('MESSAGE');
    fire('start');
    fire('request');
    assert.equal(outlet.sent.length, 0);
    transaction.respond(response(received, 202));
    fire('request');
    assert.equal(outlet.sent.length, 2);
    assert.equal(outlet.sent[0], outlet.sent[1]);
  });

  it('a second final response is not sent', () => {
    const { outlet, fire, received, transaction } = begin('MESSAGE');
    fire('start');
    assert.equal(transaction.respond(response(received, 200)), true);
    assert.equal(transaction.respond(response(received, 500)), false);
    assert.equal(outlet.sent.length, 1);
  });

  it('Timer J keeps the answer for 64 T1 over UDP', () => {
    const { transaction, fire, scheduler, counts } = begin('MESSAGE');
    fire('start');
    fire('2xx');
    assert.deepEqual(counts(), { ended: 0, answered: 1 });
    scheduler.advance(31_999);
    assert.equal(transaction.state, 'completed');
    scheduler.advance(1);
    assert.equal(transaction.state, 'terminated');
    assert.deepEqual(counts(), { ended: 1, answered: 1 });
  });

  it('and not at all over TCP', () => {
    const { transaction, fire } = begin('MESSAGE', { reliable: true });
    fire('start');
    fire('2xx');
    assert.equal(transaction.state, 'terminated');
  });
});

describe('RFC 4320 §4: non-INVITE without 408 and with a late 100', () => {
  for (const reliable of [false, true]) {
    it(`says 100 after 3.5 s and not before (${reliable ? 'TCP' : 'UDP'})`, () => {
      const { outlet, fire, scheduler } = begin('MESSAGE', { reliable });
      fire('start');
      scheduler.advance(3499);
      assert.equal(outlet.sent.length, 0);
      scheduler.advance(1);
      assert.deepEqual(outlet.startLines, ['SIP/2.0 100 Trying']);
    });
  }

  it('never sends 408, and stays silent to retransmissions', () => {
    const { outlet, fire, received, transaction } = begin('MESSAGE');
    fire('start');
    assert.equal(transaction.respond(response(received, 408)), false);
    fire('request');
    assert.equal(outlet.sent.length, 0);
    assert.equal(transaction.state, 'completed');
  });

  it('with early408 a 408 goes out while no 100 did', () => {
    const { outlet, fire, received, transaction } = begin('MESSAGE', { early408: true });
    fire('start');
    assert.equal(transaction.respond(response(received, 408)), true);
    assert.deepEqual(outlet.startLines, ['SIP/2.0 408 Request Timeout']);
  });

  it('with early408 a 408 after the 100 is kept back', () => {
    const { outlet, fire, received, transaction, scheduler } = begin('MESSAGE', { early408: true });
    fire('start');
    scheduler.advance(3500);
    assert.equal(transaction.respond(response(received, 408)), false);
    assert.deepEqual(outlet.startLines, ['SIP/2.0 100 Trying']);
  });
});
