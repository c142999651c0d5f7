/** Elements as XML text that every parser reads back as they are (XML 1.0 §2.4, §2.11, §3.3.3), for streams and for storage. */
import type { Element } from 'ltx';

/**
 * An element as XML text. Foreign text never breaks it: a character that XML 1.0 §2.2 forbids is replaced by U+FFFD, since
 * one that got out would end the peer's stream for everybody on it. Written for the hot path: one pass, no closure.
 *
 * ltx's own `toString` leaves carriage returns, and tabs and line ends in attributes, as they are, so that a reader
 * gets line feeds and spaces, and it writes forbidden characters; its `stringify` does not even escape a lone text child.
 * @param contentNamespace the default namespace of the stream that the text is for: where it is the element's, it is not repeated
 */
export function serializeXml(element: Element, contentNamespace?: string): string {
  const { name, attrs, children } = element;
  let text = `<${name}`;
  for (const key in attrs) {
    const value: unknown = attrs[key];
    if (value === undefined || value === null) continue;
    if (contentNamespace !== undefined && key === 'xmlns' && value === contentNamespace) continue;
    text += ` ${key}="${escapeValue(String(value))}"`;
  }
  if (children.length === 0) return `${text}/>`;
  text += '>';
  for (const child of children) {
    if (typeof child === 'object') text += child === null ? '' : serializeXml(child);
    else if (child !== undefined) text += escapeText(String(child));
  }
  return `${text}</${name}>`;
}

// What would end the text, CR, which a parser would read as LF (§2.11), and the controls and noncharacters that XML 1.0 §2.2
// does not count among its characters.
const UNSAFE_TEXT = /[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const EACH_UNSAFE_IN_TEXT = new RegExp(UNSAFE_TEXT, 'g');
// In attribute values also both quotes, and white space that normalization would turn into spaces (§3.3.3).
const UNSAFE_VALUE = /[&<>"'\x00-\x1f\ufffe\uffff]/;
const EACH_UNSAFE_IN_VALUE = new RegExp(UNSAFE_VALUE, 'g');

function escapeText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed(); // a surrogate without its other half is no character either
  return UNSAFE_TEXT.test(whole) ? whole.replace(EACH_UNSAFE_IN_TEXT, escapeOne) : whole;
}

function escapeValue(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return UNSAFE_VALUE.test(whole) ? whole.replace(EACH_UNSAFE_IN_VALUE, escapeOne) : whole;
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
      return '&#x9;';
    case '\n':
      return '&#xA;';
    case '\r':
      return '&#xD;';
    default:
      return '\ufffd';
  }
}
