import { noMetrics } from '../../src/base/metrics.js';
import { SipRequest, SipResponse } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import type { OpenDatagramSocket, Receive } from '../../src/wire/sip/datagram-socket.js';
import { EmbeddedSipEngine, type EmbeddedSipOptions } from '../../src/wire/sip/embedded-engine.js';
import type { FakeScheduler } from './fake-scheduler.js';
import { RecordingLog } from './recording-log.js';
import { SeededRandom } from './seeded-random.js';

const PEER = { address: '127.0.0.1', port: 5070 };

/** The embedded engine on a network that consists of one trusted peer, which is also its outbound proxy; all in memory. */
export class MemorySip {
  /** What the peer got, oldest first. */
  readonly received: Buffer[] = [];
  readonly log = new RecordingLog();
  readonly engine: EmbeddedSipEngine;
  #receive: Receive | undefined;

  constructor(scheduler: FakeScheduler, options: Partial<EmbeddedSipOptions> = {}) {
    const store = new MemoryStore();
    const open: OpenDatagramSocket = async (address, _port, receive) => {
      this.#receive = receive;
      return {
        address,
        port: 5060,
        send: (octets) => {
          this.received.push(Buffer.from(octets));
        },
        close: async () => {},
      };
    };
    this.engine = new EmbeddedSipEngine({
      options: {
        listen: ['udp:127.0.0.1:5060'],
        domains: { xmpp: ['example.com'], sip: ['example.net'] },
        registrar: { enabled: false },
        trustedPeers: [`${PEER.address}/32`],
        outboundProxy: `sip:${PEER.address}:${PEER.port};transport=udp;lr`,
        openDatagramSocket: open,
        ...options,
      },
      scheduler,
      random: new SeededRandom(7),
      log: this.log,
      metrics: noMetrics,
      dns: { cached: () => ({ kind: 'none' }), query: async () => ({ kind: 'none' }) },
      locationStore: store,
      credentialStore: store,
    });
  }

  start(): Promise<void> {
    return this.engine.start();
  }

  /** The peer sends a datagram. */
  send(octets: Uint8Array | string): void {
    if (this.#receive === undefined) throw new Error('the engine listens nowhere');
    this.#receive(Buffer.from(octets as Uint8Array), PEER.address, PEER.port);
  }

  get requests(): SipRequest[] {
    return this.#messages().filter((message) => message instanceof SipRequest);
  }

  get responses(): SipResponse[] {
    return this.#messages().filter((message) => message instanceof SipResponse);
  }

  #messages(): (SipRequest | SipResponse)[] {
    return this.received.map((octets) => {
      const parsed = parseSip(octets);
      if (!parsed.ok) throw new Error(`the engine sent what it cannot read: ${parsed.error.text}`);
      return parsed.value;
    });
  }
}
