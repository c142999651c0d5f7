import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A connection on which a test writes whatever it likes, and reads text. */
export class RawXmpp {
  #socket: Socket;
  #text = '';
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  static open(port: number): Promise<RawXmpp> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(new RawXmpp(socket)));
      socket.once('error', reject);
    });
  }

  /** Everything since the connection, or TLS, was opened. */
  get text(): string {
    return this.#text;
  }

  write(text: string | Buffer): void {
    this.#socket.write(text);
  }

  /** Writes each octet as a segment of its own, as far as the network goes along. */
  async writeSlowly(text: string): Promise<void> {
    for (const octet of Buffer.from(text)) {
      await new Promise<void>((resolve) => this.#socket.write(Buffer.of(octet), () => resolve()));
    }
  }

  /** Resolves when `text` has been read. */
  async until(text: string): Promise<void> {
    while (!this.#text.includes(text)) {
      if (this.#closed) throw new Error(`closed before ${text}: ${this.#text}`);
      await this.#change();
    }
  }

  /** Everything that was read until the server closed the connection. */
  async untilClosed(): Promise<string> {
    while (!this.#closed) await this.#change();
    return this.#text;
  }

  /** Starts TLS and forgets what was read. */
  startTls(): Promise<void> {
    const clear = this.#socket;
    clear.removeAllListeners();
    this.#text = '';
    return new Promise((resolve, reject) => {
      const secure = connectTls({ socket: clear, rejectUnauthorized: false, servername: 'example.com' }, resolve);
      secure.once('error', reject);
      this.#socket = secure;
      this.#listen();
    });
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
