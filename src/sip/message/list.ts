/** Comma-separated header values: splitting that respects quotes and angle brackets (RFC 3261 §7.3.1). */
import { skipBlanks, skipQuotedString, trimBlanksBefore } from './characters.js';

/** The elements of a list, trimmed, empty ones among them kept; a blank `text` has none. */
export function splitList(text: string): string[] {
  if (!text.includes(',')) {
    const only = trim(text, 0, text.length);
    return only === '' ? [] : [only];
  }
  const out: string[] = [];
  let start = 0;
  for (let pos = nextComma(text, 0); pos >= 0; pos = nextComma(text, start)) {
    out.push(trim(text, start, pos));
    start = pos + 1;
  }
  out.push(trim(text, start, text.length));
  return out;
}

/** The comma that ends the element starting at `pos`, or -1 at the last. */
export function nextComma(text: string, pos: number): number {
  while (pos < text.length) {
    const code = text.charCodeAt(pos);
    if (code === 0x2c) return pos;
    if (code === 0x22) {
      const close = skipQuotedString(text, pos);
      if (close < 0) return -1;
      pos = close;
    } else if (code === 0x3c) {
      const close = text.indexOf('>', pos);
      if (close < 0) return -1;
      pos = close + 1;
    } else {
      pos++;
    }
  }
  return -1;
}

function trim(text: string, start: number, end: number): string {
  const from = skipBlanks(text, start, end);
  return text.slice(from, trimBlanksBefore(text, from, end));
}
