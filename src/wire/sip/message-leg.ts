/** One branch of a MESSAGE on its way out: finds its hops, tries them in turn, answers a challenge once (RFC 3263 §4.3). */
import type { Random } from '../../base/random.js';
import type { DigestClient, HeaderLine } from '../../sip/auth/digest-client.js';
import type { LocalCause, OutgoingMessage, SipOutcome } from '../../sip/engine.js';
import type { DnsSource } from '../../sip/locate/dns-answer.js';
import { type Hop, type LocateFailure, type LocateOptions, type Location, locate } from '../../sip/locate/locate.js';
import { type SipRequest, type SipResponse, serialize } from '../../sip/message/message.js';
import type { Uri } from '../../sip/message/uri.js';
import type { ClientUser } from '../../sip/transaction/client-transaction.js';
import type { TransactionLayer } from '../../sip/transaction/transaction-layer.js';
import { markedBranch } from '../../sip/useragent/loop-mark.js';
import { buildMessage } from '../../sip/useragent/outgoing-request.js';
import { findHops } from './find-hops.js';
import type { SentBy, TransportLayer } from './transport-layer.js';

/** What all branches of all requests use. */
export interface LegSurroundings {
  readonly transport: TransportLayer;
  readonly transactions: TransactionLayer;
  readonly dns: DnsSource;
  readonly random: Random;
  readonly digest: DigestClient;
  /** What to answer when the outbound proxy challenges. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly maxMessageOctets: number;
  nextCSeq(): number;
  locating(): LocateOptions;
  /** True once everything that is open is being given up. */
  readonly closing: boolean;
}

/** What the branches of one request share. */
export interface RequestIdentity {
  readonly fromTag: string;
  readonly callId: string;
  /** See `markedBranch`. */
  readonly marks: string;
}

/** Where a branch goes. */
export interface Way {
  readonly requestUri: Uri;
  readonly routes: readonly string[];
  /** The URI whose server takes the request: that of the first route, or the Request-URI. */
  readonly next: Uri;
  /** Hops that are known already; `next` is not asked for then. */
  readonly hops?: readonly Hop[];
}

/** RFC 3261 §18.1.1: larger requests need a transport with congestion control, as long as the path's MTU is unknown. */
const MAX_DATAGRAM_REQUEST_OCTETS = 1300;

export class MessageLeg implements ClientUser {
  #hops: readonly Hop[] = [];
  #next = 0;
  /** Too large for UDP, TCP is tried first at the same hop. */
  #overStream = false;
  #request: SipRequest | undefined;
  #credentials: readonly HeaderLine[] = [];
  #cseq: number;

  constructor(
    private readonly around: LegSurroundings,
    private readonly message: OutgoingMessage,
    private readonly identity: RequestIdentity,
    private readonly way: Way,
    private readonly done: (outcome: SipOutcome) => void,
    /** Our own bug came up. */
    private readonly broken: (error: unknown) => void,
    cseq: number,
  ) {
    this.#cseq = cseq;
  }

  start(): void {
    if (this.way.hops !== undefined) {
      this.#located({ ok: true, value: this.way.hops });
      return;
    }
    findHops(locate(this.way.next, this.around.locating()), this.around.dns, (location) => this.#located(location));
  }

  responded(response: SipResponse): void {
    if (response.status < 200) return;
    if (response.status === 503 && this.#hasNext()) this.#tryNext();
    else if (!this.#answersChallenge(response)) this.done({ kind: 'final', response });
  }

  timedOut(): void {
    this.#failed('timeout');
  }

  unsent(mayHaveArrived: boolean): void {
    if (mayHaveArrived) {
      // DEVIATION: RFC 3263 §4.3 would go on to the next hop; a message that may have arrived is not sent twice
      this.#end(this.around.closing ? 'draining' : 'transport-error');
    } else if (this.#overStream) {
      this.#overStream = false;
      this.#send(this.#hops[this.#next - 1] as Hop, true); // RFC 3261 §18.1.1: where TCP is refused, UDP after all
    } else {
      this.#failed('transport-error');
    }
  }

  #located(location: Location): void {
    if (this.around.closing) this.#end('draining');
    else if (!location.ok) this.#end(causeOf(location.error));
    else {
      this.#hops = location.value;
      this.#tryNext();
    }
  }

  #hasNext(): boolean {
    return this.#next < this.#hops.length;
  }

  #tryNext(): void {
    this.#overStream = false;
    this.#send(this.#hops[this.#next++] as Hop, false);
  }

  #failed(cause: LocalCause): void {
    if (this.#hasNext()) this.#tryNext();
    else this.#end(cause);
  }

  #end(cause: LocalCause): void {
    this.done({ kind: 'local', cause });
  }

  #send(hop: Hop, evenIfLarge: boolean): void {
    try {
      this.#sendTo(hop, evenIfLarge);
    } catch (error) {
      this.broken(error);
    }
  }

  #sendTo(hop: Hop, evenIfLarge: boolean): void {
    const { transport, transactions, maxMessageOctets } = this.around;
    const sentBy = transport.sentByTo(hop);
    if (sentBy === undefined) {
      this.#failed('transport-error');
      return;
    }
    const branch = markedBranch(this.identity.marks, this.around.random.token(64));
    const request = this.#build(sentBy, branch);
    const octets = serialize(request);
    if (octets.length > maxMessageOctets) {
      this.#end('too-large'); // RFC 3428 §8
    } else if (hop.transport === 'udp' && octets.length > MAX_DATAGRAM_REQUEST_OCTETS && !evenIfLarge) {
      this.#overStream = true;
      this.#sendTo({ ...hop, transport: 'tcp' }, true);
    } else {
      this.#request = request;
      if (!transactions.send(request, branch, octets, transport.outletTo(hop), this)) this.#end('overload');
    }
  }

  #build({ transport, sentBy }: SentBy, branch: string): SipRequest {
    return buildMessage(this.message, {
      transport,
      sentBy,
      branch,
      fromTag: this.identity.fromTag,
      callId: this.identity.callId,
      cseq: this.#cseq,
      requestUri: this.way.requestUri,
      routes: this.way.routes,
      credentials: this.#credentials,
    });
  }

  /** Repeats the request with credentials, if it was challenged for the first time and there are any (RFC 3261 §22.3). */
  #answersChallenge(response: SipResponse): boolean {
    const { credentials, digest } = this.around;
    if ((response.status !== 401 && response.status !== 407) || credentials === undefined) return false;
    if (this.way.routes.length === 0) return false; // they are for the outbound proxy alone
    const answer = digest.answer(response, this.#request as SipRequest, () => credentials);
    if (!answer.ok || this.#credentials.length > 0) return false;
    this.#credentials = answer.value;
    this.#cseq = this.around.nextCSeq(); // RFC 3261 §22.2: same Call-ID and From, higher CSeq
    this.#send(this.#hops[this.#next - 1] as Hop, !this.#overStream);
    return true;
  }
}

function causeOf(failure: LocateFailure): LocalCause {
  return failure === 'no-such-domain' ? 'no-such-domain' : 'transport-error';
}
