/**
 * What was answered 2xx and fails later. No second final response is possible, so its sender hears of it in words: one
 * text message for each original (7572-R-6).
 */
import { AgingMap } from '../../base/aging-map.js';
import type { OutgoingMessage } from '../../sip/engine.js';
import { Jid } from '../../xmpp/address/jid.js';
import type { StanzaError } from '../../xmpp/stanza/stanza-error.js';
import type { AddressMap } from '../address/address-map.js';
import { uriFromJid } from '../address/xmpp-to-sip.js';
import { plainText, readsLanguage } from '../error/plain-text.js';
import { toOneLine } from './text.js';

/** A SIP message that XMPP took, as far as a later failure needs it. */
export interface Delivered {
  /** The JID of the SIP user. */
  readonly from: string;
  /** The JID that it was for. */
  readonly to: string;
  /** Empty where it was too long to be kept. */
  readonly callId: string;
  /** Its first words. */
  readonly excerpt: string;
}

export interface LateFailureOptions {
  /** Messages remembered, the oldest going first. Default 20,000. Memory: about 500 octets each; 5 KB with the longest JIDs. */
  readonly maxEntries?: number;
  /** How long. Default one hour: servers give up on each other within minutes. */
  readonly lifetimeMs?: number;
}

/** A longer one, which a peer may write, is not kept: its notice then refers to nothing. */
const LONGEST_CALL_ID = 255;

/** The characters of the original that a notice repeats. */
const EXCERPT = 60;

/** The first words of `text`, on one line. */
export function excerptOf(text: string): string {
  if (text.length <= EXCERPT) return toOneLine(text) ?? '';
  const line = toOneLine(text.slice(0, 2 * EXCERPT)) ?? '';
  const characters = Array.from(line);
  return characters.length <= EXCERPT && text.length <= 2 * EXCERPT
    ? line
    : `${characters.slice(0, EXCERPT - 1).join('')}…`;
}

/** Time comes with each call, in milliseconds. */
export class LateFailures {
  readonly #entries = new AgingMap<string, { readonly message: Delivered; readonly forgetAt: number }>();
  readonly #maxEntries: number;
  readonly #lifetimeMs: number;

  constructor(options: LateFailureOptions = {}) {
    this.#maxEntries = options.maxEntries ?? 20_000;
    this.#lifetimeMs = options.lifetimeMs ?? 3_600_000;
  }

  get size(): number {
    return this.#entries.size;
  }

  remember(stanzaId: string, message: Delivered, now: number): void {
    const kept = message.callId.length <= LONGEST_CALL_ID ? message : { ...message, callId: '' };
    this.#entries.set(stanzaId, { message: kept, forgetAt: now + this.#lifetimeMs });
    for (let oldest = this.#entries.oldest; oldest !== undefined; oldest = this.#entries.oldest) {
      if (oldest.value.forgetAt > now && this.#entries.size <= this.#maxEntries) return;
      this.#entries.delete(oldest.key);
    }
  }

  /**
   * The message that an error stanza is about: it came from whom the message went to, or from that user's server. It is
   * forgotten with that, so that one message fails once.
   */
  take(stanzaId: string, from: string, to: string, now: number): Delivered | undefined {
    const entry = this.#entries.get(stanzaId);
    if (entry === undefined || entry.forgetAt <= now) return undefined;
    if (!concerns(entry.message, from, to)) return undefined;
    this.#entries.delete(stanzaId);
    return entry.message;
  }
}

/** Whether an error stanza from `from` to `to` may be about a message; resources may have come or gone since. */
export function concerns(message: Pick<Delivered, 'from' | 'to'>, from: string, to: string): boolean {
  const recipient = bare(message.to);
  const reporter = bare(from);
  return bare(to) === bare(message.from) && (reporter === recipient || reporter === domain(recipient));
}

function bare(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}

function domain(bareJid: string): string {
  return bareJid.slice(bareJid.indexOf('@') + 1);
}

/**
 * The message that tells the sender of `failed`, from the one who did not get it.
 * @returns undefined when one of the two has no SIP address any more
 */
export function toNotice(
  failed: Delivered,
  error: StanzaError | undefined,
  callId: string,
  addresses: AddressMap,
): OutgoingMessage | undefined {
  const sender = Jid.parse(failed.from);
  const recipient = Jid.parse(bare(failed.to));
  if (!sender.ok || !recipient.ok) return undefined;
  const requestUri = uriFromJid(sender.value, addresses);
  const to = uriFromJid(sender.value.bare, addresses);
  const from = uriFromJid(recipient.value, addresses);
  if (!requestUri.ok || !to.ok || !from.ok) return undefined;
  const headers: [string, string][] = failed.callId === '' ? [] : [['In-Reply-To', failed.callId]];
  headers.push(['Content-Language', 'en']);
  const body = Buffer.from(noticeText(failed, error), 'utf8');
  const contentType = 'text/plain;charset=UTF-8';
  return { requestUri: requestUri.value, from: from.value, to: to.value, callId, headers, contentType, body };
}

function noticeText(failed: Delivered, error: StanzaError | undefined): string {
  // RFC 7247 §7: the text crosses, where it is in the language of the notice.
  const reason = readsLanguage('en', error?.lang) ? plainText(error?.text) : undefined;
  const because = reason === undefined ? '' : ` (${reason})`;
  const what = failed.excerpt === '' ? '' : `: ${failed.excerpt}`;
  return `Your message could not be delivered${because}${what}`;
}
