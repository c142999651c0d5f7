/** One component stream: opening, handshake, stanzas, end (XEP-0114 §3), without a socket. */
import { createHash } from 'node:crypto';
import { Element } from 'ltx';
import { stanzaKind } from '../stanza/stanza.js';
import { NS_CLIENT, NS_STREAM_ERRORS, NS_STREAMS } from '../stream/namespaces.js';
import { serializeXml } from '../xml/serialize-xml.js';
import type { XmlFault } from '../xml/xml-fault.js';
import type { XmlEvent } from '../xml/xml-stream-parser.js';

/** XEP-0114 §3. */
export const NS_COMPONENT_ACCEPT = 'jabber:component:accept';

export type ComponentEffect =
  | { readonly kind: 'write'; readonly text: string }
  /** The handshake was accepted. */
  | { readonly kind: 'ready' }
  /** A stanza, in the namespace `jabber:client`. */
  | { readonly kind: 'stanza'; readonly stanza: Element }
  /** A stanza that exceeds a limit, without its content. */
  | { readonly kind: 'oversized'; readonly stanza: Element; readonly fault: XmlFault }
  /** The stream is over; the connection is to be closed. */
  | { readonly kind: 'over'; readonly reason: StreamEnd };

export interface StreamEnd {
  /** `refused`: the server knows no such component, or another secret; trying again soon will not help. */
  readonly kind: 'refused' | 'conflict' | 'error' | 'closed';
  /** What happened, for the operator's log. */
  readonly text: string;
}

type State = 'closed' | 'opening' | 'handshake' | 'ready' | 'over';

/** Characters of a server's own words that go into the log. */
const MAX_ERROR_TEXT = 200;

/** Conditions by which a server refuses a component for good (XEP-0114 §3). */
const REFUSALS: ReadonlySet<string> = new Set(['not-authorized', 'host-unknown', 'invalid-namespace']);

export class ComponentStream {
  #state: State = 'closed';
  /** Why the server's header is none that a handshake can follow. */
  #unfit: string | undefined;

  /** @param domain the component's name, which the server knows */
  constructor(
    private readonly domain: string,
    private readonly secret: string,
  ) {}

  /** True from the accepted handshake to the end. */
  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** The text that opens the stream (XEP-0114 §3). */
  open(): string {
    this.#state = 'opening';
    const root = new Element('stream:stream', {
      xmlns: NS_COMPONENT_ACCEPT,
      'xmlns:stream': NS_STREAMS,
      to: this.domain,
    });
    return `<?xml version='1.0'?>${serializeXml(root).replace(/\/>$/, '>')}`;
  }

  /** What one event of the parser leads to. */
  take(event: XmlEvent): readonly ComponentEffect[] {
    if (this.#state === 'over') return [];
    switch (event.kind) {
      case 'stream-start':
        return this.#opened(event.namespace, event.declaredNamespaces.get(''), event.attrs.id);
      case 'element':
        return this.#element(event.element, event.oversized);
      case 'stream-end':
        return this.#over({ kind: 'closed', text: 'the server closed the stream' });
      case 'error':
        return this.#over({ kind: 'error', text: `the server sent what is no XML stream: ${event.text}` });
    }
  }

  #opened(namespace: string, content: string | undefined, id: string | undefined): readonly ComponentEffect[] {
    if (namespace !== NS_STREAMS) return this.#over({ kind: 'error', text: 'the peer is no XMPP server' });
    // COMPAT: a header that announces a refusal may lack an id, or be of another kind of stream. The error says more.
    if (content !== NS_COMPONENT_ACCEPT) this.#unfit = 'the server listens there for something else than components';
    else if (id === undefined || id === '') this.#unfit = 'the server gave the stream no id';
    if (this.#unfit !== undefined) return [];
    this.#state = 'handshake';
    const handshake = new Element('handshake').t(handshakeOf(String(id), this.secret));
    return [{ kind: 'write', text: serializeXml(handshake) }];
  }

  #element(element: Element, oversized: XmlFault | undefined): readonly ComponentEffect[] {
    const { xmlns } = element.attrs as { xmlns?: string };
    if (element.name === 'error' && xmlns === NS_STREAMS) return this.#over(readStreamError(element));
    if (this.#unfit !== undefined) return this.#over({ kind: 'refused', text: this.#unfit });
    if (this.#state === 'ready') return this.#stanza(element, oversized);
    if (xmlns !== NS_COMPONENT_ACCEPT) return []; // COMPAT: stream features, which XEP-0114 does not know
    if (element.name !== 'handshake') {
      return this.#over({ kind: 'error', text: `the server sent <${element.name}/> instead of the handshake` });
    }
    this.#state = 'ready';
    return [{ kind: 'ready' }];
  }

  #stanza(element: Element, oversized: XmlFault | undefined): readonly ComponentEffect[] {
    requalify(element);
    if (stanzaKind(element) === undefined) return []; // what is no stanza has no sender to answer to
    return oversized === undefined
      ? [{ kind: 'stanza', stanza: element }]
      : [{ kind: 'oversized', stanza: element, fault: oversized }];
  }

  #over(reason: StreamEnd): readonly ComponentEffect[] {
    this.#state = 'over';
    return [{ kind: 'over', reason }];
  }
}

/** What was in the content namespace of this stream is in that of ours (RFC 6120 §4.8.3). */
function requalify(element: Element): void {
  if (element.attrs.xmlns === NS_COMPONENT_ACCEPT) element.attrs.xmlns = NS_CLIENT;
  else if (element.attrs.xmlns !== undefined) return;
  for (const child of element.children) if (typeof child === 'object') requalify(child);
}

/** XEP-0114 §3: lower-case hex SHA-1 of the stream id followed by the secret. */
export function handshakeOf(id: string, secret: string): string {
  return createHash('sha1').update(id, 'utf8').update(secret, 'utf8').digest('hex');
}

function readStreamError(error: Element): StreamEnd {
  const children = error.getChildElements().filter((child) => child.getNS() === NS_STREAM_ERRORS);
  const condition = children.find((child) => child.name !== 'text')?.name ?? 'undefined-condition';
  const text = children.find((child) => child.name === 'text')?.getText();
  const told = text === undefined || text === '' ? condition : `${condition}: ${text.slice(0, MAX_ERROR_TEXT)}`;
  if (REFUSALS.has(condition)) return { kind: 'refused', text: told };
  return { kind: condition === 'conflict' ? 'conflict' : 'error', text: told };
}
