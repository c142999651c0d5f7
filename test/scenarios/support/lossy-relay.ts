/** A stretch of UDP between phones and the gateway on which datagrams get lost, doubled, delayed and overtaken. */
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../../src/base/random.js';
import { CALM, type Weather } from '../../support/lossy-network.js';

export class LossyRelay {
  weather: Weather = CALM;
  /** Datagrams that were lost, doubled and delayed. */
  readonly fates = { lost: 0, doubled: 0, delayed: 0 };
  readonly #front: Socket;
  /** Towards the gateway, one for each phone. */
  readonly #backs = new Map<string, Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(
    front: Socket,
    private readonly gatewayPort: number,
    private readonly random: Random,
  ) {
    this.#front = front;
    front.on('message', (octets, from) => this.#toGateway(octets, from.port, from.address));
  }

  static async open(gatewayPort: number, random: Random): Promise<LossyRelay> {
    return new LossyRelay(await boundSocket(), gatewayPort, random);
  }

  /** Where phones find the gateway. */
  get port(): number {
    return (this.#front.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const sockets = [this.#front, ...this.#backs.values()];
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  #toGateway(octets: Buffer, port: number, address: string): void {
    const key = `${address} ${port}`;
    const known = this.#backs.get(key);
    const pass = (back: Socket) => this.#pass(() => back.send(octets, this.gatewayPort, '127.0.0.1'));
    if (known !== undefined) {
      pass(known);
      return;
    }
    const back = createSocket('udp4');
    this.#backs.set(key, back);
    back.on('message', (answer) => this.#pass(() => this.#front.send(answer, port, address)));
    back.bind(0, '127.0.0.1', () => pass(back));
  }

  #pass(send: () => void): void {
    const { lost, doubled, delayed, maxDelayMs } = this.weather;
    const copies = this.random.fraction() < doubled ? 2 : 1;
    this.fates.doubled += copies - 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.random.fraction() < lost) {
        this.fates.lost++;
      } else if (this.random.fraction() < delayed) {
        this.fates.delayed++;
        this.#later(send, this.random.fraction() * maxDelayMs);
      } else send();
    }
  }

  #later(send: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      send();
    }, delayMs);
    this.#timers.add(timer);
  }
}

async function boundSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}
