/** A small SIP user agent for demonstrations and tests: registers, sends MESSAGE requests and answers them (RFC 3261, RFC 3428). */
import { noMetrics } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import type { Scheduler } from '../../base/time.js';
import { DIGEST_HASHES, type DigestHash, digestHa1 } from '../../sip/auth/digest.js';
import { type ClientCredentials, DigestClient, type HeaderLine } from '../../sip/auth/digest-client.js';
import type { SipAnswer } from '../../sip/engine.js';
import { bracketed } from '../../sip/locate/address.js';
import type { Hop, HopTransport } from '../../sip/locate/locate.js';
import { HeaderFields, responseTo, SipRequest, type SipResponse, serialize } from '../../sip/message/message.js';
import { Uri } from '../../sip/message/uri.js';
import { MAGIC_COOKIE } from '../../sip/transaction/matching.js';
import type { TimerOptions } from '../../sip/transaction/timers.js';
import { TransactionLayer } from '../../sip/transaction/transaction-layer.js';
import { SystemScheduler } from '../clock.js';
import { SystemRandom } from '../random.js';
import type { OpenDatagramSocket } from './datagram-socket.js';
import { type Source, TransportLayer } from './transport-layer.js';

export interface SipUserAgentOptions {
  /** As in `sip:romeo@example.net`. */
  readonly aor: string;
  /** For challenges; the user name is that of the AOR. */
  readonly password?: string;
  /** Digest algorithms that this agent understands; default: all. Old phones know MD5 alone. */
  readonly algorithms?: readonly DigestHash[];
  /** Where everything is sent. */
  readonly registrar: { readonly host: string; readonly port: number; readonly transport: HopTransport };
  /** As in `udp:127.0.0.1:0`; default: a free port of the loopback address, over the registrar's transport. */
  readonly listen?: string;
  readonly scheduler?: Scheduler;
  readonly random?: Random;
  readonly timers?: TimerOptions;
  /** Whether an answer 408 is sent, which RFC 4320 §4.2 forbids; default false. */
  readonly early408?: boolean;
  /** Another network than that of the machine. */
  readonly openDatagramSocket?: OpenDatagramSocket;
}

export interface MessageOptions {
  /** Default `text/plain;charset=UTF-8`. */
  readonly contentType?: string;
  readonly headers?: readonly HeaderLine[];
  readonly callId?: string;
  /** Default: the AOR. */
  readonly from?: string;
  readonly maxForwards?: number;
}

/** Answers a MESSAGE: a status, or an answer with header fields. */
export type Answerer = (request: SipRequest) => number | SipAnswer | Promise<number | SipAnswer>;

/** Sees each message as text; `sent` and `received` by this agent. */
export type WireListener = (direction: 'sent' | 'received', text: string) => void;

export class SipUserAgent {
  readonly #transport: TransportLayer;
  readonly #transactions: TransactionLayer;
  readonly #random: Random;
  readonly #digest: DigestClient;
  readonly #aor: Uri;
  readonly #hop: Hop;
  readonly #registrationCallId: string;
  #cseq = 0;
  #answerer: Answerer = () => 200;
  readonly #wireListeners: WireListener[] = [];

  constructor(private readonly options: SipUserAgentOptions) {
    const { registrar } = options;
    this.#aor = readUri(options.aor);
    this.#random = options.random ?? new SystemRandom();
    this.#digest = new DigestClient({ random: this.#random });
    this.#hop = { transport: registrar.transport, address: registrar.host, port: registrar.port };
    this.#registrationCallId = this.#random.token(96);
    const scheduler = options.scheduler ?? new SystemScheduler();
    const loopback = registrar.host.includes(':') ? '[::1]' : '127.0.0.1';
    this.#transactions = new TransactionLayer(scheduler, noMetrics, {
      timers: options.timers ?? {},
      early408: options.early408 ?? false,
    });
    this.#transport = new TransportLayer(
      {
        listen: [options.listen ?? `${registrar.transport}:${loopback}:0`],
        tap: (direction, octets) => this.#tap(direction, octets),
        ...(options.openDatagramSocket === undefined ? {} : { openDatagramSocket: options.openDatagramSocket }),
      },
      {
        request: (request, source) => this.#request(request, source),
        response: (response) => void this.#transactions.takeResponse(response),
        malformed: () => {},
      },
      noMetrics,
    );
  }

  start(): Promise<void> {
    return this.#transport.start();
  }

  async stop(): Promise<void> {
    this.#transactions.close();
    await this.#transport.stop();
  }

  /** Where this agent listens, as `udp:127.0.0.1:40312`. */
  get listening(): string {
    return this.#transport.listening[0] as string;
  }

  /** The Contact that `register` binds, as text. */
  get contact(): string {
    const [transport, place] = splitOnce(this.listening, ':');
    return `sip:${this.#aor.user}@${place}${transport === 'tcp' ? ';transport=tcp' : ''}`;
  }

  onMessage(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  onWire(listener: WireListener): void {
    this.#wireListeners.push(listener);
  }

  /** Binds this agent to its AOR; answers a challenge. Rejects when no final response comes. */
  register(expiresSeconds = 3600, contact = `<${this.contact}>`): Promise<SipResponse> {
    const headers: HeaderLine[] = [['Expires', String(expiresSeconds)]];
    if (contact !== '') headers.push(['Contact', contact]);
    const domain = readUri(`${this.#aor.scheme}:${this.#aor.host}`);
    const tag = this.#random.token(64);
    return this.#exchange((cseq) =>
      this.#build('REGISTER', domain, {
        cseq,
        from: `<${this.#aor}>;tag=${tag}`,
        to: `<${this.#aor}>`,
        callId: this.#registrationCallId,
        headers,
      }),
    );
  }

  /** Takes the binding back. */
  unregister(): Promise<SipResponse> {
    return this.register(0);
  }

  /** Sends `text` to a SIP URI; answers a challenge. Rejects when no final response comes. */
  message(to: string, text: string, options: MessageOptions = {}): Promise<SipResponse> {
    const requestUri = readUri(to);
    const callId = options.callId ?? this.#random.token(96);
    const tag = this.#random.token(64);
    return this.#exchange((cseq) =>
      this.#build('MESSAGE', requestUri, {
        cseq,
        from: `<${options.from ?? this.#aor}>;tag=${tag}`,
        to: `<${requestUri}>`,
        callId,
        headers: [...(options.headers ?? []), ['Content-Type', options.contentType ?? 'text/plain;charset=UTF-8']],
        body: Buffer.from(text),
        maxForwards: options.maxForwards,
      }),
    );
  }

  /** Sends any request that `build` makes; a challenge is answered once, with a request of higher CSeq. */
  async #exchange(build: (cseq: number) => SipRequest): Promise<SipResponse> {
    const first = build(++this.#cseq);
    const response = await this.#send(first);
    const { password } = this.options;
    if ((response.status !== 401 && response.status !== 407) || password === undefined) return response;
    const again = build(++this.#cseq);
    const answer = this.#digest.answer(response, again, (realm) => this.#credentials(realm, password));
    if (!answer.ok) return response;
    for (const [name, value] of answer.value) again.headers.add(name, value);
    return this.#send(again);
  }

  #credentials(realm: string, password: string): ClientCredentials {
    const username = decodeURIComponent(this.#aor.user ?? '');
    const hashes = this.options.algorithms ?? DIGEST_HASHES;
    return {
      username,
      ha1: Object.fromEntries(hashes.map((hash) => [hash, digestHa1(hash, username, realm, password)])),
    };
  }

  #build(method: string, requestUri: Uri, parts: RequestParts): SipRequest {
    const sentBy = this.#transport.sentByTo(this.#hop);
    if (sentBy === undefined) throw new Error('the agent is not started');
    const headers = new HeaderFields([
      ['Via', `SIP/2.0/${sentBy.transport} ${sentBy.sentBy};branch=${MAGIC_COOKIE}${this.#random.token(64)};rport`],
      ['Max-Forwards', String(parts.maxForwards ?? 70)],
      ['From', parts.from],
      ['To', parts.to],
      ['Call-ID', parts.callId],
      ['CSeq', `${parts.cseq} ${method}`],
      ...parts.headers,
    ]);
    return new SipRequest(method, requestUri, headers, parts.body);
  }

  #send(request: SipRequest): Promise<SipResponse> {
    return new Promise((resolve, reject) => {
      const outlet = this.#transport.outletTo(this.#hop);
      const place = `${bracketed(this.#hop.address)}:${this.#hop.port}`;
      const sent = this.#transactions.send(request, request.topVia.branch as string, serialize(request), outlet, {
        responded: (response) => {
          if (response.status >= 200) resolve(response);
        },
        timedOut: () => reject(new Error(`${place} gave no final response to ${request.method}`)),
        unsent: () => reject(new Error(`${request.method} could not be sent to ${place}`)),
      });
      if (!sent) reject(new Error('too many requests are under way'));
    });
  }

  #request(request: SipRequest, source: Source): void {
    const arrival = this.#transactions.takeRequest(request, this.#transport.replyTo(request, source));
    if (typeof arrival === 'string') return;
    void this.#answerTo(request).then((answer) => {
      arrival.respond(responseTo(request, answer.status, { ...answer, toTag: this.#random.token(40) }));
    });
  }

  async #answerTo(request: SipRequest): Promise<SipAnswer> {
    if (request.method === 'OPTIONS') return { status: 200, headers: [['Allow', 'MESSAGE, OPTIONS']] };
    if (request.method !== 'MESSAGE') return { status: 405, headers: [['Allow', 'MESSAGE, OPTIONS']] };
    const answer = await this.#answerer(request);
    return typeof answer === 'number' ? { status: answer } : answer;
  }

  #tap(direction: 'sent' | 'received', octets: Uint8Array): void {
    if (this.#wireListeners.length === 0) return;
    const text = Buffer.from(octets).toString();
    for (const listener of this.#wireListeners) listener(direction, text);
  }
}

interface RequestParts {
  readonly cseq: number;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: Uint8Array;
  readonly maxForwards?: number | undefined;
}

function readUri(text: string): Uri {
  const parsed = Uri.parse(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.value;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
