/** What the body of a SIP message holds for a reader on the XMPP side (RFC 7572 §7). */
import type { Element } from 'ltx';
import { err, ok, type Result } from '../../base/result.js';
import { type CpimMessage, parseCpim } from '../../documents/cpim/cpim.js';
import { parseDateTime } from '../../documents/date-time.js';
import type { MimeEntity } from '../../documents/mime/entity.js';
import { splitMultipart } from '../../documents/mime/multipart.js';
import { decodeTransfer } from '../../documents/mime/transfer-encoding.js';
import type { SipAnswer } from '../../sip/engine.js';
import { MediaType } from '../../sip/message/media-type.js';
import { decodeText, firstLanguage, languageTag, toCharacterData, toOneLine } from './text.js';
import { type HtmlOptions, sanitizeHtml } from './xhtml-im.js';

/** The types that are taken, for Accept (RFC 3428 §9). */
export const ACCEPTED_TYPES: readonly string[] = [
  'text/plain',
  'text/html',
  'message/cpim',
  'multipart/alternative',
  'multipart/mixed',
  'application/im-iscomposing+xml',
  'message/imdn+xml',
];

export interface ContentLimits {
  /** Multipart bodies inside each other, and CPIM envelopes likewise. Default 3. */
  readonly maxNesting?: number;
  /** Parts of one multipart body. Default 16. */
  readonly maxParts?: number;
  readonly html?: HtmlOptions;
}

/** Something to read. */
export interface TextContent {
  readonly kind: 'text';
  /** Character data. May be empty when there is a subject. */
  readonly text: string;
  readonly lang?: string;
  /** XHTML-IM of the same. */
  readonly html?: Element;
  /** Of a CPIM envelope; it goes before the SIP Subject. */
  readonly subject?: Subject;
  /** When the sender wrote it, by its CPIM envelope; milliseconds since the epoch. */
  readonly sentAt?: number;
}

export interface Subject {
  readonly text: string;
  readonly lang?: string;
}

/** A document about the conversation rather than of it: nothing to read. */
export interface NoticeContent {
  readonly kind: 'notice';
  /** Typing (RFC 3994), or what became of a message (RFC 5438). */
  readonly notice: 'is-composing' | 'imdn';
  readonly document: Uint8Array;
  /** The envelope around it, where there was one. */
  readonly envelope?: CpimMessage;
}

export type Content = TextContent | NoticeContent;

/** A body, or a part of one, as its header describes it. */
export interface Described {
  /** Absent in a part of a multipart body means text/plain (RFC 2045 §5.2). */
  readonly contentType: MediaType | undefined;
  readonly contentLanguage: string | undefined;
  readonly bytes: Uint8Array;
}

/** The refusal of a body, as its sender hears it. */
export type Refusal = SipAnswer;

/** RFC 3261 §21.4.13, RFC 3428 §9: what would have been taken. */
export function unsupportedType(): Refusal {
  return { status: 415, headers: [['Accept', ACCEPTED_TYPES.join(', ')]] };
}

/** The refusal of a Content-Encoding that is not understood (RFC 3261 §8.2.3). */
export function unsupportedEncoding(): Refusal {
  return { status: 415, headers: [['Accept-Encoding', 'identity, deflate']] };
}

function malformed(what: string): Refusal {
  return { status: 400, reason: `Malformed body: ${toOneLine(what) ?? 'unreadable'}` };
}

/** Reads a body that is not empty. */
export function readContent(body: Described, limits: ContentLimits = {}): Result<Content, Refusal> {
  return read(body, limits, 0);
}

function read(body: Described, limits: ContentLimits, depth: number): Result<Content, Refusal> {
  const type = body.contentType;
  if (type === undefined) return plain(body, undefined);
  switch (type.type === 'text' || type.type === 'message' || type.type === 'multipart' ? type.essence : '') {
    case 'text/plain':
      return plain(body, type.param('charset'));
    case 'text/html':
      return html(body, type.param('charset'), limits);
    case 'message/cpim':
      return cpim(body, limits, depth);
    case 'message/imdn+xml':
      return ok({ kind: 'notice', notice: 'imdn', document: body.bytes });
    case 'multipart/alternative':
    case 'multipart/mixed':
      return multipart(body, type, limits, depth);
  }
  if (type.essence === 'application/im-iscomposing+xml') {
    return ok({ kind: 'notice', notice: 'is-composing', document: body.bytes });
  }
  return err(unsupportedType());
}

/** RFC 7572 §7: the text is character data, never markup. */
function plain(body: Described, charset: string | undefined): Result<TextContent, Refusal> {
  const text = decodeText(body.bytes, charset);
  if (text === undefined) return err(unsupportedType());
  return ok(inLanguage({ kind: 'text', text: toCharacterData(text) }, body.contentLanguage));
}

/** RFC 7572 §7: HTML becomes XHTML-IM; plain text goes beside it always. */
function html(body: Described, charset: string | undefined, limits: ContentLimits): Result<TextContent, Refusal> {
  const source = decodeText(body.bytes, charset);
  if (source === undefined) return err(unsupportedType());
  const sanitized = sanitizeHtml(source, limits.html);
  if (sanitized === undefined) return err({ status: 413, reason: 'Too many HTML elements' });
  const { text, html } = sanitized;
  return ok(inLanguage({ kind: 'text', text, ...(html === undefined ? {} : { html }) }, body.contentLanguage));
}

function inLanguage(content: TextContent, contentLanguage: string | undefined): TextContent {
  const lang = firstLanguage(contentLanguage);
  return lang === undefined ? content : { ...content, lang };
}

/** RFC 3862: the content decides; of the envelope its subject and its time remain. Its From proves nothing and is not used. */
function cpim(body: Described, limits: ContentLimits, depth: number): Result<Content, Refusal> {
  if (depth === (limits.maxNesting ?? 3)) return err(unsupportedType());
  const parsed = parseCpim(body.bytes);
  if (!parsed.ok) return err(malformed(parsed.error));
  const envelope = parsed.value;
  // RFC 3862 §3.5: what the sender requires and nobody here knows, makes the message one that is not understood.
  if (envelope.unsupported().length > 0) return err(unsupportedType());
  const described = describe(envelope.content);
  if (!described.ok) return described;
  const content = read(described.value, limits, depth + 1);
  if (!content.ok) return content;
  if (content.value.kind === 'notice') return ok({ envelope, ...content.value });
  return ok({ ...content.value, ...envelopeFacts(envelope, content.value) });
}

function envelopeFacts(envelope: CpimMessage, content: TextContent): Partial<TextContent> {
  const facts: { subject?: Subject; sentAt?: number } = {};
  const first = envelope.subjects[0];
  const text = first === undefined ? undefined : toOneLine(first.text);
  if (text !== undefined && content.subject === undefined) {
    const lang = languageTag(first?.lang);
    facts.subject = lang === undefined ? { text } : { text, lang };
  }
  const sentAt = envelope.dateTime === undefined ? undefined : parseDateTime(envelope.dateTime);
  if (sentAt !== undefined && content.sentAt === undefined) facts.sentAt = sentAt;
  return facts;
}

function multipart(body: Described, type: MediaType, limits: ContentLimits, depth: number): Result<Content, Refusal> {
  if (depth === (limits.maxNesting ?? 3)) return err(unsupportedType());
  const maxParts = limits.maxParts ?? 16;
  const parts = splitMultipart(body.bytes, type.param('boundary') ?? '', { maxParts });
  if (!parts.ok) return err(malformed(parts.error));
  const contents: Content[] = [];
  const leftOut: MimeEntity[] = [];
  let refusal: Refusal | undefined;
  for (const part of parts.value) {
    const content = readPart(part, body.contentLanguage, limits, depth);
    if (content.ok) contents.push(content.value);
    // RFC 3204 §3: what its sender marked as optional may be left out without a word.
    else if (!isOptional(part)) {
      leftOut.push(part);
      refusal ??= content.error;
    }
  }
  if (contents.length === 0) return err(refusal ?? unsupportedType());
  return ok(type.subtype === 'alternative' ? chosen(contents) : naming(leftOut, joined(contents)));
}

function readPart(
  part: MimeEntity,
  language: string | undefined,
  limits: ContentLimits,
  depth: number,
): Result<Content, Refusal> {
  const described = describe(part);
  if (!described.ok) return described;
  const { contentLanguage = language } = described.value;
  return read({ ...described.value, contentLanguage }, limits, depth + 1);
}

function describe(entity: MimeEntity): Result<Described, Refusal> {
  const typeText = entity.field('content-type');
  const type = typeText === undefined ? undefined : MediaType.parse(typeText);
  if (type !== undefined && !type.ok) return err(malformed(type.error));
  const bytes = decodeTransfer(entity.content, entity.field('content-transfer-encoding'));
  if (bytes === undefined) return err(unsupportedEncoding());
  return ok({ contentType: type?.value, contentLanguage: entity.field('content-language'), bytes });
}

function isOptional(part: MimeEntity): boolean {
  return /;\s*handling\s*=\s*"?optional\b/i.test(part.field('content-disposition') ?? '');
}

/** RFC 2046 §5.1.4: the parts say the same. The text without markup is the body, the markup goes beside it. */
function chosen(contents: readonly Content[]): Content {
  const texts = contents.filter((content) => content.kind === 'text');
  const first = texts.find((content) => content.html === undefined && content.text !== '') ?? texts[0];
  if (first === undefined) return contents[0] as Content;
  const html = texts.findLast((content) => content.html !== undefined)?.html;
  return html === undefined ? first : { ...first, html };
}

/** RFC 2046 §5.1.3: what can be read, in order. A notice among texts is not one for a reader, and goes. */
function joined(contents: readonly Content[]): Content {
  const texts = contents.filter((content) => content.kind === 'text' && content.text !== '') as TextContent[];
  if (texts.length < 2) return texts[0] ?? (contents[0] as Content);
  const [first, ...others] = texts as [TextContent, ...TextContent[]];
  const { html: _, lang, ...rest } = first;
  const text = texts.map((content) => content.text).join('\n');
  const sameLanguage = lang !== undefined && others.every((content) => content.lang === lang);
  return sameLanguage ? { ...rest, text, lang } : { ...rest, text };
}

/** The reader learns what the sender meant to show beside the text. */
function naming(leftOut: readonly MimeEntity[], content: Content): Content {
  if (content.kind !== 'text' || leftOut.length === 0) return content;
  const note = `[Left out: ${leftOut.map(nameOf).join(', ')}]`;
  content.html?.getChild('body')?.c('p').t(note);
  return { ...content, text: `${content.text}\n${note}` };
}

const FILE_NAME = /;\s*filename\s*=\s*(?:"([^"\\]{1,100})"|([^\s;"]{1,100}))/i;

function nameOf(part: MimeEntity): string {
  const type = MediaType.parse(part.field('content-type') ?? 'text/plain');
  const file = FILE_NAME.exec(part.field('content-disposition') ?? '');
  const name = toOneLine(file?.[1] ?? file?.[2] ?? '');
  const essence = type.ok ? type.value.essence : 'unknown';
  return name === undefined ? essence : `${name} (${essence})`;
}
