/** An XML stream as it arrives: octets in chunks become the header, first-level elements and the end (RFC 6120 §4, §11). */
import type { Element } from 'ltx';
import { Tokenizer } from './tokenizer.js';
import { type StreamHeader, TreeBuilder } from './tree-builder.js';
import type { XmlFault } from './xml-fault.js';
import { DEFAULT_XML_LIMITS, type XmlLimits } from './xml-limits.js';

export type XmlEvent =
  /** The opening tag: the root as it was written, the namespace of its name, and what it declares. */
  | {
      readonly kind: 'stream-start';
      readonly name: string;
      readonly namespace: string;
      readonly attrs: Readonly<Record<string, string>>;
      readonly declaredNamespaces: ReadonlyMap<string, string>;
      readonly root: Element;
    }
  /** A complete first-level element, whose `attrs.xmlns` says its namespace, and whose names have no prefix. */
  | {
      readonly kind: 'element';
      readonly element: Element;
      /** With `skipsOversized`: the limit that it exceeded. Then its children are missing, and perhaps some attributes. */
      readonly oversized?: XmlFault;
    }
  | { readonly kind: 'stream-end' }
  /** Nothing that follows is read. */
  | ({ readonly kind: 'error' } & XmlFault);

export interface XmlStreamOptions {
  /**
   * Whether a first-level element that exceeds a limit comes without its content, instead of an error: for a stream
   * whose peer is trusted and carries what others wrote. Default false.
   */
  readonly skipsOversized?: boolean;
}

/**
 * A strict parser for one direction of a stream. It costs at most about `maxStanzaBytes` octets and `maxElements`
 * elements while a stanza is incomplete, and nothing between stanzas.
 */
export class XmlStreamParser {
  readonly #skipsOversized: boolean;
  #limits: XmlLimits;
  #tokenizer!: Tokenizer;
  #events: XmlEvent[] = [];

  constructor(limits: Partial<XmlLimits> = {}, options: XmlStreamOptions = {}) {
    this.#skipsOversized = options.skipsOversized ?? false;
    this.#limits = { ...DEFAULT_XML_LIMITS, ...limits };
    this.reset();
  }

  /**
   * Reads a chunk; any chunking of the same octets gives the same events. White space between first-level elements, which
   * keeps connections alive (RFC 6120 §4.6.1), gives none.
   */
  push(bytes: Uint8Array): XmlEvent[] {
    const octets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const failedBefore = this.#tokenizer.fault !== undefined;
    this.#tokenizer.read(octets);
    const events = this.#events;
    this.#events = [];
    const { fault } = this.#tokenizer;
    if (fault !== undefined && !failedBefore) events.push({ kind: 'error', ...fault });
    return events;
  }

  /** Octets that were read of what is not complete yet: more than none after `<starttls/>` means an injection. */
  get buffered(): number {
    return this.#tokenizer.pending;
  }

  /**
   * Forgets everything: a new stream begins, after TLS or authentication (RFC 6120 §4.3.3).
   * @param limits replaces limits, if given
   */
  reset(limits: Partial<XmlLimits> = {}): void {
    this.#limits = { ...this.#limits, ...limits };
    const builder = new TreeBuilder(
      {
        streamStart: (header) => this.#events.push(streamStart(header)),
        element: (element, oversized) =>
          this.#events.push(oversized ? { kind: 'element', element, oversized } : { kind: 'element', element }),
        streamEnd: () => this.#events.push({ kind: 'stream-end' }),
      },
      true,
    );
    const mode = { outerDepth: 1, skipsComments: false, skipsOversized: this.#skipsOversized } as const;
    this.#tokenizer = new Tokenizer(builder, mode, this.#limits);
  }
}

function streamStart({ root, namespace, declaredNamespaces }: StreamHeader): XmlEvent {
  return { kind: 'stream-start', name: root.getName(), namespace, attrs: root.attrs, declaredNamespaces, root };
}
