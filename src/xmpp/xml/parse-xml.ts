/** A whole XML document, or a stored stanza, read at once and within limits. */
import type { Element } from 'ltx';
import { err, ok, type Result } from '../../base/result.js';
import { Tokenizer } from './tokenizer.js';
import { TreeBuilder } from './tree-builder.js';
import { DEFAULT_XML_LIMITS, type XmlLimits } from './xml-limits.js';

const DOCUMENT_MODE = { outerDepth: 0, skipsComments: true, skipsOversized: false } as const;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * Reads a document. Unlike in a stream, a byte order mark, comments and processing instructions are skipped; document
 * types and entities are refused here too.
 * @param document text, or UTF-8
 * @returns the root element, in the form of `TreeBuilder`; in words what was found and expected otherwise
 */
export function parseXml(document: string | Uint8Array, limits: Partial<XmlLimits> = {}): Result<Element, string> {
  if (typeof document === 'string' && /\p{Surrogate}/u.test(document)) return err('found half of a surrogate pair');
  const bytes = typeof document === 'string' ? Buffer.from(document, 'utf8') : Buffer.from(document);
  const octets = bytes.toString('latin1');
  let root: Element | undefined;
  const output = {
    streamStart() {},
    streamEnd() {},
    element(element: Element) {
      root = element;
    },
  };
  const tokenizer = new Tokenizer(new TreeBuilder(output, false), DOCUMENT_MODE, { ...DEFAULT_XML_LIMITS, ...limits });
  tokenizer.read(octets.startsWith(BYTE_ORDER_MARK) ? octets.slice(3) : octets);
  if (tokenizer.fault !== undefined) return err(tokenizer.fault.text);
  if (root === undefined || !tokenizer.complete) return err('the document ends too early');
  return ok(root);
}
