/** A SIP MESSAGE becomes a message stanza (RFC 7572 §5). */
import { Element } from 'ltx';
import { err, ok, type Result } from '../../base/result.js';
import type { SipAnswer } from '../../sip/engine.js';
import type { SipRequest } from '../../sip/message/message.js';
import type { Jid } from '../../xmpp/address/jid.js';
import { delayStamp } from '../../xmpp/stanza/delay.js';
import { NS_CLIENT } from '../../xmpp/stream/namespaces.js';
import { stanzaText } from '../../xmpp/stream/stanza-text.js';
import type { AddressMap } from '../address/address-map.js';
import { checkDirection, refusesSips } from '../address/direction.js';
import { jidFromUri } from '../address/sip-to-xmpp.js';
import { type AnswerContext, sipAnswerForAddress, sipAnswerForLink } from '../error/sip-status.js';
import type { ErrorTables } from '../error/tables.js';
import { type ContentLimits, type NoticeContent, readContent, type Subject, type TextContent } from './content.js';
import { decodeContent } from './content-encoding.js';
import { firstLanguage, toCharacterData, toOneLine } from './text.js';
import { isCallId, pairOf, type ThreadTable } from './thread-table.js';

export interface ToXmppOptions {
  /** What becomes of a message whose Expires has passed (RFC 3428 §7). */
  readonly expired: 'drop' | 'deliver';
  /** The age from which a message is stamped with its time (XEP-0203). */
  readonly delayAfterMs: number;
  /** Octets of the largest stanza, XML escapes counted. */
  readonly maxStanzaOctets: number;
  readonly content?: ContentLimits;
}

/** What the mapping knows beside the request. */
export interface ToXmppContext {
  readonly addresses: AddressMap;
  readonly errors: ErrorTables;
  readonly threads: ThreadTable;
  readonly answers: AnswerContext;
  readonly options: ToXmppOptions;
}

/** What a MESSAGE is on the XMPP side. */
export type FromSip =
  | { readonly kind: 'message'; readonly stanza: Element; readonly from: Jid; readonly to: Jid; readonly text: string }
  /** A document that no user reads; what it means to a conversation is told elsewhere. */
  | { readonly kind: 'notice'; readonly from: Jid; readonly to: Jid; readonly content: NoticeContent }
  /** To be accepted, and that is all. */
  | { readonly kind: 'nothing'; readonly why: 'empty' | 'expired' };

/**
 * Maps `request`, which the user agent core let pass.
 * @param id of the stanza, unique (RFC 7572 §5: the transaction identifier maps to it; here they are correlated in memory)
 * @param now milliseconds since the epoch
 * @returns the stanza, ready to be handed over, or the final answer that refuses the request
 */
export function toMessageStanza(
  request: SipRequest,
  id: string,
  now: number,
  context: ToXmppContext,
): Result<FromSip, SipAnswer> {
  const parties = mapParties(request, context);
  if (!parties.ok) return parties;
  const { from, to } = parties.value;
  const age = ageOf(request, now, context.options);
  if (age === 'drop') return ok({ kind: 'nothing', why: 'expired' });
  const content = readBody(request, context.options);
  if (!content.ok) return content;
  if (content.value.kind === 'notice') return ok({ kind: 'notice', from, to, content: content.value });
  const text = content.value;
  const subject = text.subject ?? subjectOf(request, text.lang);
  // RFC 3428 §9 lets a body be absent; an empty stanza would only show as an empty bubble.
  if (text.text === '' && subject === undefined) return ok({ kind: 'nothing', why: 'empty' });
  const thread = threadOf(request, from, to, now, context.threads);
  const stamp = stampOf(request, text, age === 'late', now, context.options.delayAfterMs);
  const stanza = build(from, to, id, thread, subject, text, stamp);
  if (exceeds(stanza, text, context.options.maxStanzaOctets)) {
    return err(sipAnswerForLink('too-large', context.answers, context.errors));
  }
  return ok({ kind: 'message', stanza, from, to, text: text.text === '' ? (subject as Subject).text : text.text });
}

/** RFC 7572 §5 Table 2: From, and the Request-URI rather than To (RFC 7247 §6.4). */
function mapParties(request: SipRequest, context: ToXmppContext): Result<{ from: Jid; to: Jid }, SipAnswer> {
  const { addresses, errors, answers } = context;
  const sips = refusesSips(request.requestUri, request.to.uri);
  if (sips !== undefined) return err(sipAnswerForAddress(sips, 'recipient', answers, errors));
  const to = jidFromUri(request.requestUri, addresses, { foreignOwner: 'xmpp' });
  if (!to.ok) return err(sipAnswerForAddress(to.error, 'recipient', answers, errors));
  const from = jidFromUri(request.from.uri, addresses);
  if (!from.ok) return err(sipAnswerForAddress(from.error, 'sender', answers, errors));
  const direction = checkDirection('sip-to-xmpp', from.value.domain, to.value.domain, addresses);
  if (!direction.ok) return err(sipAnswerForAddress(direction.error, 'recipient', answers, errors));
  // RFC 7247 §5: what neither leg serves is not relayed, and answers to it would not come back here.
  if (addresses.owner(to.value.domain) !== 'xmpp') {
    const text = `${to.value.domain} is no XMPP domain of this gateway`;
    return err(sipAnswerForAddress({ kind: 'unmappable', text }, 'recipient', answers, errors));
  }
  if (addresses.owner(from.value.domain) !== 'sip') {
    const text = `${from.value.domain} is no SIP domain of this gateway`;
    return err(sipAnswerForAddress({ kind: 'unmappable', text }, 'sender', answers, errors));
  }
  return ok({ from: from.value, to: to.value });
}

/** RFC 3428 §7: Expires counts from Date, else from receipt; then nothing has passed yet. */
function ageOf(request: SipRequest, now: number, options: ToXmppOptions): 'fresh' | 'late' | 'drop' {
  if (!request.headers.has('Expires')) return 'fresh';
  const { date, expires } = request;
  if (date === undefined || expires === undefined || date + expires * 1000 >= now) return 'fresh';
  return options.expired === 'deliver' ? 'late' : 'drop';
}

const NO_TEXT: TextContent = { kind: 'text', text: '' };

function readBody(request: SipRequest, options: ToXmppOptions) {
  if (request.body.length === 0) return ok(NO_TEXT);
  const { headers, contentType } = request;
  const decoded = decodeContent(request.body, headers.get('Content-Encoding'), options.maxStanzaOctets);
  if (!decoded.ok) return decoded;
  // RFC 3261 §20.15: a body says what it is.
  if (contentType === undefined) return err({ status: 400, reason: 'Missing Content-Type header field' });
  return readContent(
    { contentType, contentLanguage: headers.get('Content-Language'), bytes: decoded.value },
    options.content,
  );
}

function subjectOf(request: SipRequest, bodyLanguage: string | undefined): Subject | undefined {
  const raw = request.headers.get('Subject');
  const text = raw === undefined ? undefined : toOneLine(raw);
  if (text === undefined) return undefined;
  // The text of a message without body is its Subject, and Content-Language speaks of that.
  const lang = bodyLanguage ?? firstLanguage(request.headers.get('Content-Language'));
  return lang === undefined ? { text } : { text, lang };
}

/**
 * RFC 7572 §5: Call-ID is the thread, unless it stands for another one. A reply belongs to the thread of what it replies
 * to (RFC 3261 §20.21).
 */
function threadOf(request: SipRequest, from: Jid, to: Jid, now: number, threads: ThreadTable): string {
  const repliesTo = request.headers.get('In-Reply-To');
  const callId = repliesTo !== undefined && isCallId(repliesTo) ? repliesTo : request.callId;
  const thread =
    threads.size === 0 ? undefined : threads.threadOf(pairOf(to.bare.toString(), from.bare.toString()), callId, now);
  return thread ?? toCharacterData(callId);
}

/** When the sender wrote it, where that is worth telling (XEP-0203 §4); its envelope knows better than the request. */
function stampOf(
  request: SipRequest,
  content: TextContent,
  late: boolean,
  now: number,
  delayAfterMs: number,
): number | undefined {
  const sentAt = content.sentAt ?? request.date;
  return sentAt !== undefined && (late || now - sentAt >= delayAfterMs) ? sentAt : undefined;
}

function build(
  from: Jid,
  to: Jid,
  id: string,
  thread: string,
  subject: Subject | undefined,
  content: TextContent,
  stamp: number | undefined,
): Element {
  // RFC 7572 §5: no type, which means normal; never chat.
  const stanza = new Element('message', { xmlns: NS_CLIENT, from: from.toString(), to: to.toString(), id });
  const lang = content.lang ?? (content.text === '' ? subject?.lang : undefined);
  if (lang !== undefined) stanza.attrs['xml:lang'] = lang; // RFC 7572 §8
  stanza.c('thread').t(thread);
  if (subject !== undefined) {
    const element = stanza.c('subject').t(subject.text);
    if (subject.lang !== undefined && subject.lang !== lang) element.attrs['xml:lang'] = subject.lang;
  }
  if (content.text !== '') stanza.c('body').t(content.text);
  if (content.html !== undefined) stanza.cnode(content.html);
  if (stamp !== undefined) stanza.cnode(delayStamp(stamp));
  return stanza;
}

/** No escape makes more than six octets of one UTF-16 unit, and all but the body is small. */
const ENVELOPE_OCTETS = 4096;

function exceeds(stanza: Element, content: TextContent, maxOctets: number): boolean {
  const small = content.html === undefined && content.text.length * 6 + ENVELOPE_OCTETS <= maxOctets;
  return !small && Buffer.byteLength(stanzaText(stanza)) > maxOctets;
}
