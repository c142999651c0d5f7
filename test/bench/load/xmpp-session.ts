/** A client session that costs little: logs in over STARTTLS with PLAIN, then gives and takes octets as they are. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface XmppSessionOptions {
  readonly port: number;
  readonly domain: string;
  readonly local: string;
  readonly password: string;
  readonly resource: string;
}

export class XmppSession {
  private constructor(private readonly socket: Socket) {}

  /** Resolves when the session is bound and has sent its presence. */
  static async open(options: XmppSessionOptions): Promise<XmppSession> {
    const { domain, local, password, resource } = options;
    const header = `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
    const plain = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    await exchange(plain, header, '</stream:features>');
    await exchange(plain, `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, '<proceed');
    // the server's certificate was made a moment ago for this run: there is nobody to vouch for it
    const socket = connectTls({ socket: plain, rejectUnauthorized: false });
    await exchange(socket, header, '</stream:features>');
    const initial = Buffer.from(`\0${local}\0${password}`).toString('base64');
    await exchange(
      socket,
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${initial}</auth>`,
      '<success',
    );
    await exchange(socket, header, '</stream:features>');
    await exchange(
      socket,
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`,
      '</iq>',
    );
    socket.write('<presence/>');
    return new XmppSession(socket);
  }

  onData(take: (chunk: Buffer) => void): void {
    this.socket.on('data', take);
  }

  write(xml: string): void {
    this.socket.write(xml);
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Writes `xml` and waits for an answer that holds `mark`. */
export function exchange(socket: Socket, xml: string, mark: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (act: () => void) => {
      socket.off('data', take);
      socket.off('error', reject);
      socket.off('close', closed);
      act();
    };
    const take = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes(mark)) settle(() => resolve(text));
    };
    const closed = () => settle(() => reject(new Error(`instead of ${mark} the connection closed after ${text}`)));
    socket.on('data', take);
    socket.once('error', reject);
    socket.once('close', closed);
    socket.write(xml);
  });
}
