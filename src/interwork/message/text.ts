/** Text on its way between SIP bodies and character data: charsets, line breaks, what XML and header lines cannot hold. */
import iconv from 'iconv-lite';
import { asBuffer } from '../../documents/mime/entity.js';

/** Codings of iconv-lite that are no charset of text (RFC 2978 §2). */
const NO_CHARSETS: ReadonlySet<string> = new Set(['base64', 'hex', 'binary', 'internal', 'utf7imap', 'cesu8']);

/**
 * The text that `bytes` hold, without a byte order mark. Octets that mean nothing become U+FFFD.
 * @param charset of Content-Type; UTF-8 when absent (RFC 3261 §7.4.1), which US-ASCII is a part of
 * @returns undefined when the charset is not known
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string | undefined {
  const octets = asBuffer(bytes);
  switch (charset?.toLowerCase()) {
    case undefined:
    case '':
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      return withoutMark(octets.toString('utf8'));
    default: {
      const name = charset as string;
      const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
      if (NO_CHARSETS.has(plain) || !iconv.encodingExists(name)) return undefined;
      return iconv.decode(octets, name);
    }
  }
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** What XML 1.0 §2.2 does not count among its characters: a stream that carried one would end for all its users. */
const FORBIDDEN = /[\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF\p{Cs}]/u;
const FORBIDDEN_EACH = /[\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF\p{Cs}]+/gu;

/** `text` as character data: line breaks are LF, forbidden characters are left out (XML 1.0 §2.2, §2.11). */
export function toCharacterData(text: string): string {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  return FORBIDDEN.test(lines) ? lines.replace(FORBIDDEN_EACH, '') : lines;
}

/** `text` with CRLF for every line break, the canonical form of text in MIME (RFC 2046 §4.1.1). */
export function toCanonicalLines(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replace(/\r\n?|\n/g, '\r\n') : text;
}

const UNSAFE_IN_LINE = /[\p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF]/u;
const UNSAFE_IN_LINE_EACH = /[\p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF][ \p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF]*/gu;

/**
 * `text` as one line of TEXT-UTF8-TRIM (RFC 3261 §25.1): a run of controls or line breaks is one space, so that nobody
 * writes header fields of their own. Undefined when nothing is left.
 */
export function toOneLine(text: string): string | undefined {
  const line = (UNSAFE_IN_LINE.test(text) ? text.replace(UNSAFE_IN_LINE_EACH, ' ') : text).trim();
  return line === '' ? undefined : line;
}

const LANGUAGE_TAG = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;

/** `text` when it has the form of a language tag (RFC 5646 §2.1, RFC 3261 §20.13), else undefined. */
export function languageTag(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= 64 && LANGUAGE_TAG.test(text) ? text : undefined;
}

/** The first tag of a Content-Language list; undefined when it is none (RFC 7572 §8). */
export function firstLanguage(contentLanguage: string | undefined): string | undefined {
  return languageTag(contentLanguage?.split(',', 1)[0]?.trim());
}
