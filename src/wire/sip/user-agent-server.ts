/** What becomes of requests that peers send us: the user agent server of RFC 3261 §8.2, and who may send what. */
import type { Log } from '../../base/log.js';
import type { Counter, Metrics } from '../../base/metrics.js';
import type { Random } from '../../base/random.js';
import type { DigestServer, DigestVerdict } from '../../sip/auth/digest-server.js';
import type { IncomingMessage, RequestOrigin, SipAnswer } from '../../sip/engine.js';
import { unbracketed } from '../../sip/locate/address.js';
import { responseTo, type SipRequest, serialize } from '../../sip/message/message.js';
import type { ParseFailure } from '../../sip/message/parse.js';
import { receivedFrom } from '../../sip/registrar/flow.js';
import type { Registrar } from '../../sip/registrar/registrar.js';
import type { ServerTransaction } from '../../sip/transaction/server-transaction.js';
import type { TransactionLayer } from '../../sip/transaction/transaction-layer.js';
import { UNAVAILABLE } from '../../sip/useragent/relay.js';
import { capabilities, checkRequest, METHODS } from '../../sip/useragent/request-checks.js';
import { decideSender, ownsAor, proofOf, type SenderPolicy, type SenderRefusal } from '../../sip/useragent/sender.js';
import type { Source, TransportLayer } from './transport-layer.js';

export interface UserAgentServerParts {
  readonly transport: TransportLayer;
  readonly transactions: TransactionLayer;
  readonly policy: SenderPolicy;
  readonly digest: DigestServer;
  /** Absent: nobody may register here. */
  readonly registrar: Registrar | undefined;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Body types that the core behind takes, for OPTIONS. */
  readonly accept: readonly string[];
  /** Carries a MESSAGE on to a SIP user. */
  relay(incoming: IncomingMessage): Promise<SipAnswer>;
  /** Gives a MESSAGE to the behaviour behind. */
  deliver(incoming: IncomingMessage): Promise<SipAnswer>;
}

/** Why requests are refused before anything acts on them, as a label of a metric. */
type Refusal =
  | SenderRefusal
  | 'malformed'
  | 'overload'
  | 'merged'
  | 'checks'
  | 'challenged'
  | 'wrong-credentials'
  | 'not-owner'
  | 'unknown-domain';

const REFUSALS: readonly Refusal[] = [
  'foreign-leg',
  'no-user',
  'stranger',
  'malformed',
  'overload',
  'merged',
  'checks',
  'challenged',
  'wrong-credentials',
  'not-owner',
  'unknown-domain',
];

export class UserAgentServer {
  readonly #refused = new Map<Refusal, Counter>();
  readonly #isOwn: (sentBy: string) => boolean;

  constructor(private readonly parts: UserAgentServerParts) {
    for (const reason of REFUSALS) {
      const counter = parts.metrics.counter('sip_requests_refused', 'SIP requests refused on entry', { reason });
      this.#refused.set(reason, counter);
    }
    this.#isOwn = (sentBy) => parts.transport.isOwn(sentBy);
  }

  /** A valid request. */
  request(request: SipRequest, source: Source): void {
    if (request.method === 'INVITE') {
      // RFC 3261 §8.2.7: a transaction would repeat its refusal until an ACK comes, ten times to a forged source
      this.#count('checks');
      this.#answerStateless(request, source, { status: 405, headers: [['Allow', METHODS.join(', ')]] });
      return;
    }
    const arrival = this.parts.transactions.takeRequest(request, this.parts.transport.replyTo(request, source));
    switch (arrival) {
      case 'absorbed':
      case 'stray-ack':
        return;
      case 'merged':
        this.#count('merged');
        this.#answerStateless(request, source, { status: 482 }); // RFC 3261 §8.2.2.2
        return;
      case 'overload':
        this.#count('overload');
        this.#answerStateless(request, source, UNAVAILABLE);
        return;
      default:
        this.#serve(request, source, arrival);
    }
  }

  /** What was no valid request, but can be answered. */
  malformed(failure: ParseFailure, answerable: SipRequest, source: Source): void {
    this.#count('malformed');
    if (answerable.method === 'ACK') return;
    this.#answerStateless(answerable, source, { status: failure.status, reason: `${failure.text}` });
  }

  #serve(request: SipRequest, source: Source, transaction: ServerTransaction): void {
    if (request.method === 'CANCEL') {
      // RFC 3261 §9.2; requests other than INVITE cannot be cancelled, so a match changes nothing
      const status = this.parts.transactions.cancelTarget(request, METHODS) === undefined ? 481 : 200;
      this.#answer(request, transaction, { status });
      return;
    }
    const refusal = checkRequest(request, this.#isOwn);
    if (refusal !== undefined) this.#refuse('checks', request, transaction, refusal);
    else if (request.method === 'OPTIONS') this.#answer(request, transaction, capabilities(this.parts.accept));
    else if (request.method === 'REGISTER') this.#register(request, source, transaction);
    else this.#message(request, source, transaction);
  }

  #message(request: SipRequest, source: Source, transaction: ServerTransaction): void {
    const decision = decideSender(request, source.address, this.parts.policy);
    switch (decision.kind) {
      case 'refused':
        this.#refuse(decision.why, request, transaction, { status: 403 });
        break;
      case 'trusted-peer':
        this.#dispatch(request, source, transaction, 'trusted-peer');
        break;
      case 'digest':
        this.#proven(request, transaction, (username) => {
          if (ownsAor(username, request.from.uri)) this.#dispatch(request, source, transaction, 'digest');
          else this.#refuse('not-owner', request, transaction, { status: 403 });
        });
        break;
    }
  }

  /** A MESSAGE of a sender who may send it goes to whose domain it is for; nothing is relayed to others (RFC 3261 §26.3.2.4). */
  #dispatch(request: SipRequest, source: Source, transaction: ServerTransaction, proof: RequestOrigin['proof']): void {
    const { transport, address, port } = source;
    const incoming: IncomingMessage = { request, origin: { transport, address, port, proof } };
    const kind = this.parts.policy.domains.kindOf(request.requestUri.host);
    if (kind === undefined) this.#refuse('unknown-domain', request, transaction, { status: 404 });
    else if (kind === 'sip') this.#answerLater(request, transaction, this.parts.relay(incoming));
    else this.#answerLater(request, transaction, this.parts.deliver(incoming));
  }

  #register(request: SipRequest, source: Source, transaction: ServerTransaction): void {
    const { registrar, policy } = this.parts;
    const { uri } = request.to;
    const proof = proofOf(uri, policy.domains);
    if (registrar === undefined) {
      this.#refuse('stranger', request, transaction, { status: 403 });
    } else if (!this.#isHome(request) || policy.domains.kindOf(uri.host) !== 'sip') {
      this.#refuse('unknown-domain', request, transaction, { status: 404 }); // RFC 3261 §10.3 steps 1 and 5
    } else if (proof.kind !== 'digest') {
      this.#refuse('no-user', request, transaction, { status: 404 });
    } else {
      this.#proven(request, transaction, (username) => {
        if (!ownsAor(username, uri))
          this.#refuse('not-owner', request, transaction, { status: 403 }); // step 4
        else
          this.#answerLater(
            request,
            transaction,
            registrar.register(request, proof.aor, receivedFrom(request, source)),
          );
      });
    }
  }

  /** Whether the Request-URI of a REGISTER names one of our SIP domains, or this element itself. */
  #isHome({ requestUri }: SipRequest): boolean {
    if (this.parts.policy.domains.kindOf(requestUri.host) === 'sip') return true;
    return this.parts.transport.isOwnHost(unbracketed(requestUri.host));
  }

  /** Calls `proven` when digest shows who sent `request`; challenges or refuses otherwise (RFC 3261 §22.2). */
  #proven(request: SipRequest, transaction: ServerTransaction, proven: (username: string) => void): void {
    if (!request.headers.has('Authorization')) {
      this.#challenge('challenged', request, transaction, false);
      return;
    }
    this.parts.digest
      .verify(request, 'www')
      .then((verdict) => this.#judge(verdict, request, transaction, proven))
      .catch((error) => this.#broken(error, request, transaction));
  }

  #judge(
    verdict: DigestVerdict,
    request: SipRequest,
    transaction: ServerTransaction,
    proven: (username: string) => void,
  ): void {
    switch (verdict.kind) {
      case 'ok':
        proven(verdict.username);
        break;
      case 'no-credentials':
        this.#challenge('challenged', request, transaction, false);
        break;
      case 'wrong':
        this.#challenge('wrong-credentials', request, transaction, false);
        break;
      case 'stale':
      case 'replay':
        this.#challenge('challenged', request, transaction, true);
        break;
      case 'malformed':
        this.#refuse('wrong-credentials', request, transaction, { status: 400, reason: verdict.text });
        break;
    }
  }

  #challenge(why: Refusal, request: SipRequest, transaction: ServerTransaction, stale: boolean): void {
    const headers = this.parts.digest.challenge(request, 'www', stale);
    this.#refuse(why, request, transaction, { status: 401, headers });
  }

  #answerLater(request: SipRequest, transaction: ServerTransaction, answer: Promise<SipAnswer>): void {
    answer
      .then((given) => this.#answer(request, transaction, given))
      .catch((error) => this.#broken(error, request, transaction));
  }

  /** Our own bug, or a store that does not work. */
  #broken(error: unknown, request: SipRequest, transaction: ServerTransaction): void {
    const stack = error instanceof Error ? error.stack : String(error);
    this.parts.log.error('a SIP request could not be served', {
      callId: request.callId,
      method: request.method,
      stack,
    });
    this.#answer(request, transaction, { status: 500 });
  }

  #refuse(why: Refusal, request: SipRequest, transaction: ServerTransaction, answer: SipAnswer): void {
    this.#count(why);
    const { log } = this.parts;
    if (log.debugEnabled) {
      const { method, callId } = request;
      log.debug('SIP request refused', {
        why,
        status: answer.status,
        method,
        callId,
        from: request.from.uri.toString(),
      });
    }
    this.#answer(request, transaction, answer);
  }

  #count(why: Refusal): void {
    this.#refused.get(why)?.add();
  }

  #answer(request: SipRequest, transaction: ServerTransaction, answer: SipAnswer): void {
    const toTag = this.parts.random.token(TAG_BITS);
    const plain = answer.headers === undefined && answer.reason === undefined;
    transaction.respond(responseTo(request, answer.status, plain ? { toTag } : { ...answer, toTag }));
  }

  /** Without a transaction; retransmissions get the same answer (RFC 3261 §8.2.7). */
  #answerStateless(request: SipRequest, source: Source, answer: SipAnswer): void {
    const outlet = this.parts.transport.replyTo(request, source);
    const response = responseTo(request, answer.status, { ...answer, toTag: statelessTag(request) });
    outlet.stamp(response, request);
    outlet.send(serialize(response), undefined);
  }
}

/** RFC 3261 §19.3: at least 32 random bits. */
const TAG_BITS = 40;

/** A To tag that is the same for each retransmission (RFC 3261 §8.2.7). */
function statelessTag(request: SipRequest): string {
  const text = `${request.topVia.branch} ${request.headers.get('Call-ID')} ${request.headers.get('CSeq')}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `s${(hash >>> 0).toString(36)}`;
}
