import assert from 'node:assert/strict';
import { noMetrics } from '../../../src/base/metrics.js';
import { type SipRequest, type SipResponse, serialize } from '../../../src/sip/message/message.js';
import type { ClientUser } from '../../../src/sip/transaction/client-transaction.js';
import type { ServerTransaction } from '../../../src/sip/transaction/server-transaction.js';
import {
  type Arrival,
  TransactionLayer,
  type TransactionOptions,
} from '../../../src/sip/transaction/transaction-layer.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingOutlet } from '../../support/recording-outlet.js';
import { request, response } from '../../support/sip-messages.js';

function layer(options: TransactionOptions = {}) {
  const scheduler = new FakeScheduler();
  return { scheduler, layer: new TransactionLayer(scheduler, noMetrics, options) };
}

function opened(arrival: Arrival): ServerTransaction {
  assert.ok(typeof arrival === 'object', `a transaction was expected, not ${String(arrival)}`);
  return arrival;
}

class RecordingUser implements ClientUser {
  readonly heard: string[] = [];

  responded(answer: SipResponse): void {
    this.heard.push(String(answer.status));
  }

  timedOut(): void {
    this.heard.push('timeout');
  }

  unsent(): void {
    this.heard.push('unsent');
  }
}

function send(to: TransactionLayer, sent: SipRequest, branch: string, user: ClientUser, reliable = false): boolean {
  return to.send(sent, branch, serialize(sent), new RecordingOutlet(reliable), user);
}

describe('RFC 3261 §17.2.3: matching requests to server transactions', () => {
  const first = request({ branch: 'z9hG4bK-x' });
  for (const [what, second, expected] of [
    ['the same branch, sent-by and method', request({ branch: 'z9hG4bK-x' }), 'absorbed'],
    ['another branch', request({ branch: 'z9hG4bK-y', callId: 'other' }), 'new'],
    ['another sent-by', request({ via: 'SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-x', callId: 'other' }), 'new'],
    [
      'another port in sent-by',
      request({ via: 'SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-x', callId: 'other' }),
      'new',
    ],
    ['another method', request({ branch: 'z9hG4bK-x', method: 'OPTIONS' }), 'new'],
  ] as const) {
    it(`${what}: ${expected}`, () => {
      const { layer: server } = layer();
      opened(server.takeRequest(first, new RecordingOutlet()));
      const arrival = server.takeRequest(second, new RecordingOutlet());
      assert.equal(typeof arrival === 'object' ? 'new' : arrival, expected);
    });
  }

  it('an ACK for a failure goes to its INVITE, one for nothing is a stray', () => {
    const { layer: server } = layer();
    const invite = request({ method: 'INVITE' });
    const transaction = opened(server.takeRequest(invite, new RecordingOutlet()));
    transaction.respond(response(invite, 486));
    assert.equal(server.takeRequest(request({ method: 'ACK' }), new RecordingOutlet()), 'absorbed');
    assert.equal(transaction.state, 'confirmed');
    assert.equal(
      server.takeRequest(request({ method: 'ACK', branch: 'z9hG4bK-z' }), new RecordingOutlet()),
      'stray-ack',
    );
  });

  it('a CANCEL finds the request that has its branch', () => {
    const { layer: server } = layer();
    const transaction = opened(server.takeRequest(request({ method: 'MESSAGE' }), new RecordingOutlet()));
    assert.equal(server.cancelTarget(request({ method: 'CANCEL' }), ['INVITE', 'MESSAGE']), transaction);
    assert.equal(server.cancelTarget(request({ method: 'CANCEL', branch: 'z9hG4bK-z' }), ['MESSAGE']), undefined);
  });

  describe('without the magic cookie (RFC 2543)', () => {
    const old = { via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=1' };
    for (const [what, parts, expected] of [
      ['all the same', {}, 'absorbed'],
      ['another Call-ID', { callId: 'other' }, 'new'],
      ['another CSeq', { cseq: 2 }, 'new'],
      ['another From tag', { fromTag: 'z' }, 'new'],
      ['another Request-URI', { requestUri: 'sip:nurse@example.com' }, 'new'],
      ['another top Via', { via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=2' }, 'merged'],
    ] as const) {
      it(`${what}: ${expected}`, () => {
        const { layer: server } = layer();
        opened(server.takeRequest(request(old), new RecordingOutlet()));
        const arrival = server.takeRequest(request({ ...old, ...parts }), new RecordingOutlet());
        assert.equal(typeof arrival === 'object' ? 'new' : arrival, expected);
      });
    }

    it('the ACK matches though its To carries our tag', () => {
      const { layer: server } = layer();
      const invite = request({ ...old, method: 'INVITE' });
      const transaction = opened(server.takeRequest(invite, new RecordingOutlet()));
      transaction.respond(response(invite, 486));
      const ack = request({ ...old, method: 'ACK', to: '<sip:juliet@example.com>;tag=b' });
      assert.equal(server.takeRequest(ack, new RecordingOutlet()), 'absorbed');
      assert.equal(transaction.state, 'confirmed');
    });
  });
});

describe('RFC 3261 §8.2.2.2: merged requests', () => {
  it('a copy by another path is merged as long as the first has its transaction', () => {
    const { layer: server, scheduler } = layer();
    const first = request();
    const copy = request({ branch: 'z9hG4bK-2' });
    const transaction = opened(server.takeRequest(first, new RecordingOutlet()));
    assert.equal(server.takeRequest(copy, new RecordingOutlet()), 'merged');
    transaction.respond(response(first, 200));
    assert.equal(server.takeRequest(copy, new RecordingOutlet()), 'merged');
    scheduler.advance(32_000);
    opened(server.takeRequest(copy, new RecordingOutlet()));
  });

  for (const [what, parts] of [
    ['another From tag', { fromTag: 'z' }],
    ['another CSeq', { cseq: 2 }],
    ['another Call-ID', { callId: 'other' }],
    ['a To tag', { to: '<sip:juliet@example.com>;tag=b' }],
    ['another method', { method: 'OPTIONS' }],
    ['another Request-URI: a proxy forked it to two of our users', { requestUri: 'sip:nurse@example.com' }],
  ] as const) {
    it(`${what} makes it a request of its own`, () => {
      const { layer: server } = layer();
      opened(server.takeRequest(request(), new RecordingOutlet()));
      opened(server.takeRequest(request({ branch: 'z9hG4bK-2', ...parts }), new RecordingOutlet()));
    });
  }
});

describe('RFC 3261 §17.1.3: matching responses to client transactions', () => {
  it('by branch and method of CSeq', () => {
    const { layer: client } = layer();
    const user = new RecordingUser();
    const sent = request();
    assert.equal(send(client, sent, 'z9hG4bK-1', user), true);
    assert.equal(client.takeResponse(response(request({ branch: 'z9hG4bK-2' }), 200)), false);
    assert.equal(client.takeResponse(response(request({ method: 'OPTIONS' }), 200)), false);
    assert.equal(client.takeResponse(response(request({ method: 'CANCEL' }), 200)), false);
    assert.deepEqual(user.heard, []);
    assert.equal(client.takeResponse(response(sent, 200)), true);
    assert.deepEqual(user.heard, ['200']);
  });

  it('a CANCEL and its INVITE share the branch, and each gets its own response', () => {
    const { layer: client } = layer();
    const inviting = new RecordingUser();
    const cancelling = new RecordingUser();
    const invite = request({ method: 'INVITE' });
    const cancel = request({ method: 'CANCEL' });
    send(client, invite, 'z9hG4bK-1', inviting);
    send(client, cancel, 'z9hG4bK-1', cancelling);
    client.takeResponse(response(cancel, 200));
    client.takeResponse(response(invite, 487));
    assert.deepEqual([inviting.heard, cancelling.heard], [['487'], ['200']]);
  });

  it('a retransmitted response is taken and not passed on', () => {
    const { layer: client } = layer();
    const user = new RecordingUser();
    const sent = request();
    send(client, sent, 'z9hG4bK-1', user);
    client.takeResponse(response(sent, 200));
    assert.equal(client.takeResponse(response(sent, 200)), true);
    assert.deepEqual(user.heard, ['200']);
  });
});

describe('bounds of the transaction layer', () => {
  it('open server transactions are bounded, and answering makes room', () => {
    const { layer: server } = layer({ maxOpen: 2 });
    const requests = [1, 2, 3].map((n) => request({ branch: `z9hG4bK-${n}`, callId: `call-${n}` }));
    const first = opened(server.takeRequest(requests[0]!, new RecordingOutlet()));
    opened(server.takeRequest(requests[1]!, new RecordingOutlet()));
    assert.equal(server.takeRequest(requests[2]!, new RecordingOutlet()), 'overload');
    assert.equal(server.takeRequest(requests[1]!, new RecordingOutlet()), 'absorbed');
    first.respond(response(requests[0]!, 200));
    opened(server.takeRequest(requests[2]!, new RecordingOutlet()));
  });

  it('open client transactions are bounded', () => {
    const { layer: client } = layer({ maxOpen: 1 });
    const sent = request();
    const user = new RecordingUser();
    assert.equal(send(client, sent, 'z9hG4bK-1', user), true);
    assert.equal(send(client, request({ branch: 'z9hG4bK-2' }), 'z9hG4bK-2', user), false);
    client.takeResponse(response(sent, 200));
    assert.equal(send(client, request({ branch: 'z9hG4bK-2' }), 'z9hG4bK-2', user), true);
  });

  it('of those that linger the oldest is forgotten first', () => {
    const { layer: server, scheduler } = layer({ maxLingering: 2 });
    const requests = [1, 2, 3].map((n) => request({ branch: `z9hG4bK-${n}`, callId: `call-${n}` }));
    for (const each of requests) {
      opened(server.takeRequest(each, new RecordingOutlet())).respond(response(each, 200));
      scheduler.advance(10);
    }
    assert.equal(server.lingeringServers, 2);
    assert.equal(server.takeRequest(requests[2]!, new RecordingOutlet()), 'absorbed');
    assert.equal(server.takeRequest(requests[1]!, new RecordingOutlet()), 'absorbed');
    opened(server.takeRequest(requests[0]!, new RecordingOutlet()));
  });

  it('and their octets are bounded: a stranger may write a branch of many kilobytes', () => {
    const { layer: server, scheduler } = layer({ maxLingeringOctets: 100_000 });
    for (let n = 0; n < 20; n++) {
      const each = request({ branch: `z9hG4bK-${n}${'x'.repeat(10_000)}`, callId: `call-${n}` });
      opened(server.takeRequest(each, new RecordingOutlet())).respond(response(each, 403));
      scheduler.advance(10);
    }
    assert.ok(server.lingeringServers >= 2 && server.lingeringServers <= 5, `${server.lingeringServers} linger`);
    scheduler.advance(32_000);
    const small = request({ branch: 'z9hG4bK-small', callId: 'small' });
    opened(server.takeRequest(small, new RecordingOutlet())).respond(response(small, 403));
    assert.equal(server.lingeringServers, 1);
  });

  it('nothing is left behind when everything has ended', () => {
    const { layer: both, scheduler } = layer();
    const sent = request();
    send(both, sent, 'z9hG4bK-1', new RecordingUser());
    both.takeResponse(response(sent, 200));
    const received = request({ branch: 'z9hG4bK-2' });
    opened(both.takeRequest(received, new RecordingOutlet())).respond(response(received, 200));
    assert.deepEqual([both.lingeringClients, both.lingeringServers], [1, 1]);
    scheduler.advance(64_000);
    assert.deepEqual([both.lingeringClients, both.lingeringServers, scheduler.pending], [0, 0, 0]);
  });

  it('many transactions share a few timers of the scheduler', () => {
    const { layer: both, scheduler } = layer();
    for (let n = 0; n < 100; n++) {
      const branch = `z9hG4bK-${n}`;
      send(both, request({ branch }), branch, new RecordingUser());
      both.takeRequest(request({ branch, callId: `call-${n}` }), new RecordingOutlet());
    }
    assert.ok(scheduler.pending <= 3, `${scheduler.pending} timers`);
  });
});

describe('the end of a transaction layer', () => {
  it('not accepting, it refuses new requests and still absorbs retransmissions', () => {
    const { layer: server } = layer();
    opened(server.takeRequest(request(), new RecordingOutlet()));
    server.accepting = false;
    assert.equal(server.takeRequest(request(), new RecordingOutlet()), 'absorbed');
    assert.equal(server.takeRequest(request({ branch: 'z9hG4bK-2', cseq: 2 }), new RecordingOutlet()), 'overload');
  });

  it('tells when nothing is open any more', () => {
    const { layer: both } = layer();
    const sent = request();
    send(both, sent, 'z9hG4bK-1', new RecordingUser());
    const received = request({ branch: 'z9hG4bK-2' });
    const transaction = opened(both.takeRequest(received, new RecordingOutlet()));
    let idle = 0;
    both.whenIdle(() => idle++);
    both.takeResponse(response(sent, 200));
    assert.equal(idle, 0);
    transaction.respond(response(received, 200));
    assert.equal(idle, 1);
  });

  it('closing ends what waits, once, and leaves no timer', () => {
    const { layer: both, scheduler } = layer();
    const user = new RecordingUser();
    send(both, request(), 'z9hG4bK-1', user);
    opened(both.takeRequest(request({ branch: 'z9hG4bK-2' }), new RecordingOutlet()));
    both.close();
    assert.deepEqual(user.heard, ['unsent']);
    assert.deepEqual([both.openClients, both.openServers, scheduler.pending], [0, 0, 0]);
  });
});
