/** A SIP client that sends MESSAGE requests over UDP at little cost: ready-made datagrams in which only numbers change. */
import { createSocket, type Socket } from 'node:dgram';
import { type Load, offsetsOf, readNumber, type Source, writeNumber } from './load.js';

export interface SipSourceOptions {
  readonly port: number;
  readonly window: number;
  /** Senders are `user0@…`, `user1@…` and so on, one a slot, so many at most. */
  readonly senders: number;
  readonly fromDomain: string;
  /** The addressee, as in `juliet@example.com`. */
  readonly to: string;
}

const NUMBER = '@@@@@@@@';
const T1_MS = 500;
const SLOT_DIGITS = 4;

export class SipSource implements Source {
  readonly endsWith = 'answer';
  /** Hears of each message that was answered with success. */
  onSuccess: (number: number) => void = () => {};
  readonly #slots: Slot[] = [];

  private constructor(
    private readonly socket: Socket,
    private readonly load: Load,
  ) {
    socket.on('message', (octets) => this.#response(octets));
  }

  static async open(load: Load, options: SipSourceOptions): Promise<SipSource> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => socket.connect(options.port, '127.0.0.1', resolve));
    const source = new SipSource(socket, load);
    for (let slot = 0; slot < options.window; slot++) {
      source.#slots.push(new Slot(template(options, socket.address().port, slot)));
    }
    return source;
  }

  send(slot: number, number: number): void {
    const entry = this.#slots[slot] as Slot;
    entry.take(number);
    this.socket.send(entry.octets);
  }

  /** RFC 3261 §17.1.2.2: at T1, then twice as long each time up to 4 s. */
  retransmit(now: number): number {
    let count = 0;
    for (const slot of this.#slots) {
      if (!slot.open || now < slot.resendAt) continue;
      slot.intervalMs = Math.min(2 * slot.intervalMs, 4000);
      slot.resendAt = now + slot.intervalMs;
      this.socket.send(slot.octets);
      count++;
    }
    return count;
  }

  close(): void {
    this.socket.close();
  }

  #response(octets: Buffer): void {
    const branch = octets.indexOf('z9hG4bK', 0, 'latin1') + 7;
    const slot = readNumber(octets, branch, SLOT_DIGITS);
    const entry = this.#slots[slot];
    if (entry === undefined || !entry.open || readNumber(octets, branch + SLOT_DIGITS, 8) !== entry.number) return;
    const statusClass = octets[8];
    if (statusClass === 0x31) return;
    entry.open = false;
    if (statusClass === 0x32) this.onSuccess(entry.number);
    else this.load.refuse();
    this.load.release(slot);
  }
}

class Slot {
  readonly octets: Buffer;
  readonly #offsets: readonly number[];
  number = 0;
  open = false;
  resendAt = 0;
  intervalMs = T1_MS;

  constructor(text: string) {
    this.octets = Buffer.from(text, 'latin1');
    this.#offsets = offsetsOf(text, NUMBER);
  }

  take(number: number): void {
    for (const offset of this.#offsets) writeNumber(this.octets, offset, number);
    this.number = number;
    this.open = true;
    this.intervalMs = T1_MS;
    this.resendAt = performance.now() + T1_MS;
  }
}

function template(options: SipSourceOptions, localPort: number, slot: number): string {
  const from = `user${slot % options.senders}@${options.fromDomain}`;
  const slotText = slot.toString(16).padStart(SLOT_DIGITS, '0');
  const body = `#${NUMBER} Art thou not Romeo, and a Montague?`;
  return [
    `MESSAGE sip:${options.to} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${localPort};branch=z9hG4bK${slotText}${NUMBER};rport`,
    'Max-Forwards: 70',
    `From: <sip:${from}>;tag=${NUMBER}`,
    `To: <sip:${options.to}>`,
    `Call-ID: ${NUMBER}-${localPort}@127.0.0.1`,
    'CSeq: 1 MESSAGE',
    'Content-Type: text/plain;charset=UTF-8',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
