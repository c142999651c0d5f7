/** Elements as XML text that every parser reads back as they are (XML 1.0 §2.4, §2.11, §3.3.3). */
import type { Element } from 'ltx';

const TO_ESCAPE_IN_TEXT = /[&<>\r]/;
const TO_ESCAPE_IN_VALUE = /[&<>"'\t\n\r]/;
const IN_TEXT = /[&<>\r]/g;
const IN_VALUE = /[&<>"'\t\n\r]/g;
/** What XML 1.0 §2.2 forbids: controls, surrogates without their other half, and two noncharacters. */
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;
const ALL_FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};

/**
 * An element as XML text.
 *
 * ltx's own `toString` leaves carriage returns, and tabs and line ends in attributes, as they are, so that a reader
 * gets line feeds and spaces, and it writes characters that end the peer's stream; its `stringify` does not even escape
 * a lone text child.
 * @throws when a text holds a character that XML forbids: whoever puts foreign text into an element uses `stripForbidden`
 */
export function serializeXml(element: Element): string {
  const text = write(element);
  // Names are ours or were parsed; what else could be forbidden came in by a text or value, and is in here.
  if (FORBIDDEN.test(text)) throw new Error(`<${element.name}/> holds a character that XML forbids`);
  return text;
}

/** Foreign text without the characters that XML 1.0 forbids, for a text or an attribute. */
export function stripForbidden(text: string): string {
  return FORBIDDEN.test(text) ? text.replace(ALL_FORBIDDEN, '') : text;
}

function write(element: Element): string {
  let text = `<${element.name}`;
  const { attrs, children } = element;
  for (const name in attrs) {
    const value: unknown = attrs[name];
    if (value !== undefined && value !== null) text += ` ${name}="${escapeValue(String(value))}"`;
  }
  if (children.length === 0) return `${text}/>`;
  text += '>';
  for (const child of children) {
    if (typeof child === 'object') text += child === null ? '' : write(child);
    else if (child !== undefined) text += escapeText(String(child));
  }
  return `${text}</${element.name}>`;
}

function escapeText(text: string): string {
  return TO_ESCAPE_IN_TEXT.test(text) ? text.replace(IN_TEXT, (character) => ESCAPES[character]!) : text;
}

function escapeValue(text: string): string {
  return TO_ESCAPE_IN_VALUE.test(text) ? text.replace(IN_VALUE, (character) => ESCAPES[character]!) : text;
}
