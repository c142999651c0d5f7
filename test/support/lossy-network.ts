import type { Random } from '../../src/base/random.js';
import type { Scheduler } from '../../src/base/time.js';
import type { Sender } from '../../src/sip/transaction/outlet.js';
import type { DatagramSocket, OpenDatagramSocket, Receive } from '../../src/wire/sip/datagram-socket.js';

export interface Weather {
  /** Chances from 0 to 1 for each datagram. */
  readonly lost: number;
  readonly doubled: number;
  readonly delayed: number;
  /** How long a delay may last; long enough, it lets later datagrams overtake. */
  readonly maxDelayMs: number;
}

/** The network of the tests: every third datagram is lost, doubled, or delayed so that others overtake it. */
export const STORM: Weather = { lost: 0.3, doubled: 0.3, delayed: 0.3, maxDelayMs: 3000 };
export const CALM: Weather = { lost: 0, doubled: 0, delayed: 0, maxDelayMs: 0 };

/** A network in memory, on a scheduler of the test; what happens to a datagram is decided by a seeded random. */
export class LossyNetwork {
  readonly #receivers = new Map<string, Receive>();
  #nextPort = 40_000;
  /** Datagrams handed over so far. */
  delivered = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    public weather: Weather = STORM,
  ) {}

  /** For the `openDatagramSocket` options of transports. */
  readonly open: OpenDatagramSocket = async (host, port, receive) => this.bind(host, port, receive);

  bind(host: string, port: number, receive: Receive): DatagramSocket {
    const bound = port === 0 ? this.#nextPort++ : port;
    const key = `${host} ${bound}`;
    if (this.#receivers.has(key)) throw new Error(`${key} is bound already`);
    this.#receivers.set(key, receive);
    return {
      address: host,
      port: bound,
      send: (octets: Uint8Array, toPort: number, toAddress: string, _sender: Sender | undefined) =>
        this.#send(Buffer.from(octets), host, bound, `${toAddress} ${toPort}`),
      close: async () => void this.#receivers.delete(key),
    };
  }

  #send(octets: Buffer, fromAddress: string, fromPort: number, to: string): void {
    const { lost, doubled, delayed, maxDelayMs } = this.weather;
    const copies = this.random.fraction() < doubled ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.random.fraction() < lost) continue;
      const delayMs = this.random.fraction() < delayed ? this.random.fraction() * maxDelayMs : 1;
      this.scheduler.after(delayMs, () => {
        this.delivered++;
        this.#receivers.get(to)?.(Buffer.from(octets), fromAddress, fromPort);
      });
    }
  }
}
