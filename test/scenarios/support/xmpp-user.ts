/** An XMPP user of a script: says things, hears things, whatever server is behind the session. */
import { Element } from 'ltx';
import { errorReply, readStanzaError } from '../../../src/xmpp/stanza/error-reply.js';
import { stanzaError } from '../../../src/xmpp/stanza/error-type.js';
import { NS_PING } from '../../../src/xmpp/stanza/namespaces.js';
import type { Condition, StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import { NS_CLIENT } from '../../../src/xmpp/stream/namespaces.js';
import { Inbox } from './inbox.js';

export interface UserSession {
  /** Full JID. */
  readonly jid: string;
  onStanza(listener: (stanza: Element) => void): void;
  send(stanza: Element): void;
  close(): Promise<void>;
}

export interface Says {
  readonly id?: string;
  readonly type?: string;
  readonly lang?: string;
  readonly subject?: string;
  readonly thread?: string;
  /** Further children. */
  readonly children?: readonly Element[];
}

let count = 0;

export class XmppUser {
  readonly inbox = new Inbox<Element>();

  constructor(readonly session: UserSession) {
    session.onStanza((stanza) => this.inbox.put(stanza));
  }

  get jid(): string {
    return this.session.jid;
  }

  get bareJid(): string {
    return this.jid.slice(0, this.jid.indexOf('/'));
  }

  /** Sends a message; its id. */
  says(to: string, text: string | undefined, options: Says = {}): string {
    const { type, lang, subject, thread, children = [], id = `s${++count}` } = options;
    const message = new Element('message', { xmlns: NS_CLIENT, to, id });
    if (type !== undefined) message.attrs.type = type;
    if (lang !== undefined) message.attrs['xml:lang'] = lang;
    if (subject !== undefined) message.c('subject').t(subject);
    if (thread !== undefined) message.c('thread').t(thread);
    if (text !== undefined) message.c('body').t(text);
    for (const child of children) message.cnode(child);
    this.send(message);
    return id;
  }

  send(stanza: Element): void {
    this.session.send(stanza);
  }

  /** The next message that is no error. */
  hears(): Promise<Element> {
    return this.inbox.next(isMessage);
  }

  /** The text of the next message. */
  async hearsText(): Promise<string> {
    return (await this.hears()).getChildText('body') ?? '';
  }

  /** Answers a message with an error, as a client or its server does that cannot take it (RFC 6120 §8.3). */
  refuses(message: Element, condition: Condition, text?: string): void {
    this.send(errorReply(message, stanzaError(condition, text), this.jid));
  }

  /** The next error that concerns the stanza `id`. */
  async errorOf(id: string): Promise<StanzaError & { readonly from: string }> {
    const stanza = await this.inbox.next(({ attrs }) => attrs.type === 'error' && attrs.id === id);
    return { ...(readStanzaError(stanza) as StanzaError), from: String(stanza.attrs.from) };
  }

  /** Everything that `domain` sent before this was asked has arrived when this resolves (RFC 6120 §10.1). */
  async heardAllFrom(domain: string): Promise<void> {
    const iq = new Element('iq', { xmlns: NS_CLIENT, type: 'get', to: domain, id: `s${++count}` });
    iq.c('ping', { xmlns: NS_PING });
    this.send(iq);
    await this.inbox.next(({ name, attrs }) => name === 'iq' && attrs.id === iq.attrs.id);
  }

  /** Messages and errors that no script has waited for. */
  get unread(): readonly Element[] {
    return this.inbox.unread.filter(({ name }) => name === 'message');
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

function isMessage(stanza: Element): boolean {
  return stanza.name === 'message' && stanza.attrs.type !== 'error';
}
