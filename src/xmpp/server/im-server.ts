/**
 * The XMPP server of the local domains, without I/O: takes what clients send, stamps it, and routes it to other clients,
 * to the gateway's domains, or to itself (RFC 6120 §8.1, §10; RFC 6121 §8).
 */
import type { Element } from 'ltx';
import type { Log } from '../../base/log.js';
import type { Random } from '../../base/random.js';
import { err, ok } from '../../base/result.js';
import type { Clock } from '../../base/time.js';
import { Jid } from '../address/jid.js';
import type { Item } from '../stanza/disco.js';
import { errorReply } from '../stanza/error-reply.js';
import { stanzaError } from '../stanza/error-type.js';
import { NS_DELAY } from '../stanza/namespaces.js';
import { stanzaKind } from '../stanza/stanza.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import { stanzaText } from '../stream/stanza-text.js';
import type { StreamCondition } from '../stream/stream-error.js';
import { AccountQueues } from './account-queue.js';
import type { AccountStore } from './account-store.js';
import { discoFeatures } from './disco.js';
import { legacySession, secondBinding } from './established-stream.js';
import { payloadOf } from './iq-feature.js';
import { IqService } from './iq-service.js';
import { type Delivered, LocalMessages } from './local-messages.js';
import { UNAVAILABLE } from './message-delivery.js';
import { OfflineMessages, STORE_FAILED } from './offline-messages.js';
import type { OfflineStore } from './offline-store.js';
import { ping } from './ping.js';
import { hasKnownType, LocalPresence, NO_SUBSCRIPTIONS, SUBSCRIPTION_TYPES } from './presence.js';
import { type Choice, type ConflictPolicy, ResourceChoice } from './resource-choice.js';
import { emptyRoster } from './roster.js';
import { Session, type SessionOutput, SessionTable } from './session.js';
import { softwareVersion } from './software-version.js';

export interface ImServerOptions {
  /** The domains of local accounts, canonical. */
  readonly domains: readonly string[];
  /** The domains behind the gateway, canonical. */
  readonly gatewayDomains: readonly string[];
  readonly accounts: AccountStore;
  readonly offline: OfflineStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What disco#items of the server lists (XEP-0030 §4). */
  readonly items?: readonly Item[];
  /** For XEP-0092. */
  readonly software: { readonly name: string; readonly version: string };
  /**
   * What the gateway answers at once to a stanza for one of its domains; undefined: the stanza goes on to `toGateway`.
   */
  readonly answerForGateway: (stanza: Element) => readonly Element[] | undefined;
  /** Takes the stanzas for the gateway's domains. */
  readonly toGateway: (stanza: Element) => void;
  readonly limits?: ImServerLimits;
}

export interface ImServerLimits {
  /** Connected resources of one account. Default 20. */
  readonly resourcesPerAccount?: number;
  /** Messages kept for one account. Default 1,000. */
  readonly offlineMessages?: number;
  /** Octets of the messages kept for one account. Default 8 MiB. */
  readonly offlineOctets?: number;
  /** Stanzas that wait for one account while something about it is stored or loaded. Default 1,000. */
  readonly waitingPerAccount?: number;
  /** Addresses with directed presence of one session. Default 1,000. */
  readonly directedPresences?: number;
  /** When a requested resource is in use. Default `ask`. */
  readonly resourceConflict?: ConflictPolicy;
}

export class ImServer {
  readonly #options: ImServerOptions;
  readonly #domains: ReadonlySet<string>;
  readonly #gatewayDomains: ReadonlySet<string>;
  readonly #sessions = new SessionTable();
  readonly #queues: AccountQueues;
  readonly #offline: OfflineMessages;
  readonly #messages: LocalMessages;
  readonly #presence: LocalPresence;
  readonly #iqs: IqService;
  readonly #resources: ResourceChoice;

  constructor(options: ImServerOptions) {
    const limits = options.limits ?? {};
    this.#options = options;
    this.#domains = new Set(options.domains);
    this.#gatewayDomains = new Set(options.gatewayDomains);
    this.#queues = new AccountQueues(limits.waitingPerAccount ?? 1_000);
    this.#offline = new OfflineMessages(
      options.accounts,
      options.offline,
      options.clock,
      options.log,
      limits.offlineMessages ?? 1_000,
      limits.offlineOctets ?? 8 * 1024 * 1024,
    );
    this.#messages = new LocalMessages(this.#sessions, this.#queues, this.#offline);
    this.#presence = new LocalPresence(
      this.#sessions,
      (presence, to, from) => this.#routePresence(presence, to, from),
      limits.directedPresences ?? 1_000,
    );
    this.#iqs = new IqService(featuresOf(options));
    this.#resources = new ResourceChoice(
      this.#sessions,
      options.random,
      limits.resourceConflict ?? 'ask',
      limits.resourcesPerAccount ?? 20,
      (session) => this.#displace(session),
    );
  }

  /** How many resources are connected. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  sessions(): Iterable<Session> {
    return this.#sessions.all();
  }

  /**
   * Binds a resource for an authenticated account (RFC 6120 §7). A promise only when the holder of the same resource has
   * to be asked whether it is still there.
   */
  bind(
    bareJid: Jid,
    resource: string | undefined,
    output: SessionOutput,
    lang: string | undefined,
  ): Choice | Promise<Choice> {
    return this.#resources.choose(bareJid, resource, (jid) => {
      const session = new Session(jid, output, lang);
      this.#sessions.add(session);
      return session;
    });
  }

  /**
   * Takes a first-level element of a session's stream.
   * @returns a promise when its fate is not yet known, so that the reader can slow a client down; it never rejects
   */
  receive(session: Session, stanza: Element): Promise<void> | undefined {
    if (session.ended) return undefined;
    const fault = this.#stamp(session, stanza);
    if (fault !== undefined) {
      session.output.end({ condition: fault });
      return undefined;
    }
    const to = addressee(session, stanza);
    if (to === undefined) {
      this.#reply(session, stanza, stanzaError('jid-malformed'));
      return undefined;
    }
    switch (stanza.name) {
      case 'message':
        return this.#message(session, stanza, to);
      case 'presence':
        this.#presenceOf(session, stanza, to);
        return undefined;
      default:
        this.#iq(session, stanza, to);
        return undefined;
    }
  }

  /**
   * The session's stream is gone.
   * @param unwritten the stanzas that were queued to it and not handed to the network: they find another way, or go back
   */
  disconnected(session: Session, unwritten: readonly Element[]): void {
    this.#leave(session);
    for (const stanza of unwritten) this.#redirect(stanza);
  }

  /** Delivers a message from a gateway domain; the promise, or its value, is what its sender is owed. */
  deliverFromGateway(message: Element): Delivered | Promise<Delivered> {
    this.#gatewaySender(message);
    const to = Jid.parse(String(message.attrs.to ?? ''));
    if (!to.ok) return err(stanzaError('jid-malformed', to.error));
    if (!this.#domains.has(to.value.domain)) return err(NO_SUCH_SERVER);
    if (to.value.local === undefined) return err(UNAVAILABLE);
    return this.#messages.deliver(message, to.value);
  }

  /** Takes a stanza from a gateway domain that nobody waits for. */
  sendFromGateway(stanza: Element): void {
    const from = this.#gatewaySender(stanza);
    const to = Jid.parse(String(stanza.attrs.to ?? ''));
    if (!to.ok || !this.#domains.has(to.value.domain)) {
      this.#bounce(stanza, to.ok ? NO_SUCH_SERVER : stanzaError('jid-malformed'));
      return;
    }
    switch (stanza.name) {
      case 'message':
        void this.#deliverOrBounce(stanza, to.value);
        break;
      case 'presence':
        if (SUBSCRIPTION_TYPES.has(stanza.attrs.type)) void this.#subscriptionFromGateway(stanza, to.value);
        else if (to.value.local !== undefined) this.#presence.deliver(stanza, to.value, from);
        break;
      case 'iq':
        this.#localIq(stanza, from, to.value, () => true);
        break;
      default:
        throw new Error(`${stanza.name} is no stanza`);
    }
  }

  /** The gateway speaks for its own domains alone; anything else is a bug of it. */
  #gatewaySender(stanza: Element): Jid {
    const from = Jid.parse(String(stanza.attrs.from ?? ''));
    if (from.ok && this.#gatewayDomains.has(from.value.domain)) return from.value;
    throw new Error(`the gateway cannot send from ${stanza.attrs.from}`);
  }

  /** Resolves when nothing is on its way to or from the store. */
  settled(): Promise<void> {
    return this.#queues.idle();
  }

  /** Sets `from` to what the stream has proven (RFC 6120 §8.1.2.1); the value is why the stream has to end. */
  #stamp(session: Session, stanza: Element): StreamCondition | undefined {
    if (stanzaKind(stanza) === undefined) return 'unsupported-stanza-type';
    const claimed: string | undefined = stanza.attrs.from;
    if (claimed !== undefined && claimed !== session.full && claimed !== session.bare) {
      const jid = Jid.parse(claimed);
      if (!jid.ok || !(jid.value.equals(session.jid) || jid.value.equals(session.jid.bare))) return 'invalid-from';
    }
    stanza.attrs.from = session.full;
    // RFC 6120 §4.7.4: the stream's default goes along, for the next stream has another.
    if (session.lang !== undefined && stanza.attrs['xml:lang'] === undefined) stanza.attrs['xml:lang'] = session.lang;
    return undefined;
  }

  #message(session: Session, message: Element, to: Jid): Promise<void> | undefined {
    this.#dropForgedDelays(message);
    const outcome = this.#routeMessage(message, to);
    if (outcome instanceof Promise) return outcome.then((value) => this.#tell(session, message, value));
    this.#tell(session, message, outcome);
    return undefined;
  }

  #tell(session: Session, message: Element, outcome: Delivered): void {
    if (!outcome.ok) this.#reply(session, message, outcome.error);
  }

  #routeMessage(message: Element, to: Jid): Delivered | Promise<Delivered> {
    if (this.#domains.has(to.domain)) {
      return to.local === undefined ? err(UNAVAILABLE) : this.#messages.deliver(message, to);
    }
    if (!this.#gatewayDomains.has(to.domain)) return err(NO_SUCH_SERVER);
    this.#toGateway(message);
    return ok(undefined);
  }

  #presenceOf(session: Session, presence: Element, to: Jid): void {
    const type: string | undefined = presence.attrs.type;
    if (!hasKnownType(presence)) {
      this.#reply(session, presence, stanzaError('bad-request'));
      return;
    }
    if (presence.attrs.to === undefined && (type === undefined || type === 'unavailable')) {
      if (this.#presence.broadcast(session, presence)) this.#bringOffline(session);
      return;
    }
    if (type !== undefined && SUBSCRIPTION_TYPES.has(type)) {
      this.#subscription(session, presence, to);
      return;
    }
    presence.attrs.to ??= to.toString();
    if (!this.#presence.direct(session, presence, to)) {
      this.#reply(session, presence, stanzaError('resource-constraint'));
      return;
    }
    if (!this.#routePresence(presence, to, session.jid)) this.#reply(session, presence, NO_SUCH_SERVER);
  }

  /** RFC 6121 §3.1.2: subscriptions are matters of bare JIDs. */
  #subscription(session: Session, presence: Element, to: Jid): void {
    presence.attrs.from = session.bare;
    presence.attrs.to = to.bare.toString();
    if (this.#domains.has(to.domain)) this.#reply(session, presence, NO_SUBSCRIPTIONS);
    else if (this.#gatewayDomains.has(to.domain)) this.#toGateway(presence);
    else this.#reply(session, presence, NO_SUCH_SERVER);
  }

  async #subscriptionFromGateway(presence: Element, to: Jid): Promise<void> {
    // RFC 6121 §8.5.1: silence about accounts that do not exist, Appendix A.3: and for what changes no state.
    if (presence.attrs.type !== 'subscribe' || to.local === undefined) return;
    try {
      const known = await this.#options.accounts.account(to.bare.toString());
      if (known !== undefined) this.#bounce(presence, NO_SUBSCRIPTIONS);
    } catch (cause) {
      this.#options.log.error('account not read', { account: to.bare.toString(), reason: String(cause) });
      this.#bounce(presence, STORE_FAILED);
    }
  }

  /** False: no such server. */
  #routePresence(presence: Element, to: Jid, from: Jid): boolean {
    if (this.#domains.has(to.domain)) {
      if (to.local !== undefined) this.#presence.deliver(presence, to, from);
      return true;
    }
    if (!this.#gatewayDomains.has(to.domain)) return false;
    this.#toGateway(presence);
    return true;
  }

  #iq(session: Session, iq: Element, to: Jid): void {
    if (this.#domains.has(to.domain)) {
      this.#localIq(iq, session.jid, to, (holder) => this.#presence.isKnownTo(holder, session.jid));
      return;
    }
    if (isRequest(iq) && payloadOf(iq) === undefined) {
      this.#reply(session, iq, stanzaError('bad-request'));
    } else if (this.#gatewayDomains.has(to.domain)) this.#toGateway(iq);
    else this.#reply(session, iq, NO_SUCH_SERVER);
  }

  /** @param mayAsk whether the asker may address requests to that resource (RFC 6121 §8.5.3.1) */
  #localIq(iq: Element, from: Jid, to: Jid, mayAsk: (holder: Session) => boolean): void {
    const { type } = iq.attrs;
    const answer = type === 'result' || type === 'error';
    if (to.local === undefined || to.resource === undefined) {
      // An answer to something that this server asked: what it wanted to know, it learns from any octet (§8.5.2.1.3).
      if (!answer) this.#replyTo(iq, this.#iqs.answer(iq, from, to));
      return;
    }
    const holder = this.#sessions.find(to.toString());
    if (answer) {
      if (holder !== undefined) send(holder, iq);
    } else if (payloadOf(iq) === undefined || (type !== 'get' && type !== 'set')) {
      this.#bounce(iq, stanzaError('bad-request'));
    } else if (holder === undefined || !mayAsk(holder) || !send(holder, iq)) {
      this.#bounce(iq, UNAVAILABLE); // §8.5.3.2.3
    }
  }

  #bringOffline(session: Session): void {
    const queued = this.#queues.run(session.bare, () => this.#offline.flush(session));
    // The next presence that begins to take messages brings them.
    if (!queued) this.#options.log.warn('offline messages wait', { account: session.bare });
  }

  /** XEP-0203 §5: nobody else says in our name when something came. */
  #dropForgedDelays(message: Element): void {
    if (!message.children.some((child) => this.#isOwnDelay(child))) return;
    message.children = message.children.filter((child) => !this.#isOwnDelay(child));
  }

  #isOwnDelay(child: Element | string): boolean {
    if (typeof child === 'string' || child.name !== 'delay' || child.attrs.xmlns !== NS_DELAY) return false;
    return this.#domains.has(String(child.attrs.from).toLowerCase());
  }

  #toGateway(stanza: Element): void {
    const answers = this.#options.answerForGateway(stanza);
    if (answers === undefined) this.#options.toGateway(stanza);
    else for (const answer of answers) this.#routeMade(answer);
  }

  /** Routes what this server or the gateway made, by its addresses. Nothing is answered to it. */
  #routeMade(stanza: Element): void {
    const to = Jid.parse(String(stanza.attrs.to ?? ''));
    if (!to.ok) return;
    if (this.#gatewayDomains.has(to.value.domain)) this.#options.toGateway(stanza);
    else if (stanza.name === 'presence') {
      const from = Jid.parse(String(stanza.attrs.from ?? ''));
      if (from.ok) this.#presence.deliver(stanza, to.value, from.value);
    } else {
      const holder = this.#sessions.find(to.value.toString());
      if (holder !== undefined) send(holder, stanza);
    }
  }

  /** A stanza that could not be written to the session that it was queued for. */
  #redirect(stanza: Element): void {
    const to = Jid.parse(String(stanza.attrs.to ?? ''));
    if (!to.ok) return;
    if (stanza.name === 'message') void this.#deliverOrBounce(stanza, to.value);
    else if (stanza.name === 'iq' && isRequest(stanza)) this.#bounce(stanza, UNAVAILABLE);
  }

  async #deliverOrBounce(message: Element, to: Jid): Promise<void> {
    const outcome = await this.#routeMessage(message, to);
    if (!outcome.ok) this.#bounce(message, outcome.error);
  }

  /** The error goes to whoever sent the stanza, by its `from`. */
  #bounce(stanza: Element, error: StanzaError): void {
    if (isAnswerable(stanza)) this.#routeMade(errorReply(stanza, error));
  }

  #reply(session: Session, stanza: Element, error: StanzaError): void {
    if (isAnswerable(stanza)) send(session, errorReply(stanza, error));
  }

  #replyTo(request: Element, answer: Element): void {
    if (isAnswerable(request)) this.#routeMade(answer);
  }

  #displace(session: Session): void {
    this.#leave(session);
    session.output.end({ condition: 'conflict', text: 'another client took this resource' });
  }

  #leave(session: Session): void {
    if (session.ended) return;
    session.ended = true;
    this.#sessions.remove(session);
    this.#presence.ended(session);
  }
}

const NO_SUCH_SERVER = stanzaError('remote-server-not-found');

function featuresOf(options: ImServerOptions) {
  const features = [
    ping,
    softwareVersion(options.software.name, options.software.version),
    emptyRoster,
    legacySession,
    secondBinding,
  ];
  // XEP-0160 §4
  return [...features, ...discoFeatures(features, ['msgoffline'], options.software.name, options.items ?? [])];
}

/** Who a stanza of a session is for; without `to` its own account (RFC 6120 §10.3). Undefined: no JID. */
function addressee(session: Session, stanza: Element): Jid | undefined {
  const text: string | undefined = stanza.attrs.to;
  if (text === undefined) {
    if (stanza.name === 'message') stanza.attrs.to = session.bare; // RFC 6120 §10.3.1
    return session.jid.bare;
  }
  const jid = Jid.parse(text);
  return jid.ok ? jid.value : undefined;
}

function send(session: Session, stanza: Element): boolean {
  return session.output.send(stanzaText(stanza), stanza);
}

function isRequest(iq: Element): boolean {
  return iq.attrs.type !== 'result' && iq.attrs.type !== 'error';
}

/** Errors, and answers, are never answered (RFC 6120 §8.3.1). */
function isAnswerable(stanza: Element): boolean {
  return stanza.attrs.type !== 'error' && !(stanza.name === 'iq' && stanza.attrs.type === 'result');
}
