/**
 * The server's side of a client stream from its first byte to its session: headers, TLS, SASL, resource binding (RFC
 * 6120 §4, §5, §6, §7). A machine without I/O: each event gives the effects to carry out, in order.
 */
import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { Element } from 'ltx';
import type { Random } from '../../base/random.js';
import { err, ok, type Result } from '../../base/result.js';
import { Jid } from '../address/jid.js';
import type { Account, ScramKeys } from '../server/account-store.js';
import { errorReply } from '../stanza/error-reply.js';
import { stanzaError } from '../stanza/error-type.js';
import { iqResult, stanzaKind } from '../stanza/stanza.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import { serializeXml } from '../xml/serialize-xml.js';
import { type ChannelBindings, NO_BINDINGS } from './channel-binding.js';
import { NS_BIND, NS_SASL, NS_SASL_CHANNEL_BINDING, NS_SESSION, NS_STREAMS, NS_TLS } from './namespaces.js';
import { preparePassword } from './password.js';
import type { SaslCondition, SaslFailure } from './sasl-failure.js';
import { equalSecrets, keysOf, type ScramHash, ScramServer } from './scram.js';
import { stanzaText } from './stanza-text.js';
import { type StreamError, streamErrorElement } from './stream-error.js';
import { CLOSING_TAG, type ClientHeader, hostedDomain, readClientHeader, serverHeader } from './stream-header.js';

/** How a connection may be, or is, encrypted. */
export type TlsPolicy =
  /** STARTTLS is mandatory to negotiate (RFC 6120 §5.3.1). */
  | 'required'
  /** STARTTLS is offered; a client may authenticate without it, but never by PLAIN. */
  | 'optional'
  /** No certificate: STARTTLS is not offered. */
  | 'unavailable'
  /** Encrypted since the first byte (XEP-0368). */
  | 'direct';

export interface C2sNegotiationOptions {
  /** The hosted domains, canonical; the first is the one to answer for when a client names none of them. */
  readonly domains: readonly string[];
  readonly tls: TlsPolicy;
  /** Of a direct TLS connection. */
  readonly bindings?: ChannelBindings;
  /** Whether PLAIN is offered, last and under TLS only (RFC 6120 §13.8.3). Default true. */
  readonly plain?: boolean;
  /** Failures after which the stream is closed: 2 to 5 (RFC 6120 §6.4.5). Default 5. */
  readonly maxAuthFailures?: number;
  /** Keys the made-up salts of users that do not exist, so that they stay the same. At least 16 octets. */
  readonly decoySecret: Uint8Array;
  /** The iteration count of made-up users: that of new accounts. */
  readonly iterations: number;
  readonly random: Random;
}

export type C2sEffect =
  /** Write this text. */
  | { readonly kind: 'write'; readonly text: string }
  /** Start TLS after what was written; nothing that was received after the `<starttls/>` may be used. Then `tlsEstablished`. */
  | { readonly kind: 'start-tls' }
  /** What comes next is a new stream: read it with a new parser. */
  | { readonly kind: 'restart'; readonly authenticated: boolean }
  /** Look this account up, then `accountFound`. */
  | { readonly kind: 'look-up'; readonly bareJid: string }
  /** Compute SaltedPassword, then `passwordSalted`. */
  | {
      readonly kind: 'salt-password';
      readonly hash: ScramHash;
      readonly password: string;
      readonly salt: Uint8Array;
      readonly iterations: number;
    }
  /** Someone authenticated, or failed to: to log and to count. */
  | { readonly kind: 'authenticated'; readonly bareJid: string; readonly mechanism: string }
  | { readonly kind: 'refused'; readonly condition: SaslCondition; readonly mechanism: string | undefined }
  /** Bind this resource, or one of the server's choice; then `bound`. */
  | {
      readonly kind: 'bind';
      readonly bareJid: Jid;
      readonly resource: string | undefined;
      /** The stream's `xml:lang` (RFC 6120 §4.7.4). */
      readonly lang: string | undefined;
    }
  /** Negotiation is complete: elements that follow are the session's. */
  | { readonly kind: 'established' }
  /** Close the connection after what was written. */
  | { readonly kind: 'close' };

type State =
  | { readonly name: 'header' }
  | { readonly name: 'tls' }
  /** Features are out; a mechanism, or `<starttls/>`, is expected. */
  | { readonly name: 'features' }
  /** A mechanism was chosen without an initial response (RFC 6120 §6.4.2). */
  | { readonly name: 'initial-response'; readonly mechanism: Mechanism }
  | { readonly name: 'look-up'; readonly attempt: Attempt }
  | { readonly name: 'challenge'; readonly attempt: Attempt & { readonly kind: 'scram' } }
  | { readonly name: 'salting'; readonly attempt: Attempt & { readonly kind: 'plain' }; readonly keys: ScramKeys }
  | { readonly name: 'bind' }
  | { readonly name: 'binding'; readonly iq: Element }
  | { readonly name: 'established' }
  | { readonly name: 'closed' };

interface Mechanism {
  readonly name: string;
  readonly hash: ScramHash;
  readonly kind: 'scram-plus' | 'scram' | 'plain';
}

/** A user who is proving itself. */
type Attempt =
  | { readonly kind: 'scram'; readonly mechanism: Mechanism; readonly jid: Jid; readonly scram: ScramServer }
  | { readonly kind: 'plain'; readonly mechanism: Mechanism; readonly jid: Jid; readonly password: string };

/** In order of preference: strongest first, PLAIN last (RFC 6120 §6.3.3, §13.8.3). */
const MECHANISMS: readonly Mechanism[] = [
  { name: 'SCRAM-SHA-256-PLUS', hash: 'SHA-256', kind: 'scram-plus' },
  { name: 'SCRAM-SHA-1-PLUS', hash: 'SHA-1', kind: 'scram-plus' },
  { name: 'SCRAM-SHA-256', hash: 'SHA-256', kind: 'scram' },
  { name: 'SCRAM-SHA-1', hash: 'SHA-1', kind: 'scram' },
  { name: 'PLAIN', hash: 'SHA-256', kind: 'plain' },
];

const NONE: readonly C2sEffect[] = [];

export class C2sNegotiation {
  readonly #options: C2sNegotiationOptions;
  readonly #domains: ReadonlySet<string>;
  readonly #maxAuthFailures: number;
  #state: State = { name: 'header' };
  #secure: boolean;
  #bindings: ChannelBindings;
  /** Whether the current stream has our opening tag, which an error needs before it (RFC 6120 §4.9.1.2). */
  #opened = false;
  #header: ClientHeader | undefined;
  #authFailures = 0;
  #authenticated: Jid | undefined;

  constructor(options: C2sNegotiationOptions) {
    this.#options = options;
    this.#domains = new Set(options.domains);
    this.#maxAuthFailures = options.maxAuthFailures ?? 5;
    this.#secure = options.tls === 'direct';
    this.#bindings = this.#secure ? (options.bindings ?? NO_BINDINGS) : NO_BINDINGS;
  }

  /** True while an answer to `look-up`, `salt-password` or `bind` is due: elements have to wait for it. */
  get waiting(): boolean {
    const { name } = this.#state;
    return name === 'look-up' || name === 'salting' || name === 'binding';
  }

  /** True when nothing more is to be read or written. */
  get closed(): boolean {
    return this.#state.name === 'closed';
  }

  /** The client's opening tag: its root element, without children. */
  header(root: Element): readonly C2sEffect[] {
    if (this.#state.name !== 'header') return NONE;
    const domain = hostedDomain(root, this.#domains) ?? this.#options.domains[0]!;
    const opening = this.#open(domain, root.attrs.from);
    const header = readClientHeader(root, this.#domains);
    if (!header.ok) return [opening, ...this.fail(header.error)];
    if (this.#authenticated !== undefined && !this.#mayOpen(header.value)) {
      return [opening, ...this.fail({ condition: 'invalid-from' })];
    }
    this.#header = header.value;
    this.#state = { name: this.#authenticated === undefined ? 'features' : 'bind' };
    return [opening, { kind: 'write', text: serializeXml(this.#features()) }];
  }

  /** A complete first-level child of the stream; not while `waiting`, and not once established. */
  element(element: Element): readonly C2sEffect[] {
    switch (this.#state.name) {
      case 'closed':
        return NONE;
      case 'header':
        // RFC 6120 §4.3.3: after a restart a new stream comes first.
        return this.fail({ condition: 'bad-format', text: 'expected a stream header' });
      case 'look-up':
      case 'salting':
      case 'binding':
      case 'established':
        throw new Error(`no element belongs to the negotiation in state ${this.#state.name}`);
      case 'tls':
        // Clear text after <starttls/>: somebody tries to smuggle it into the encrypted stream.
        return this.#close();
      default:
        return this.#negotiate(element);
    }
  }

  /** TLS is up after `start-tls`: everything learnt before is forgotten (RFC 6120 §5.4.3.3). */
  tlsEstablished(bindings: ChannelBindings): readonly C2sEffect[] {
    if (this.#state.name !== 'tls') return NONE;
    this.#secure = true;
    this.#bindings = bindings;
    this.#header = undefined;
    return this.#restart(false);
  }

  /** The answer to `look-up`; undefined: there is no such account. */
  accountFound(account: Account | undefined): readonly C2sEffect[] {
    if (this.#state.name !== 'look-up') return NONE;
    const { attempt } = this.#state;
    const keys = this.#keysFor(attempt, account);
    if (attempt.kind === 'scram') {
      this.#state = { name: 'challenge', attempt };
      return [saslWrite('challenge', attempt.scram.challenge(keys))];
    }
    this.#state = { name: 'salting', attempt, keys };
    const { salt, iterations } = keys;
    return [{ kind: 'salt-password', hash: attempt.mechanism.hash, password: attempt.password, salt, iterations }];
  }

  /** The answer to `salt-password`. */
  passwordSalted(salted: Uint8Array): readonly C2sEffect[] {
    if (this.#state.name !== 'salting') return NONE;
    const { attempt, keys } = this.#state;
    const { storedKey } = keysOf(attempt.mechanism.hash, salted);
    if (!equalSecrets(storedKey, keys.storedKey)) return this.#refuse({ condition: 'not-authorized' });
    return this.#succeed(attempt, undefined);
  }

  /** The accounts cannot be read now. */
  lookUpFailed(): readonly C2sEffect[] {
    if (this.#state.name !== 'look-up' && this.#state.name !== 'salting') return NONE;
    return this.#refuse({ condition: 'temporary-auth-failure' });
  }

  /** The answer to `bind`: the full JID, or why there is none (RFC 6120 §7.6.2, §7.7.2). */
  bound(outcome: Result<Jid, StanzaError>): readonly C2sEffect[] {
    if (this.#state.name !== 'binding') return NONE;
    const { iq } = this.#state;
    if (!outcome.ok) {
      this.#state = { name: 'bind' };
      return [{ kind: 'write', text: stanzaText(errorReply(iq, outcome.error)) }];
    }
    this.#state = { name: 'established' };
    const bind = new Element('bind', { xmlns: NS_BIND });
    bind.c('jid').t(outcome.value.toString());
    return [{ kind: 'write', text: stanzaText(iqResult(iq, bind)) }, { kind: 'established' }];
  }

  /** The client closed its stream: ours is closed too, then the connection (RFC 6120 §4.4). */
  streamEnd(): readonly C2sEffect[] {
    if (this.#state.name === 'closed') return NONE;
    return [{ kind: 'write', text: CLOSING_TAG }, ...this.#close()];
  }

  /** Negotiation took too long. */
  timeout(): readonly C2sEffect[] {
    if (this.#state.name === 'established') return NONE;
    return this.fail({ condition: 'policy-violation', text: 'negotiation took too long' });
  }

  /** Ends the stream with an error, whoever found it: this machine, the parser, the session, the server. */
  fail(error: StreamError): readonly C2sEffect[] {
    if (this.#state.name === 'closed') return NONE;
    // In the middle of the change to TLS nothing can be said in clear (RFC 6120 §5.4.2.3).
    if (this.#state.name === 'tls') return this.#close();
    const opening = this.#opened ? NONE : [this.#open(this.#options.domains[0]!, undefined)];
    const text = serializeXml(streamErrorElement(error)) + CLOSING_TAG;
    return [...opening, { kind: 'write', text }, ...this.#close()];
  }

  #negotiate(element: Element): readonly C2sEffect[] {
    const xmlns = element.getNS();
    if (xmlns === NS_TLS && element.getName() === 'starttls') return this.#startTls();
    if (xmlns === NS_SASL && this.#authenticated === undefined) return this.#sasl(element);
    if (xmlns === NS_STREAMS && element.getName() === 'error') return this.streamEnd();
    if (stanzaKind(element) !== undefined) return this.#stanza(element);
    return this.fail({ condition: 'unsupported-stanza-type' });
  }

  #startTls(): readonly C2sEffect[] {
    const possible = this.#options.tls === 'required' || this.#options.tls === 'optional';
    if (!possible || this.#secure || this.#state.name !== 'features') {
      // RFC 6120 §5.4.2.2; RFC 7590 §3.1: it may come although it was not offered.
      const failure = new Element('failure', { xmlns: NS_TLS });
      return [{ kind: 'write', text: serializeXml(failure) + CLOSING_TAG }, ...this.#close()];
    }
    this.#state = { name: 'tls' };
    return [{ kind: 'write', text: serializeXml(new Element('proceed', { xmlns: NS_TLS })) }, { kind: 'start-tls' }];
  }

  #sasl(element: Element): readonly C2sEffect[] {
    switch (element.getName()) {
      case 'abort':
        return this.#refuse({ condition: 'aborted' });
      case 'auth':
        return this.#auth(element);
      case 'response':
        return this.#response(element);
      default:
        return this.#refuse({ condition: 'malformed-request' });
    }
  }

  #auth(element: Element): readonly C2sEffect[] {
    if (this.#state.name !== 'features') return this.#refuse({ condition: 'malformed-request' });
    const name = element.attrs.mechanism;
    const mechanism = MECHANISMS.find((known) => known.name === name);
    if (mechanism === undefined || !this.#offers(mechanism)) {
      // RFC 6120 §6.5.4: it would be there after TLS.
      const condition =
        mechanism !== undefined && this.#hiddenUntilTls(mechanism) ? 'encryption-required' : 'invalid-mechanism';
      return this.#refuse({ condition });
    }
    const data = decode(element);
    if (!data.ok) return this.#refuse(data.error, mechanism);
    if (data.value !== undefined) return this.#begin(mechanism, data.value);
    this.#state = { name: 'initial-response', mechanism };
    return [{ kind: 'write', text: serializeXml(new Element('challenge', { xmlns: NS_SASL })) }];
  }

  #response(element: Element): readonly C2sEffect[] {
    const state = this.#state;
    if (state.name !== 'initial-response' && state.name !== 'challenge') {
      return this.#refuse({ condition: 'malformed-request' });
    }
    const mechanism = state.name === 'challenge' ? state.attempt.mechanism : state.mechanism;
    const data = decode(element);
    if (!data.ok) return this.#refuse(data.error, mechanism);
    if (state.name === 'initial-response') return this.#begin(mechanism, data.value ?? '');
    const outcome = state.attempt.scram.final(data.value ?? '');
    return outcome.ok ? this.#succeed(state.attempt, outcome.value) : this.#refuse(outcome.error, mechanism);
  }

  /** The first message of the client names the user, who is then looked up. */
  #begin(mechanism: Mechanism, data: string): readonly C2sEffect[] {
    const claim = mechanism.kind === 'plain' ? this.#readPlain(mechanism, data) : this.#readScram(mechanism, data);
    if ('condition' in claim) return this.#refuse(claim, mechanism);
    this.#state = { name: 'look-up', attempt: claim };
    return [{ kind: 'look-up', bareJid: claim.jid.toString() }];
  }

  #readScram(mechanism: Mechanism, data: string): Attempt | SaslFailure {
    const plus = mechanism.kind === 'scram-plus';
    const nonce = this.#options.random.token(128);
    const scram = new ScramServer(mechanism.hash, plus, this.#bindings, nonce);
    const first = scram.first(data);
    if (!first.ok) return first.error;
    const jid = this.#identity(first.value.username, first.value.authzid);
    return jid instanceof Jid ? { kind: 'scram', mechanism, jid, scram } : jid;
  }

  /** `[authzid] NUL authcid NUL passwd` (RFC 4616 §2). */
  #readPlain(mechanism: Mechanism, data: string): Attempt | SaslFailure {
    const [authzid, username, password, ...more] = data.split('\0');
    if (username === undefined || password === undefined || username === '' || more.length > 0) {
      return { condition: 'malformed-request' };
    }
    const jid = this.#identity(username, authzid === '' ? undefined : authzid);
    if (!(jid instanceof Jid)) return jid;
    const prepared = preparePassword(password, 'query');
    return prepared.ok ? { kind: 'plain', mechanism, jid, password: prepared.value } : { condition: 'not-authorized' };
  }

  /** The bare JID of a user name at the stream's domain; an authorization identity may only repeat it (RFC 6120 §6.3.8). */
  #identity(username: string, authzid: string | undefined): Jid | SaslFailure {
    const jid = Jid.of(username, this.#header!.to);
    if (!jid.ok) return { condition: 'not-authorized' };
    if (authzid === undefined) return jid.value;
    const wanted = Jid.parse(authzid);
    return wanted.ok && wanted.value.equals(jid.value) ? jid.value : { condition: 'invalid-authzid' };
  }

  /** Real keys, or made-up ones that look and cost the same, so that nobody learns which users exist. */
  #keysFor(attempt: Attempt, account: Account | undefined): ScramKeys {
    const { hash } = attempt.mechanism;
    if (account !== undefined) return hash === 'SHA-1' ? account.scramSha1 : account.scramSha256;
    const made = (what: string) =>
      createHmac(hash === 'SHA-1' ? 'sha1' : 'sha256', this.#options.decoySecret)
        .update(`${what} ${hash} ${attempt.jid}`)
        .digest();
    return {
      salt: made('salt').subarray(0, 16),
      iterations: this.#options.iterations,
      storedKey: made('stored key'),
      serverKey: made('server key'),
    };
  }

  #succeed(attempt: Attempt, additionalData: string | undefined): readonly C2sEffect[] {
    this.#authenticated = attempt.jid;
    const success = new Element('success', { xmlns: NS_SASL });
    if (additionalData !== undefined) success.t(Buffer.from(additionalData).toString('base64'));
    return [
      { kind: 'write', text: serializeXml(success) },
      { kind: 'authenticated', bareJid: attempt.jid.toString(), mechanism: attempt.mechanism.name },
      ...this.#restart(true),
    ];
  }

  #refuse(failure: SaslFailure, mechanism?: Mechanism): readonly C2sEffect[] {
    const state = this.#state;
    const chosen = mechanism ?? ('attempt' in state ? state.attempt.mechanism : undefined);
    this.#state = { name: 'features' };
    const element = new Element('failure', { xmlns: NS_SASL });
    element.c(failure.condition);
    if (failure.text !== undefined) element.c('text', { 'xml:lang': 'en' }).t(failure.text);
    const effects: readonly C2sEffect[] = [
      { kind: 'write', text: serializeXml(element) },
      { kind: 'refused', condition: failure.condition, mechanism: chosen?.name },
    ];
    // RFC 6120 §6.4.5
    if (++this.#authFailures < this.#maxAuthFailures) return effects;
    return [...effects, ...this.fail({ condition: 'policy-violation', text: 'too many failed authentications' })];
  }

  #stanza(stanza: Element): readonly C2sEffect[] {
    const bind = this.#authenticated === undefined ? undefined : stanza.getChild('bind', NS_BIND);
    // RFC 6120 §4.3.5, §7.1: nothing is processed before negotiation is complete.
    if (stanza.getName() !== 'iq' || bind === undefined) return this.fail({ condition: 'not-authorized' });
    return this.#bind(stanza, bind);
  }

  #bind(iq: Element, bind: Element): readonly C2sEffect[] {
    const bareJid = this.#authenticated!;
    const resource = bind.getChildText('resource', NS_BIND) || undefined;
    // RFC 6120 §7.7.2.1
    const usable = resource === undefined || Jid.isStrictResource(resource);
    if (iq.attrs.type !== 'set' || !iq.attrs.id || !usable) {
      return [{ kind: 'write', text: stanzaText(errorReply(iq, stanzaError('bad-request'))) }];
    }
    this.#state = { name: 'binding', iq };
    return [{ kind: 'bind', bareJid, resource, lang: this.#header?.lang }];
  }

  /** The features of the current stage (RFC 6120 §4.3.2): TLS before SASL before binding. */
  #features(): Element {
    const features = new Element('stream:features');
    if (this.#authenticated !== undefined) {
      features.c('bind', { xmlns: NS_BIND });
      // COMPAT: RFC 3921 clients ask for it; draft-cridland-xmpp-session marks that nobody needs to.
      features.c('session', { xmlns: NS_SESSION }).c('optional');
      return features;
    }
    if (!this.#secure && this.#options.tls !== 'unavailable') {
      const startTls = features.c('starttls', { xmlns: NS_TLS });
      if (this.#options.tls === 'required') startTls.c('required');
    }
    this.#addMechanisms(features);
    return features;
  }

  #addMechanisms(features: Element): void {
    const offered = MECHANISMS.filter((mechanism) => this.#offers(mechanism));
    if (offered.length === 0) return;
    const list = features.c('mechanisms', { xmlns: NS_SASL });
    for (const mechanism of offered) list.c('mechanism').t(mechanism.name);
    if (this.#bindings.size === 0) return;
    const types = features.c('sasl-channel-binding', { xmlns: NS_SASL_CHANNEL_BINDING }); // XEP-0440 §2
    for (const type of this.#bindings.keys()) types.c('channel-binding', { type });
  }

  #offers(mechanism: Mechanism): boolean {
    if (!this.#secure && this.#options.tls === 'required') return false;
    switch (mechanism.kind) {
      case 'scram':
        return true;
      case 'scram-plus':
        return this.#bindings.size > 0;
      case 'plain':
        return this.#secure && this.#options.plain !== false;
    }
  }

  #hiddenUntilTls(mechanism: Mechanism): boolean {
    return !this.#secure && (mechanism.kind !== 'plain' || this.#options.plain !== false);
  }

  /** RFC 6120 §4.9.3.9: a header on an authenticated stream claims nobody else, at no other domain. */
  #mayOpen(header: ClientHeader): boolean {
    const jid = this.#authenticated!;
    return header.to === jid.domain && (header.from === undefined || header.from.equals(jid));
  }

  #open(from: string, to: unknown): C2sEffect {
    this.#opened = true;
    // RFC 6120 §4.7.3: nobody can guess the id, and each stream has its own.
    const id = this.#options.random.token(128);
    return { kind: 'write', text: serverHeader({ from, id, to: typeof to === 'string' ? to : undefined }) };
  }

  /** RFC 6120 §4.3.3 */
  #restart(authenticated: boolean): readonly C2sEffect[] {
    this.#opened = false;
    this.#state = { name: 'header' };
    return [{ kind: 'restart', authenticated }];
  }

  #close(): readonly C2sEffect[] {
    this.#state = { name: 'closed' };
    return [{ kind: 'close' }];
  }
}

/**
 * The content of a SASL element as text; undefined when it has none, which differs from empty (RFC 6120 §6.4.2).
 * Mechanisms here speak UTF-8 only.
 */
function decode(element: Element): Result<string | undefined, SaslFailure> {
  const text = element.getText();
  if (element.getChildElements().length > 0) return err({ condition: 'malformed-request' });
  if (text === '') return ok(undefined);
  if (text === '=') return ok('');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return err({ condition: 'incorrect-encoding' });
  const octets = Buffer.from(text, 'base64');
  return isUtf8(octets) ? ok(octets.toString('utf8')) : err({ condition: 'malformed-request' });
}

function saslWrite(name: string, data: string): C2sEffect {
  const element = new Element(name, { xmlns: NS_SASL }).t(Buffer.from(data).toString('base64'));
  return { kind: 'write', text: serializeXml(element) };
}
