/** Single messages between SIP and XMPP, both ways (RFC 7572): asks the mappings what to do, and does it. */
import { Element } from 'ltx';
import { AgingMap } from '../../base/aging-map.js';
import { DelayQueue, type Waiting } from '../../base/delay-queue.js';
import type { Log, LogFields } from '../../base/log.js';
import type { Counter, Metrics } from '../../base/metrics.js';
import { detached } from '../../base/own-text.js';
import type { Random } from '../../base/random.js';
import type { Result } from '../../base/result.js';
import type { Scheduler } from '../../base/time.js';
import type { OutgoingMessage, SipAnswer, SipEngine, SipOutcome } from '../../sip/engine.js';
import type { SipRequest } from '../../sip/message/message.js';
import { METHODS } from '../../sip/useragent/request-checks.js';
import type { Jid } from '../../xmpp/address/jid.js';
import type { DeliveryFailure, XmppLink } from '../../xmpp/link.js';
import { errorReply, readStanzaError } from '../../xmpp/stanza/error-reply.js';
import type { StanzaError } from '../../xmpp/stanza/stanza-error.js';
import type { AddressMap } from '../address/address-map.js';
import { type AnswerContext, sipAnswerForDelivery, sipAnswerForLink } from '../error/sip-status.js';
import { stanzaErrorFor, stanzaErrorForLocal, stanzaErrorOf } from '../error/stanza-error.js';
import type { ErrorTables } from '../error/tables.js';
import type { ContentLimits, NoticeContent } from './content.js';
import { DuplicateGuard } from './duplicate-guard.js';
import { concerns, type Delivered, excerptOf, LateFailures, toNotice } from './late-failure.js';
import { PendingMessages } from './pending-messages.js';
import { type FromSip, type ToXmppContext, toMessageStanza } from './sip-to-xmpp.js';
import { ThreadTable } from './thread-table.js';
import { type Sign, type ToSipContext, toSipMessage } from './xmpp-to-sip.js';

export interface MessageOptions {
  /** The 2xx for a MESSAGE that XMPP has taken: RFC 7572 §5 shows 200, RFC 3428 §7 wants 202 of a relay. Default 200. */
  readonly acceptCode?: 200 | 202;
  /** Who hears of a failure after the 2xx. `imdn-only`: nobody yet. Default `notice`. */
  readonly lateFailure?: 'notice' | 'imdn-only';
  /** What becomes of a MESSAGE whose Expires has passed. Default `drop`. */
  readonly expired?: 'drop' | 'deliver';
  /** Whether text to SIP goes in a Message/CPIM envelope. Default `never`. */
  readonly cpimOut?: 'never' | 'always';
  /** What becomes of `chat` stanzas; sessions (RFC 7573) are not there yet. Default `message`. */
  readonly chatMode?: 'message';
  /** Octets of the largest stanza towards XMPP. Default 262,144. */
  readonly maxStanzaOctets?: number;
  /** Messages that wait for one Request-URI. Default 20. */
  readonly maxPending?: number;
  /** How long a SIP transaction is kept open for XMPP at most; far below Timer F (RFC 3261 §17.1.2.2). Default 10,000 ms. */
  readonly deferResponseMs?: number;
  /** The age from which a message is stamped with its time. Default 60,000 ms. */
  readonly delayAfterMs?: number;
  /** `4xx` where a proxy forks to other homes of the user (RFC 7247 §7.1 note 2). Default `6xx`. */
  readonly bareJid?: '6xx' | '4xx';
  /** The methods for the Allow of a 405. Default: those of the embedded engine. */
  readonly allow?: readonly string[];
  readonly content?: ContentLimits;
}

export interface MessageInterworkingParts {
  readonly sip: SipEngine;
  readonly links: XmppLink;
  readonly addresses: AddressMap;
  readonly errors: ErrorTables;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options?: MessageOptions;
}

/** Where what is no message is told, as soon as somebody wants to know (RFC 7573 §7, RFC 5438). */
export interface SignTaker {
  /** Typing or a delivery notice from a SIP user; it was answered already. */
  noticeFromSip(from: Jid, to: Jid, content: NoticeContent, request: SipRequest): void;
  /** Chat states, receipts or markers from an XMPP user, in a stanza without text. */
  signsFromXmpp(stanza: Element, signs: readonly Sign[]): void;
}

type Direction = 'sip-to-xmpp' | 'xmpp-to-sip';

const OUTCOMES = [
  /** The other side took it. */
  'delivered',
  /** It cannot cross; its sender was told. */
  'refused',
  /** The other side did not take it; its sender was told. */
  'failed',
  /** Nothing that anybody should read. */
  'dropped',
  /** Typing, receipts, markers: no message. */
  'sign',
  /** A copy of a request that was taken before, or is about to be. */
  'duplicate',
  /** It failed after its sender had been told that it was taken. */
  'failed-late',
] as const;
type Outcome = (typeof OUTCOMES)[number];

/** A SIP transaction that waits for XMPP. */
interface OpenDelivery {
  readonly id: string;
  readonly request: SipRequest;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly copyKey: string;
  readonly answer: (answer: SipAnswer) => void;
  waiting: Waiting | undefined;
}

/** A MESSAGE towards SIP that waits or is on its way. */
interface Turn {
  readonly message: OutgoingMessage;
  /** The same as text/plain, for a second try. */
  readonly plain: OutgoingMessage | undefined;
  readonly callId: string;
  /** What an error would answer, without its content. Undefined for a notice of the gateway: nobody hears of its failure. */
  readonly stanza: Element | undefined;
}

/**
 * Memory: one entry for each open SIP transaction and for each target with a message on its way, and the bounded tables
 * of threads, copies and late failures.
 */
export class MessageInterworking {
  readonly #sip: SipEngine;
  readonly #link: XmppLink;
  readonly #addresses: AddressMap;
  readonly #errors: ErrorTables;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #log: Log;
  readonly #acceptance: SipAnswer;
  readonly #tellsLateFailures: boolean;
  readonly #toXmpp: ToXmppContext;
  readonly #toSip: ToSipContext;
  readonly #open = new AgingMap<string, OpenDelivery>();
  readonly #deadlines: DelayQueue<OpenDelivery>;
  readonly #pending: PendingMessages<Turn>;
  readonly #copies = new DuplicateGuard();
  readonly #lateFailures = new LateFailures();
  readonly #fromSip: Readonly<Record<Outcome, Counter>>;
  readonly #fromXmpp: Readonly<Record<Outcome, Counter>>;
  readonly #freshCallId = () => this.#random.token(96);
  #signs: SignTaker | undefined;
  /** Turns that have not ended. */
  #turns = 0;
  #draining = false;
  #whenIdle: (() => void)[] = [];

  constructor(parts: MessageInterworkingParts) {
    const { addresses, errors, options = {}, metrics } = parts;
    this.#sip = parts.sip;
    this.#link = parts.links;
    this.#addresses = addresses;
    this.#errors = errors;
    this.#scheduler = parts.scheduler;
    this.#random = parts.random;
    this.#log = parts.log;
    this.#acceptance = { status: options.acceptCode ?? 200 };
    this.#tellsLateFailures = (options.lateFailure ?? 'notice') === 'notice';
    const threads = new ThreadTable();
    this.#toXmpp = {
      addresses,
      errors,
      threads,
      answers: {
        map: addresses,
        method: 'MESSAGE',
        allow: options.allow ?? METHODS,
        bareJid: options.bareJid ?? '6xx',
      },
      options: {
        expired: options.expired ?? 'drop',
        delayAfterMs: options.delayAfterMs ?? 60_000,
        maxStanzaOctets: options.maxStanzaOctets ?? 262_144,
        ...(options.content === undefined ? {} : { content: options.content }),
      },
    };
    this.#toSip = { addresses, errors, threads, options: { cpimOut: options.cpimOut ?? 'never' } };
    this.#deadlines = new DelayQueue(parts.scheduler, options.deferResponseMs ?? 10_000, (open) => this.#overdue(open));
    this.#pending = new PendingMessages(options.maxPending === undefined ? {} : { maxWaiting: options.maxPending });
    this.#fromSip = counters(metrics, 'sip-to-xmpp');
    this.#fromXmpp = counters(metrics, 'xmpp-to-sip');
    metrics.gauge('messages_open', 'SIP MESSAGE transactions that wait for XMPP', () => this.#open.size);
    metrics.gauge(
      'messages_waiting',
      'Messages that wait for an earlier one to the same target',
      () => this.#pending.waiting,
    );
  }

  /** Takes MESSAGE requests and stanzas from now on. */
  start(): void {
    this.#sip.onMessage(({ request }) => this.takeRequest(request));
    this.#link.onStanza((stanza) => this.takeStanza(stanza));
  }

  /** Who wants to hear of typing, receipts and markers; nobody at first. */
  onSigns(taker: SignTaker): void {
    this.#signs = taker;
  }

  /** Takes no new message, and resolves when every open one has ended. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#noticeIdle();
    });
  }

  /** The final response to a MESSAGE; it comes when its promise is true (RFC 7572 §5). */
  async takeRequest(request: SipRequest): Promise<SipAnswer> {
    if (this.#draining)
      return this.#refuse(request, sipAnswerForLink('link-down', this.#answersTo(request), this.#errors));
    const id = this.#random.token();
    const mapped = toMessageStanza(request, id, this.#scheduler.now(), this.#toXmpp);
    if (!mapped.ok) return this.#refuse(request, mapped.error);
    const outcome = mapped.value;
    switch (outcome.kind) {
      case 'nothing':
        this.#fromSip.dropped.add();
        this.#log.info('message dropped', { direction: 'sip-to-xmpp', callId: request.callId, why: outcome.why });
        return this.#acceptance;
      case 'notice':
        this.#fromSip.sign.add();
        this.#signs?.noticeFromSip(outcome.from, outcome.to, outcome.content, request);
        return this.#acceptance;
      case 'message':
        return this.#deliver(request, id, outcome);
    }
  }

  /** A stanza for a SIP user. */
  takeStanza(stanza: Element): void {
    if (stanza.name !== 'message') this.#takeOther(stanza);
    else if (stanza.attrs.type === 'error') this.#takeError(stanza);
    else this.#takeMessage(stanza);
  }

  #deliver(request: SipRequest, id: string, { stanza, from, to, text }: MappedMessage): Promise<SipAnswer> | SipAnswer {
    const copyKey = DuplicateGuard.key(request, to.bare.toString());
    const seen = this.#copies.see(copyKey, this.#scheduler.now());
    if (seen !== 'new') {
      this.#fromSip.duplicate.add();
      this.#log.info('message is a copy', { direction: 'sip-to-xmpp', callId: request.callId, seen });
      return seen === 'open' ? MERGED : this.#acceptance;
    }
    return new Promise((resolve, reject) => {
      const open: OpenDelivery = {
        id,
        request,
        from: from.toString(),
        to: to.toString(),
        text,
        copyKey,
        answer: resolve,
        waiting: undefined,
      };
      open.waiting = this.#deadlines.add(open);
      this.#open.set(id, open);
      this.#hand(stanza, open, reject);
    });
  }

  /** `first`: why the device that was addressed did not take it, on the second try. */
  #hand(stanza: Element, open: OpenDelivery, reject: (bug: unknown) => void, first?: DeliveryFailure): void {
    this.#link.deliver(stanza).then(
      (result) => {
        if (
          !result.ok &&
          first === undefined &&
          this.#open.get(open.id) === open &&
          isGoneDevice(result.error, open.to)
        ) {
          stanza.attrs.to = bareOf(open.to);
          this.#hand(stanza, open, reject, result.error);
        } else this.#delivered(open, result.ok ? result : { ok: false, error: first ?? result.error });
      },
      (bug: unknown) => {
        this.#close(open);
        this.#copies.failed(open.copyKey);
        this.#noticeIdle();
        reject(bug);
      },
    );
  }

  #delivered(open: OpenDelivery, result: Result<void, DeliveryFailure>): void {
    if (this.#open.get(open.id) !== open) {
      if (result.ok) this.#log.warn('message taken after its sender was told otherwise', factsOf(open));
      return;
    }
    if (result.ok) this.#taken(open);
    else this.#fail(open, sipAnswerForDelivery(result.error, this.#answersTo(open.request), this.#errors));
  }

  #taken(open: OpenDelivery): void {
    this.#close(open);
    this.#copies.delivered(open.copyKey);
    this.#lateFailures.remember(
      open.id,
      { from: open.from, to: open.to, callId: detached(open.request.callId), excerpt: excerptOf(open.text) },
      this.#scheduler.now(),
    );
    this.#fromSip.delivered.add();
    this.#log.info('message crossed', factsOf(open));
    open.answer(this.#acceptance);
    this.#noticeIdle();
  }

  #fail(open: OpenDelivery, answer: SipAnswer): void {
    this.#close(open);
    this.#copies.failed(open.copyKey);
    this.#fromSip.failed.add();
    this.#log.info('message failed', { ...factsOf(open), status: answer.status });
    open.answer(answer);
    this.#noticeIdle();
  }

  #close(open: OpenDelivery): void {
    this.#open.delete(open.id);
    open.waiting?.cancel();
  }

  /** RFC 3261 §17.1.2.2: the client gives up soon, and must hear something true before. */
  #overdue(open: OpenDelivery): void {
    this.#fail(open, sipAnswerForLink('unconfirmed', this.#answersTo(open.request), this.#errors));
  }

  #refuse(request: SipRequest, answer: SipAnswer): SipAnswer {
    this.#fromSip.refused.add();
    this.#log.info('message refused', { direction: 'sip-to-xmpp', callId: request.callId, status: answer.status });
    return answer;
  }

  #answersTo(request: SipRequest): AnswerContext {
    return {
      ...this.#toXmpp.answers,
      acceptLanguage: request.headers.get('Accept-Language'),
      unusable: this.#draining || !this.#link.up,
    };
  }

  #takeMessage(stanza: Element): void {
    if (this.#draining) {
      this.#answer(stanza, stanzaErrorForLocal('draining', this.#errors), undefined);
      return;
    }
    const mapped = toSipMessage(stanza, this.#freshCallId, this.#scheduler.now(), this.#toSip);
    if (!mapped.ok) {
      this.#fromXmpp.refused.add();
      this.#answer(stanza, mapped.error, undefined);
      return;
    }
    const outcome = mapped.value;
    switch (outcome.kind) {
      case 'nothing':
        this.#fromXmpp.dropped.add();
        break;
      case 'signs':
        this.#fromXmpp.sign.add();
        this.#signs?.signsFromXmpp(stanza, outcome.signs);
        break;
      case 'message':
        this.#enqueue({
          message: outcome.message,
          plain: outcome.plain,
          callId: outcome.callId,
          stanza: emptied(stanza),
        });
    }
  }

  /** RFC 3428 §8: one at a time to a Request-URI. */
  #enqueue(turn: Turn): void {
    const target = turn.message.requestUri.toString();
    switch (this.#pending.add(target, turn, octetsOf(turn))) {
      case 'go':
        this.#turns++;
        this.#send(target, turn, turn.message);
        break;
      case 'wait':
        this.#turns++;
        break;
      case 'full':
        this.#notSent(turn, stanzaErrorForLocal('overload', this.#errors));
    }
  }

  #send(target: string, turn: Turn, message: OutgoingMessage): void {
    this.#sip.sendMessage(message).then(
      (outcome) => this.#sent(target, turn, message, outcome),
      (bug: unknown) => {
        this.#log.error('sending a MESSAGE threw', { callId: turn.callId, error: String(bug) });
        this.#notSent(turn, stanzaErrorOf('internal-server-error', this.#errors));
        this.#next(target);
      },
    );
  }

  #sent(target: string, turn: Turn, message: OutgoingMessage, outcome: SipOutcome): void {
    // A peer that takes no envelope, or a message that is too long in one, has a second try without (RFC 3428 §4).
    if (turn.plain !== undefined && message !== turn.plain && wantsPlain(outcome)) {
      this.#send(target, turn, turn.plain);
      return;
    }
    if (outcome.kind === 'local') this.#notSent(turn, stanzaErrorForLocal(outcome.cause, this.#errors));
    else if (outcome.response.status >= 300) {
      this.#notSent(turn, stanzaErrorFor(outcome.response, this.#errors, this.#addresses), outcome.response.status);
    } else this.#sentWell(turn, outcome.response.status);
    this.#next(target);
  }

  /** RFC 7572 §4, RFC 3428 §4: a 2xx ends the matter. It is no receipt, and the XMPP user is told nothing. */
  #sentWell(turn: Turn, status: number): void {
    if (turn.stanza === undefined) return;
    this.#fromXmpp.delivered.add();
    this.#log.info('message crossed', {
      direction: 'xmpp-to-sip',
      callId: turn.callId,
      stanzaId: turn.stanza.attrs.id as string | undefined,
      status,
    });
  }

  #notSent(turn: Turn, error: StanzaError, status?: number): void {
    if (turn.stanza === undefined) {
      // 7572-d58: what answers a notice is swallowed.
      this.#log.info('notice of a late failure not delivered', { callId: turn.callId, status });
      return;
    }
    this.#fromXmpp.failed.add();
    this.#answer(turn.stanza, error, turn.callId, status);
  }

  #next(target: string): void {
    this.#turns--;
    const next = this.#pending.ended(target);
    if (next !== undefined) this.#send(target, next, next.message);
    else this.#noticeIdle();
  }

  /** One stanza error to the sender, with the original id (RFC 6120 §8.3.1). */
  #answer(stanza: Element, error: StanzaError, callId: string | undefined, status?: number): void {
    this.#log.info('message failed', {
      direction: 'xmpp-to-sip',
      callId,
      stanzaId: stanza.attrs.id as string | undefined,
      condition: error.condition,
      status,
    });
    if (stanza.attrs.from === undefined) return;
    if (!this.#link.send(errorReply(stanza, error))) {
      this.#log.warn('stanza error not sent: no link', { stanzaId: stanza.attrs.id as string | undefined });
    }
  }

  /** An error stanza is about a message that waits for its answer, or about one that was answered well. */
  #takeError(stanza: Element): void {
    const { id, from, to } = stanza.attrs as Readonly<Record<string, string | undefined>>;
    if (id === undefined || from === undefined || to === undefined) return;
    const open = this.#open.get(id);
    if (open !== undefined) {
      const error = readStanzaError(stanza);
      if (error === undefined || !concerns(open, from, to)) return;
      const failure: DeliveryFailure = { kind: 'refused', error, from };
      this.#fail(open, sipAnswerForDelivery(failure, this.#answersTo(open.request), this.#errors));
      return;
    }
    const message = this.#lateFailures.take(id, from, to, this.#scheduler.now());
    if (message === undefined) return;
    this.#fromSip['failed-late'].add();
    this.#log.info('message failed after it was taken', {
      direction: 'sip-to-xmpp',
      callId: message.callId,
      stanzaId: id,
      condition: readStanzaError(stanza)?.condition,
    });
    if (this.#tellsLateFailures && !this.#draining) this.#sendNotice(message, readStanzaError(stanza));
  }

  /** The only way left to tell the SIP user (7572-R-6). */
  #sendNotice(failed: Delivered, error: StanzaError | undefined): void {
    const message = toNotice(failed, error, this.#freshCallId(), this.#addresses);
    if (message !== undefined) {
      this.#enqueue({ message, plain: undefined, callId: message.callId as string, stanza: undefined });
    }
  }

  /** RFC 6120 §8.2.3: an IQ request is answered; SIP users have no other service yet. */
  #takeOther(stanza: Element): void {
    const { type, from } = stanza.attrs;
    if (stanza.name !== 'iq' || from === undefined || (type !== 'get' && type !== 'set')) return;
    this.#link.send(errorReply(stanza, stanzaErrorOf('service-unavailable', this.#errors)));
  }

  #noticeIdle(): void {
    if (!this.#draining || this.#open.size > 0 || this.#turns > 0) return;
    this.#deadlines.clear();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

/**
 * COMPAT: linphone answers to the From that it saw, whose `gr` is the resource of a session that may have ended since; the
 * user is still there. XMPP servers say so with this condition (RFC 6121 §8.5.3.2.1), and treat `chat` like that themselves.
 */
function isGoneDevice(failure: DeliveryFailure, to: string): boolean {
  return failure.kind === 'refused' && failure.error.condition === 'service-unavailable' && to.includes('/');
}

function bareOf(jid: string): string {
  return jid.split('/', 1)[0] as string;
}

type MappedMessage = Extract<FromSip, { readonly kind: 'message' }>;

/** RFC 3261 §8.2.2.2: another copy of the request is being served. */
const MERGED: SipAnswer = { status: 482, reason: 'Loop Detected: merged request' };

/** A stanza with no more than its error needs: what else it carries can be a hundred times what goes to SIP. */
function emptied({ name, attrs }: Element): Element {
  const { from, to, id } = attrs;
  return new Element(name, { from, to, id });
}

/** About what everything beside header fields and bodies takes while a message waits. */
const TURN_OCTETS = 2048;

/** What a message holds while it waits. */
function octetsOf({ message, plain }: Turn): number {
  const headers = message.headers.reduce((sum, [, value]) => sum + value.length, 0);
  return TURN_OCTETS + headers + message.body.length + (plain?.body.length ?? 0);
}

function wantsPlain(outcome: SipOutcome): boolean {
  return outcome.kind === 'final' ? outcome.response.status === 415 : outcome.cause === 'too-large';
}

function factsOf(open: OpenDelivery): LogFields {
  const { id, request, from, to } = open;
  return { direction: 'sip-to-xmpp', callId: request.callId, stanzaId: id, from, to };
}

function counters(metrics: Metrics, direction: Direction): Readonly<Record<Outcome, Counter>> {
  const help = 'Messages by direction and what became of them';
  const all: Partial<Record<Outcome, Counter>> = {};
  for (const outcome of OUTCOMES) all[outcome] = metrics.counter('messages', help, { direction, outcome });
  return all as Record<Outcome, Counter>;
}
