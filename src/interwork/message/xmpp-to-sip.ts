/** A message stanza becomes a SIP MESSAGE (RFC 7572 §4). */
import type { Element } from 'ltx';
import { err, ok, type Result } from '../../base/result.js';
import { buildCpim } from '../../documents/cpim/build.js';
import { formatDateTime } from '../../documents/date-time.js';
import type { MimeField } from '../../documents/mime/entity.js';
import type { OutgoingMessage } from '../../sip/engine.js';
import { formatSipDate } from '../../sip/message/date.js';
import type { Uri } from '../../sip/message/uri.js';
import { Jid } from '../../xmpp/address/jid.js';
import { readDelay } from '../../xmpp/stanza/delay.js';
import type { StanzaError } from '../../xmpp/stanza/stanza-error.js';
import { NS_CLIENT } from '../../xmpp/stream/namespaces.js';
import type { AddressMap } from '../address/address-map.js';
import { checkDirection } from '../address/direction.js';
import { uriFromJid } from '../address/xmpp-to-sip.js';
import { stanzaErrorForAddress, stanzaErrorOf } from '../error/stanza-error.js';
import type { ErrorTables } from '../error/tables.js';
import { isCiphertext } from './encryption.js';
import { languageTag, toCanonicalLines, toOneLine } from './text.js';
import { isCallId, pairOf, type ThreadTable } from './thread-table.js';

export interface ToSipOptions {
  /** Whether text goes in a Message/CPIM envelope. */
  readonly cpimOut: 'never' | 'always';
}

/** What the mapping knows beside the stanza. */
export interface ToSipContext {
  readonly addresses: AddressMap;
  readonly errors: ErrorTables;
  readonly threads: ThreadTable;
  readonly options: ToSipOptions;
}

/** Signs of a conversation that are no message of it. */
export type Sign = 'chat-state' | 'receipt' | 'marker';

/** What a message stanza is on the SIP side. */
export type FromXmpp =
  | {
      readonly kind: 'message';
      readonly message: OutgoingMessage;
      /** The same as text/plain, for a peer that takes nothing else; absent when it is that already. */
      readonly plain?: OutgoingMessage;
      readonly callId: string;
    }
  /** Nothing to read; what the signs mean to a conversation is told elsewhere. */
  | { readonly kind: 'signs'; readonly signs: readonly Sign[] }
  /** Neither to be sent nor answered. */
  | { readonly kind: 'nothing'; readonly why: 'error' | 'copy' };

/**
 * Maps a message stanza to a SIP user.
 * @param freshCallId makes one, for a stanza without a thread that could be one
 * @param now milliseconds since the epoch
 * @returns the request to send, or the stanza error for its sender
 */
export function toSipMessage(
  stanza: Element,
  freshCallId: () => string,
  now: number,
  context: ToSipContext,
): Result<FromXmpp, StanzaError> {
  const { type } = stanza.attrs;
  if (type === 'error') return ok({ kind: 'nothing', why: 'error' }); // RFC 6120 §8.3.1
  // RFC 7702 has rooms; no room is behind the address of a user.
  if (type === 'groupchat') return err(stanzaErrorOf('service-unavailable', context.errors));
  const read = readStanza(stanza);
  if (read.copy) return ok({ kind: 'nothing', why: 'copy' });
  const body = choose(read.bodies, read.lang);
  const subject = subjectBeside(body, read);
  if (body === undefined && subject === undefined) {
    if (!read.ciphertext) return ok({ kind: 'signs', signs: read.signs });
    return err(stanzaErrorOf('service-unavailable', context.errors, 'End-to-end encryption does not reach SIP users'));
  }
  const parties = mapParties(stanza, context);
  if (!parties.ok) return parties;
  const callId = callIdFor(read.thread, freshCallId, parties.value, now, context.threads);
  return ok(compose(parties.value, { body, subject, sentAt: readDelay(stanza)?.stampMs }, callId, now, context));
}

/** A text and its effective language. */
interface Text {
  readonly text: string;
  readonly lang: string | undefined;
  readonly ownLang: string | undefined;
}

interface ReadStanza {
  readonly lang: string | undefined;
  readonly bodies: Text[];
  readonly subjects: Text[];
  readonly signs: Sign[];
  thread: string | undefined;
  ciphertext: boolean;
  copy: boolean;
}

/** One pass over the children: what the stanza says, and what it is beside that. */
function readStanza(stanza: Element): ReadStanza {
  const lang = stanza.attrs['xml:lang'] as string | undefined;
  const read: ReadStanza = {
    lang,
    bodies: [],
    subjects: [],
    signs: [],
    thread: undefined,
    ciphertext: false,
    copy: false,
  };
  for (const child of stanza.children) {
    if (typeof child !== 'object') continue;
    const xmlns = child.attrs.xmlns as string | undefined;
    if (xmlns === undefined || xmlns === NS_CLIENT) readOwn(child, read);
    else readExtension(child, xmlns, read);
  }
  return read;
}

function readOwn(child: Element, read: ReadStanza): void {
  if (child.name === 'thread') {
    read.thread ??= child.getText();
    return;
  }
  if (child.name !== 'body' && child.name !== 'subject') return;
  const text = child.getText();
  if (text === '') return;
  const ownLang = child.attrs['xml:lang'] as string | undefined;
  (child.name === 'body' ? read.bodies : read.subjects).push({ text, ownLang, lang: ownLang ?? read.lang });
}

function readExtension(child: Element, xmlns: string, read: ReadStanza): void {
  switch (xmlns) {
    case 'http://jabber.org/protocol/chatstates':
      read.signs.push('chat-state');
      return;
    case 'urn:xmpp:receipts':
      if (child.name === 'received') read.signs.push('receipt');
      return;
    case 'urn:xmpp:chat-markers:0':
      if (child.name !== 'markable') read.signs.push('marker');
      return;
    case 'urn:xmpp:carbons:2':
      // A copy of what was delivered elsewhere must not be delivered again (XEP-0280 §11).
      if (child.name !== 'private') read.copy = true;
      return;
    default:
      if (child.name === 'result' && xmlns.startsWith('urn:xmpp:mam:')) read.copy = true;
      else if (isCiphertext(child)) read.ciphertext = true;
  }
}

/** RFC 6121 §5.2.3: texts in several languages say the same. The one of the stanza's own language goes. */
function choose(texts: readonly Text[], lang: string | undefined): Text | undefined {
  if (texts.length < 2) return texts[0];
  return texts.find((text) => text.ownLang === undefined) ?? texts.find((text) => sameTag(text.lang, lang)) ?? texts[0];
}

function subjectBeside(body: Text | undefined, read: ReadStanza): Text | undefined {
  if (read.subjects.length < 2) return read.subjects[0];
  const inLanguage = body === undefined ? undefined : read.subjects.find((text) => sameTag(text.lang, body.lang));
  return inLanguage ?? choose(read.subjects, read.lang);
}

function sameTag(one: string | undefined, other: string | undefined): boolean {
  return one === other || one?.toLowerCase() === other?.toLowerCase();
}

interface Parties {
  readonly from: Jid;
  readonly to: Jid;
  /** With the resource as its `gr` parameter (RFC 7572 §4 note 1). */
  readonly fromUri: Uri;
  readonly requestUri: Uri;
  readonly toUri: Uri;
}

function mapParties(stanza: Element, context: ToSipContext): Result<Parties, StanzaError> {
  const { addresses, errors } = context;
  const from = Jid.parse(String(stanza.attrs.from ?? ''));
  if (!from.ok) return err(malformed(from.error, 'sender', errors));
  const to = Jid.parse(String(stanza.attrs.to ?? ''));
  if (!to.ok) return err(malformed(to.error, 'recipient', errors));
  const direction = checkDirection('xmpp-to-sip', from.value.domain, to.value.domain, addresses);
  if (!direction.ok) return err(stanzaErrorForAddress(direction.error, 'recipient', errors));
  const fromUri = uriFromJid(from.value, addresses);
  if (!fromUri.ok) return err(stanzaErrorForAddress(fromUri.error, 'sender', errors));
  const requestUri = uriFromJid(to.value, addresses, { foreignOwner: 'sip' });
  if (!requestUri.ok) return err(stanzaErrorForAddress(requestUri.error, 'recipient', errors));
  // RFC 7572 §4: To is the AOR.
  const toUri = to.value.resource === undefined ? requestUri.value : requestUri.value.withoutParam('gr');
  return ok({ from: from.value, to: to.value, fromUri: fromUri.value, requestUri: requestUri.value, toUri });
}

function malformed(text: string, party: 'sender' | 'recipient', errors: ErrorTables): StanzaError {
  return stanzaErrorForAddress({ kind: 'malformed', text }, party, errors);
}

/** RFC 7572 §4: thread is Call-ID where it can be one; else a Call-ID stands for it, the same one for the same thread. */
function callIdFor(
  thread: string | undefined,
  freshCallId: () => string,
  { from, to }: Parties,
  now: number,
  threads: ThreadTable,
): string {
  if (thread === undefined || thread === '') return freshCallId();
  if (isCallId(thread)) return thread;
  const pair = pairOf(from.bare.toString(), to.bare.toString());
  const known = threads.callIdOf(pair, thread, now);
  if (known !== undefined) return known;
  const fresh = freshCallId();
  threads.remember(pair, thread, fresh, now);
  return fresh;
}

/** What crosses of a stanza. */
interface Said {
  readonly body: Text | undefined;
  readonly subject: Text | undefined;
  /** When it was written, where it comes late (XEP-0203), in milliseconds since the epoch. */
  readonly sentAt: number | undefined;
}

function compose(
  parties: Parties,
  { body, subject, sentAt }: Said,
  callId: string,
  now: number,
  context: ToSipContext,
): FromXmpp {
  const subjectLine = subject === undefined ? undefined : toOneLine(subject.text);
  const text = toCanonicalLines(body?.text ?? '');
  const bytes = Buffer.from(text, 'utf8');
  // UTF-8 is what a SIP body is without a word (RFC 3261 §7.4.1), but user agents do not all know that.
  const contentType = bytes.length === text.length ? 'text/plain' : 'text/plain;charset=UTF-8';
  const lang = languageTag((body ?? subject)?.lang); // RFC 7572 §8
  const headers: [string, string][] = subjectLine === undefined ? [] : [['Subject', subjectLine]];
  if (sentAt !== undefined && sentAt < now) headers.push(['Date', formatSipDate(sentAt)]); // RFC 3261 §20.17
  const { requestUri, fromUri, toUri } = parties;
  const plainHeaders = lang === undefined ? headers : [...headers, ['Content-Language', lang] as const];
  // Written out: a literal that begins with `...` costs microseconds in the engine of today, and this is done for every message.
  const plain: OutgoingMessage =
    bytes.length === 0
      ? { requestUri, from: fromUri, to: toUri, callId, headers: plainHeaders, body: bytes }
      : { requestUri, from: fromUri, to: toUri, callId, headers: plainHeaders, contentType, body: bytes };
  if (context.options.cpimOut === 'never') return { kind: 'message', message: plain, callId };
  const fields: MimeField[] = [['Content-Type', contentType]];
  if (lang !== undefined) fields.push(['Content-Language', lang]);
  const envelope = wrapInCpim(parties, { subject, fields, content: bytes, sentAt: sentAt ?? now }, context.addresses);
  const message: OutgoingMessage = { ...plain, headers, contentType: 'message/cpim', body: envelope };
  return { kind: 'message', message, plain, callId };
}

export interface CpimContent {
  readonly subject?: { readonly text: string; readonly lang?: string | undefined } | undefined;
  readonly fields: readonly MimeField[];
  readonly content: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

/** The content in a Message/CPIM envelope between the two (RFC 3922 §4.1): `im` URIs without a resource. */
export function wrapInCpim(
  parties: { readonly from: Jid; readonly to: Jid },
  content: CpimContent,
  addresses: AddressMap,
): Uint8Array {
  const subject = content.subject;
  const lang = languageTag(subject?.lang);
  return buildCpim({
    from: { uri: cpimUri(parties.from, addresses, 'xmpp') },
    to: [{ uri: cpimUri(parties.to, addresses, 'sip') }],
    dateTime: formatDateTime(content.sentAt),
    fields: content.fields,
    content: content.content,
    ...(subject === undefined
      ? {}
      : { subjects: [lang === undefined ? { text: subject.text } : { text: subject.text, lang }] }),
  });
}

/** RFC 3922 §4.1.1; an address that is no mailbox has no `im` URI, and goes as `sip`. */
function cpimUri(jid: Jid, addresses: AddressMap, foreignOwner: 'sip' | 'xmpp'): string {
  const im = uriFromJid(jid.bare, addresses, { scheme: 'im', foreignOwner });
  if (im.ok) return im.value.toString();
  const sip = uriFromJid(jid.bare, addresses, { foreignOwner });
  if (!sip.ok) throw new Error(`${jid.bare.toString()} was mapped before and cannot be now: ${sip.error.text}`);
  return sip.value.toString();
}
