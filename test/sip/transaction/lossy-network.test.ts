import assert from 'node:assert/strict';
import { noMetrics } from '../../../src/base/metrics.js';
import type { Random } from '../../../src/base/random.js';
import { responseTo, SipRequest, type SipResponse, serialize } from '../../../src/sip/message/message.js';
import type { Outlet, ReplyOutlet, Sender } from '../../../src/sip/transaction/outlet.js';
import { TransactionLayer } from '../../../src/sip/transaction/transaction-layer.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { LossyNetwork } from '../../support/lossy-network.js';
import { SeededRandom } from '../../support/seeded-random.js';
import { read, request } from '../../support/sip-messages.js';

const REQUESTS = 12;

interface Run {
  /** How each request ended, by its number. */
  readonly ends: string[][];
  /** How often each was served. */
  readonly served: number[];
  readonly scheduler: FakeScheduler;
  readonly client: TransactionLayer;
  readonly server: TransactionLayer;
}

/** A client sends requests to a server that takes its time; datagrams are lost, doubled, delayed and overtaken. */
function storm(seed: number): Run {
  const scheduler = new FakeScheduler();
  const random: Random = new SeededRandom(seed);
  const network = new LossyNetwork(scheduler, random);
  const client = new TransactionLayer(scheduler, noMetrics);
  const server = new TransactionLayer(scheduler, noMetrics);
  const ends: string[][] = Array.from({ length: REQUESTS }, () => []);
  const served = new Array<number>(REQUESTS).fill(0);

  const serverSocket = network.bind('192.0.2.9', 5060, (octets, address, port) => {
    const received = read(octets);
    assert.ok(received instanceof SipRequest);
    const reply: ReplyOutlet = {
      reliable: false,
      stamp() {},
      send: (answer, sender) => serverSocket.send(answer, port, address, sender),
    };
    const arrival = server.takeRequest(received, reply);
    if (typeof arrival === 'string') return;
    const number = received.cseq.number;
    served[number]!++;
    scheduler.after(random.fraction() * 6000, () => {
      arrival.respond(responseTo(received, number % 3 === 0 ? 404 : 200, { toTag: `t${number}` }));
    });
  });
  const clientSocket = network.bind('192.0.2.1', 5060, (octets) => {
    client.takeResponse(read(octets) as SipResponse);
  });
  const outlet: Outlet = {
    reliable: false,
    send: (octets: Uint8Array, sender: Sender) => clientSocket.send(octets, 5060, '192.0.2.9', sender),
    release() {},
  };
  for (let number = 0; number < REQUESTS; number++) {
    const branch = `z9hG4bK-${number}`;
    const sent = request({ branch, cseq: number, callId: `call-${number}` });
    const heard = ends[number]!;
    scheduler.after(random.fraction() * 1000, () => {
      client.send(sent, branch, serialize(sent), outlet, {
        responded: (response) => {
          if (response.status >= 200) heard.push(String(response.status));
        },
        timedOut: () => heard.push('timeout'),
        unsent: () => heard.push('unsent'),
      });
    });
  }
  scheduler.advance(120_000);
  return { ends, served, scheduler, client, server };
}

describe('transactions over a network that loses, doubles, delays and reorders', () => {
  it('in 200 storms every request ends exactly once, and none is served twice', () => {
    let answered = 0;
    let timeouts = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { ends, served } = storm(seed);
      for (let number = 0; number < REQUESTS; number++) {
        const end = ends[number]!;
        assert.equal(end.length, 1, `seed ${seed}, request ${number}: ended with ${end.join(', ') || 'nothing'}`);
        assert.ok(served[number]! <= 1, `seed ${seed}, request ${number}: served ${served[number]} times`);
        if (end[0] === 'timeout') timeouts++;
        else {
          answered++;
          assert.equal(served[number], 1);
          assert.equal(end[0], number % 3 === 0 ? '404' : '200');
        }
      }
    }
    // eleven tries, of which about half get through and back, leave very few without an answer
    assert.ok(answered > 0.97 * 200 * REQUESTS, `only ${answered} were answered`);
    assert.equal(answered + timeouts, 200 * REQUESTS);
  });

  it('afterwards no transaction and no timer is left', () => {
    const { client, server, scheduler } = storm(7);
    assert.deepEqual([client.openClients, client.lingeringClients], [0, 0]);
    assert.deepEqual([server.openServers, server.lingeringServers], [0, 0]);
    assert.equal(scheduler.pending, 0);
  });
});
