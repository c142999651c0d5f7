/** A SIP server that answers every MESSAGE with a 200 at little cost, and reads the number in its body. */
import { createSocket, type Socket } from 'node:dgram';
import { readNumber } from './load.js';

const BODY = '\r\n\r\n#';

export class SipSink {
  /** False: says nothing, so that transactions stay open. */
  answers = true;
  #received = 0;

  private constructor(private readonly socket: Socket) {}

  /** `take` hears the number of each message, retransmissions included. */
  static async open(take: (number: number) => void, port = 0): Promise<SipSink> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
    await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
    const sink = new SipSink(socket);
    socket.on('message', (octets, from) => {
      sink.#received++;
      if (sink.answers) socket.send(okFor(octets), from.port, '127.0.0.1');
      take(readNumber(octets, octets.indexOf(BODY, 0, 'latin1') + BODY.length, 8));
    });
    return sink;
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Datagrams that came. */
  get received(): number {
    return this.#received;
  }

  close(): void {
    this.socket.close();
  }
}

/** RFC 3261 §8.2.6.2, for requests of a well-behaved peer. */
function okFor(octets: Buffer): Buffer {
  const head = octets.toString('latin1', 0, octets.indexOf('\r\n\r\n', 0, 'latin1') + 2);
  let text = 'SIP/2.0 200 OK\r\n';
  for (let start = head.indexOf('\r\n') + 2; start < head.length; ) {
    const end = head.indexOf('\r\n', start) + 2;
    if (head.startsWith('To:', start)) text += `${head.slice(start, end - 2)};tag=sink\r\n`;
    else if (isEchoed(head, start)) text += head.slice(start, end);
    start = end;
  }
  return Buffer.from(`${text}Content-Length: 0\r\n\r\n`, 'latin1');
}

function isEchoed(head: string, start: number): boolean {
  return ['Via:', 'From:', 'Call-ID:', 'CSeq:'].some((name) => head.startsWith(name, start));
}
