/**
 * Elements as text for a stream whose header declares `jabber:client` and the prefix `stream` (RFC 6120 §4.8). Written for
 * the hot path: one pass, no closure for each piece.
 */
import type { Element } from 'ltx';
import { NS_CLIENT } from './namespaces.js';

/** The text of a stanza; its root's namespace is the stream's default one, and is not repeated. */
export function stanzaText(stanza: Element): string {
  return write(stanza, true);
}

function write(element: Element, root: boolean): string {
  const { name, attrs, children } = element;
  let text = `<${name}`;
  for (const key in attrs) {
    const value: unknown = attrs[key];
    if (value === undefined || value === null) continue;
    if (root && key === 'xmlns' && value === NS_CLIENT) continue;
    text += ` ${key}="${escapeAttribute(String(value))}"`;
  }
  if (children.length === 0) return `${text}/>`;
  text += '>';
  for (const child of children) {
    text += typeof child === 'object' ? write(child, false) : escapeText(String(child));
  }
  return `${text}</${name}>`;
}

// What XML 1.0 cannot carry at all (§2.2), what would end the text, and CR, which a parser would read as LF (§2.11).
const UNSAFE_TEXT = /[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const UNSAFE_TEXT_EACH = /[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
// In attribute values also both quotes, and white space that normalization would turn into spaces (§3.3.3).
const UNSAFE_ATTRIBUTE = /[&<>"'\x00-\x1f\ufffe\uffff]/;
const UNSAFE_ATTRIBUTE_EACH = /[&<>"'\x00-\x1f\ufffe\uffff]/g;

function escapeText(text: string): string {
  return UNSAFE_TEXT.test(text) ? text.replace(UNSAFE_TEXT_EACH, escapeOne) : text;
}

function escapeAttribute(text: string): string {
  return UNSAFE_ATTRIBUTE.test(text) ? text.replace(UNSAFE_ATTRIBUTE_EACH, escapeOne) : text;
}

function escapeOne(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    case "'":
      return '&apos;';
    case '\t':
      return '&#9;';
    case '\n':
      return '&#10;';
    case '\r':
      return '&#13;';
    default:
      return '\ufffd';
  }
}
