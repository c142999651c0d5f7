/**
 * The lexical half of the XML parser: octets in, tags and texts out (XML 1.0 §2, as RFC 6120 §11 restricts it).
 *
 * Octets are held in strings of one character each: such a string is as compact as a buffer, its parts are cut without
 * copying, a position in it counts octets, and a UTF-8 sequence that a chunk splits needs no care, since a run is
 * decoded when it is complete. A run that spans chunks is kept as its pieces and read once, whatever the chunks.
 *
 * Why not a library, by test/bench/xml-parser.bench.ts: of 24 inputs that XML or RFC 6120 forbids, ltx's own parser
 * refuses 2. `saxes` refuses 17, and leaves comments, instructions, doctypes and every limit to its user, who cannot
 * count octets in what is text by then. For a chat message this one takes about as long as ltx's and half as long as
 * saxes, each with the tree of ltx elements.
 */
import {
  decodeUtf8,
  ENDS_CDATA,
  ENDS_DOUBLE_QUOTED,
  ENDS_NAME,
  ENDS_SINGLE_QUOTED,
  ENDS_TEXT,
  encodeUtf8,
  holdsNoncharacter,
  IS_SPACE,
  isQName,
  isXmlCharacter,
  OCTET_CLASS,
  STARTS_NAME,
} from './characters.js';
import { notWellFormed, tooBig, type XmlFault } from './xml-fault.js';
import type { XmlLimits } from './xml-limits.js';

/** Where the tokens go. A fault ends everything. */
export interface TokenSink {
  /** The name of a start tag; its attributes follow, then `startTag`. */
  startName(name: string): void;
  attribute(name: string, value: string): XmlFault | undefined;
  startTag(): XmlFault | undefined;
  /** Text inside the innermost open element, never empty; adjacent text and CDATA sections come as one. */
  text(text: string): void;
  /** The innermost open element ends, by its own tag or by `/>`; that the names match was seen to. */
  endTag(): void;
  /** A limit was exceeded in the current first-level element: nothing more of it comes, but its end by `endSkipped`. */
  skip(fault: XmlFault): XmlFault | undefined;
  endSkipped(): void;
}

export interface TokenizerMode {
  /** How many elements are open around the unit that limits are for: 1 in a stream, 0 in a document. */
  readonly outerDepth: 0 | 1;
  /** Whether comments and processing instructions are skipped, as in XML, or refused, as in XMPP (RFC 6120 §11.1). */
  readonly skipsComments: boolean;
  /**
   * Whether a first-level element that exceeds a limit is read to its end and thrown away, instead of ending the
   * reading. Such a one may still not be larger than `SKIPPED_SIZES` times the limit.
   */
  readonly skipsOversized: boolean;
}

// States are named for what the next octet belongs to.
const TEXT = 0; // content, or white space outside
const AFTER_LESS = 1; // <
const START_NAME = 2;
const IN_TAG = 3; // after white space, where an attribute may begin
const AFTER_VALUE = 4; // after a name or value, where one may not
const ATTRIBUTE_NAME = 5;
const BEFORE_EQUALS = 6;
const BEFORE_VALUE = 7;
const VALUE = 8;
const EMPTY_TAG = 9; // <a/
const END_NAME = 10; // </
const AFTER_END_NAME = 11; // </a and white space
const REFERENCE = 12; // &
const AFTER_BANG = 13; // <!
const CDATA_OPENING = 14; // <![
const CDATA = 15;
const DECLARATION = 16; // <? at the very start
const COMMENT_OPENING = 17; // <!-
const COMMENT = 18;
const INSTRUCTION = 19; // <?
const ENDED = 20; // the root element of a stream is closed: nothing that follows is read
const FAILED = 21;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BANG = 0x21;
const QUOTE = 0x22;
const HASH = 0x23;
const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const HYPHEN = 0x2d;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const QUESTION = 0x3f;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const CDATA_START = 'CDATA[';
const SKIPPED_SIZES = 8;
const MAX_DECLARATION_OCTETS = 128;
const MAX_REFERENCE_OCTETS = 64;
const DECLARATION_TEXT =
  /^xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(["'])1\.[0-9]+\1(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(["'])([A-Za-z][A-Za-z0-9._-]*)\2)?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(["'])(?:yes|no)\4)?[ \t\r\n]*\?>$/;
const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

const NOT_UTF8: XmlFault = { condition: 'unsupported-encoding', text: 'expected UTF-8' };
const RESTRICTED: XmlFault = {
  condition: 'restricted-xml',
  text: 'found a comment, processing instruction, document type or entity reference',
};
const TEXT_OUTSIDE: XmlFault = { condition: 'bad-format', text: 'expected a tag, found text' };
const BAD_CHARACTER = notWellFormed('found a character that XML does not allow');

export class Tokenizer {
  readonly #sink: TokenSink;
  readonly #mode: TokenizerMode;
  readonly #limits: XmlLimits;

  #state = TEXT;
  #fault: XmlFault | undefined;
  /** Whether nothing was read yet. */
  #fresh = true;
  /** Names of the open elements, in octets. */
  readonly #open: string[] = [];
  /** Whether the root element was opened. */
  #rooted = false;

  /** What was read of the current name, value, declaration or opening; and its octets, or-ed, to tell whether it is ASCII. */
  #token = '';
  #tokenBits = 0;
  /** The same of the text since the last tag. */
  #text = '';
  #textBits = 0;
  #attributeName = '';
  /** `ENDS_DOUBLE_QUOTED` or `ENDS_SINGLE_QUOTED`. */
  #quote = 0;
  #reference = '';
  /** The state around the reference: TEXT or VALUE. */
  #around = TEXT;
  /** True after a carriage return, which swallows a line feed (XML 1.0 §2.11). */
  #afterCr = false;
  /** How many `]`, `-` or `?` the last octets were, of `]]>`, `-->`, `?>`. */
  #run = 0;

  /** Whether we are inside the unit that limits are for: a first-level element, the stream header, a document. */
  #counting = true;
  /** Octets of that unit before the current chunk; negative when it begins inside the chunk. */
  #size = 0;
  #elements = 0;
  #attributes = 0;
  /** Whether the current first-level element is thrown away. */
  #skipping = false;

  constructor(sink: TokenSink, mode: TokenizerMode, limits: XmlLimits) {
    this.#sink = sink;
    this.#mode = mode;
    this.#limits = limits;
  }

  /** What ended the reading, if something did. */
  get fault(): XmlFault | undefined {
    return this.#fault;
  }

  /** Whether the root element is closed, and nothing else begun. */
  get complete(): boolean {
    return this.#state === ENDED || (this.#state === TEXT && this.#rooted && this.#open.length === 0);
  }

  /** Octets read of an incomplete first-level element, stream header or document. */
  get pending(): number {
    return this.#counting && this.#state < ENDED ? this.#size : 0;
  }

  /**
   * Reads a chunk.
   * @param octets one character for each
   */
  read(octets: string): void {
    const { length } = octets;
    let at = 0;
    while (at < length && this.#state < ENDED) at = this.#step(octets, at);
    if (!this.#counting || this.#state >= ENDED) return;
    this.#size += length;
    this.#fits(-1);
  }

  /** Reads what belongs to the current state, from `at` on; returns where the next state begins. */
  #step(octets: string, at: number): number {
    switch (this.#state) {
      case TEXT:
        return this.#open.length > this.#mode.outerDepth ? this.#readText(octets, at) : this.#readOutside(octets, at);
      case AFTER_LESS:
        return this.#readAfterLess(octets, at);
      case START_NAME:
      case ATTRIBUTE_NAME:
      case END_NAME:
        return this.#readName(octets, at);
      case IN_TAG:
      case AFTER_VALUE:
        return this.#readInTag(octets, at);
      case BEFORE_EQUALS:
      case BEFORE_VALUE:
        return this.#readBeforeValue(octets, at);
      case VALUE:
        return this.#readValue(octets, at);
      case EMPTY_TAG:
        return this.#readEmptyTag(octets, at);
      case AFTER_END_NAME:
        return this.#readAfterEndName(octets, at);
      case REFERENCE:
        return this.#readReference(octets, at);
      case AFTER_BANG:
        return this.#readAfterBang(octets, at);
      case CDATA_OPENING:
        return this.#readCdataOpening(octets, at);
      case CDATA:
        return this.#readCdata(octets, at);
      case DECLARATION:
        return this.#readDeclaration(octets, at);
      case COMMENT_OPENING:
        if (octets.charCodeAt(at) !== HYPHEN) return this.#fail(notWellFormed('expected a comment'), at);
        this.#state = COMMENT;
        return at + 1;
      case COMMENT:
        return this.#readComment(octets, at);
      case INSTRUCTION:
        return this.#readInstruction(octets, at);
      default:
        throw new Error(`no octet belongs to state ${this.#state}`);
    }
  }

  /** Ends the reading: by the size limit, if it was exceeded before the fault could be seen, or by the fault. */
  #fail(fault: XmlFault, at: number): number {
    this.#fault = this.#exceeds(at) ? this.#tooManyOctets() : fault;
    this.#state = FAILED;
    return at + 1;
  }

  /** Whether the unit, up to the octet at `at`, is too large. */
  #exceeds(at: number): boolean {
    return this.#counting && this.#size + at + 1 > this.#limits.maxStanzaBytes;
  }

  #tooManyOctets(): XmlFault {
    return tooBig(`expected at most ${this.#limits.maxStanzaBytes} octets`);
  }

  /** Whether reading goes on at the end of a token: the unit is not too large, or skipped. */
  #fits(at: number): boolean {
    if (!this.#exceeds(at)) return true;
    if (this.#size + at + 1 <= SKIPPED_SIZES * this.#limits.maxStanzaBytes && this.#mayExceed()) return true;
    this.#fail(this.#tooManyOctets(), at);
    return false;
  }

  /** Whether reading goes on after a limit was exceeded; with what was exceeded the reading fails otherwise. */
  #mayExceed(fault: XmlFault = this.#tooManyOctets()): boolean {
    if (this.#skipping) return true;
    if (!this.#mode.skipsOversized || this.#open.length <= this.#mode.outerDepth) return false;
    this.#skipping = this.#sink.skip(fault) === undefined;
    return this.#skipping;
  }

  // Text

  #readText(octets: string, at: number): number {
    const { length } = octets;
    const start = this.#afterLineEnd(octets, at);
    let end = start;
    let bits = this.#textBits;
    let brackets = this.#run;
    let octet = 0;
    for (; end < length; end++) {
      octet = octets.charCodeAt(end);
      if ((OCTET_CLASS[octet]! & ENDS_TEXT) === 0) {
        bits |= octet;
        brackets = 0;
      } else if (octet === CLOSE_BRACKET) brackets++;
      else if (octet !== GREATER) break;
      else if (brackets > 1) return this.#fail(notWellFormed("found ']]>' in text"), end);
      else brackets = 0;
    }
    this.#textBits = bits;
    if (end > start) this.#text += octets.slice(start, end);
    if (end === length) {
      this.#run = brackets;
      return end;
    }
    this.#run = 0;
    if (octet === LESS) this.#state = AFTER_LESS;
    else if (octet === AMPERSAND) this.#beginReference();
    else if (octet === CR) {
      this.#text += '\n';
      this.#afterCr = true;
    } else return this.#fail(BAD_CHARACTER, end);
    return end + 1;
  }

  /** Skips the line feed of a carriage return and line feed. */
  #afterLineEnd(octets: string, at: number): number {
    if (!this.#afterCr) return at;
    this.#afterCr = false;
    return octets.charCodeAt(at) === LF ? at + 1 : at;
  }

  /** Between first-level elements, or outside the root element (RFC 6120 §11.7). */
  #readOutside(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if (octet === LESS) {
      if (this.#open.length === 1) this.#beginUnit(at);
      this.#state = AFTER_LESS;
    } else if ((OCTET_CLASS[octet]! & IS_SPACE) === 0) {
      if (this.#open.length > 0) return this.#fail(TEXT_OUTSIDE, at);
      return this.#fail(octet < 0x80 ? notWellFormed('expected a tag, found text') : NOT_UTF8, at);
    } else this.#fresh = false;
    return at + 1;
  }

  #beginUnit(at: number): void {
    this.#counting = true;
    this.#size = -at;
    this.#elements = 0;
  }

  /** Hands over the text since the last tag. */
  #flushText(): XmlFault | undefined {
    if (this.#text === '') return undefined;
    if (this.#skipping) {
      this.#text = '';
      this.#textBits = 0;
      return undefined;
    }
    let text: string | undefined = this.#text;
    if (this.#textBits > 0x7f) {
      text = decodeUtf8(text);
      if (text === undefined) return NOT_UTF8;
      if (holdsNoncharacter(text)) return BAD_CHARACTER;
    }
    this.#sink.text(text);
    this.#text = '';
    this.#textBits = 0;
    return undefined;
  }

  // Tags

  #readAfterLess(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    const fresh = this.#fresh;
    this.#fresh = false;
    if (octet === BANG) {
      this.#state = AFTER_BANG;
      return at + 1;
    }
    if (octet === QUESTION) {
      this.#token = '';
      this.#run = 0;
      if (fresh) this.#state = DECLARATION;
      else if (this.#mode.skipsComments) this.#state = INSTRUCTION;
      else return this.#fail(RESTRICTED, at);
      return at + 1;
    }
    if (!this.#fits(at)) return at;
    const fault = this.#flushText();
    if (fault !== undefined) return this.#fail(fault, at);
    this.#token = '';
    this.#tokenBits = 0;
    if (octet !== SLASH) {
      if (this.#open.length === 0 && this.#rooted) return this.#fail(notWellFormed('found a second root element'), at);
      this.#state = START_NAME;
      return at;
    }
    if (this.#open.length === 0) return this.#fail(notWellFormed('found an end tag where none is open'), at);
    this.#state = END_NAME;
    return at + 1;
  }

  #readName(octets: string, at: number): number {
    const { length } = octets;
    if (this.#token === '' && (OCTET_CLASS[octets.charCodeAt(at)]! & STARTS_NAME) === 0) {
      return this.#fail(notWellFormed('expected a name'), at);
    }
    let end = at;
    let bits = this.#tokenBits;
    for (; end < length; end++) {
      const octet = octets.charCodeAt(end);
      if ((OCTET_CLASS[octet]! & ENDS_NAME) !== 0) break;
      bits |= octet;
    }
    this.#tokenBits = bits;
    const piece = octets.slice(at, end);
    this.#token = this.#token === '' ? piece : this.#token + piece;
    return end === length ? end : this.#nameEnds(end);
  }

  /** The octet at `at` is the first after a name. */
  #nameEnds(at: number): number {
    if (!this.#fits(at)) return at;
    const octets = this.#token;
    if (this.#state === END_NAME) {
      if (octets !== this.#open[this.#open.length - 1]) {
        return this.#fail(notWellFormed('found an end tag that does not match'), at);
      }
      this.#state = AFTER_END_NAME;
      return at;
    }
    const { maxNameBytes } = this.#limits;
    if (octets.length > maxNameBytes) {
      const fault = tooBig(`expected names of at most ${maxNameBytes} octets`);
      if (!this.#mayExceed(fault)) return this.#fail(fault, at);
    }
    const name = this.#skipping ? '' : this.#nameOf(octets);
    if (typeof name !== 'string') return this.#fail(name, at);
    if (this.#state === ATTRIBUTE_NAME) {
      this.#attributeName = name;
      this.#state = BEFORE_EQUALS;
      return at;
    }
    this.#open.push(octets);
    this.#rooted = true;
    this.#attributes = 0;
    if (!this.#skipping) this.#sink.startName(name);
    this.#state = AFTER_VALUE;
    return at;
  }

  #nameOf(octets: string): string | XmlFault {
    const isAscii = this.#tokenBits < 0x80;
    const name = isAscii ? octets : decodeUtf8(octets);
    if (name === undefined) return NOT_UTF8;
    return isQName(name, isAscii) ? name : notWellFormed('found a name that XML does not allow');
  }

  #readInTag(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    const octetClass = OCTET_CLASS[octet]!;
    if ((octetClass & IS_SPACE) !== 0) this.#state = IN_TAG;
    else if (octet === GREATER) return this.#startTagEnds(at);
    else if (octet === SLASH) this.#state = EMPTY_TAG;
    else if (this.#state === AFTER_VALUE)
      return this.#fail(notWellFormed('expected white space or the end of a tag'), at);
    else {
      this.#token = '';
      this.#tokenBits = 0;
      this.#state = ATTRIBUTE_NAME;
      return at;
    }
    return at + 1;
  }

  /** The octet at `at` is the `>` of a start tag, or of `/>`. */
  #startTagEnds(at: number): number {
    if (!this.#fits(at)) return at;
    const exceeded = this.#tooManyElements();
    if (exceeded !== undefined && !this.#mayExceed(exceeded)) return this.#fail(exceeded, at);
    const fault = this.#skipping ? undefined : this.#sink.startTag();
    if (fault !== undefined) return this.#fail(fault, at);
    this.#state = TEXT;
    if (this.#open.length === this.#mode.outerDepth) this.#counting = false;
    return at + 1;
  }

  #tooManyElements(): XmlFault | undefined {
    const { maxDepth, maxElements } = this.#limits;
    if (++this.#elements > maxElements) return tooBig(`expected at most ${maxElements} elements`);
    const depth = this.#open.length - this.#mode.outerDepth;
    return depth > maxDepth ? tooBig(`expected at most ${maxDepth} elements inside one another`) : undefined;
  }

  #readEmptyTag(octets: string, at: number): number {
    if (octets.charCodeAt(at) !== GREATER) return this.#fail(notWellFormed("expected '/>'"), at);
    const next = this.#startTagEnds(at);
    return this.#state === FAILED ? next : this.#elementEnds(at);
  }

  #readAfterEndName(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if (octet === GREATER) return this.#elementEnds(at);
    if ((OCTET_CLASS[octet]! & IS_SPACE) === 0) return this.#fail(notWellFormed('expected the end of a tag'), at);
    return at + 1;
  }

  /** The octet at `at` is the last of the innermost open element. */
  #elementEnds(at: number): number {
    if (!this.#fits(at)) return at;
    this.#open.pop();
    const depth = this.#open.length;
    const { outerDepth } = this.#mode;
    if (!this.#skipping) this.#sink.endTag();
    this.#state = depth < outerDepth ? ENDED : TEXT;
    if (depth !== outerDepth) return at + 1;
    if (this.#skipping) this.#sink.endSkipped();
    this.#skipping = false;
    if (depth === 1) this.#counting = false;
    return at + 1;
  }

  // Attributes

  #readBeforeValue(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if ((OCTET_CLASS[octet]! & IS_SPACE) !== 0) return at + 1;
    if (this.#state === BEFORE_EQUALS) {
      if (octet !== EQUALS) return this.#fail(notWellFormed("expected '=' after the name of an attribute"), at);
      this.#state = BEFORE_VALUE;
      return at + 1;
    }
    if (octet === QUOTE) this.#quote = ENDS_DOUBLE_QUOTED;
    else if (octet === APOSTROPHE) this.#quote = ENDS_SINGLE_QUOTED;
    else return this.#fail(notWellFormed('expected the value of an attribute in quotes'), at);
    this.#token = '';
    this.#tokenBits = 0;
    this.#state = VALUE;
    return at + 1;
  }

  #readValue(octets: string, at: number): number {
    const { length } = octets;
    const start = this.#afterLineEnd(octets, at);
    const quote = this.#quote;
    let end = start;
    let bits = this.#tokenBits;
    let octet = 0;
    for (; end < length; end++) {
      octet = octets.charCodeAt(end);
      if ((OCTET_CLASS[octet]! & quote) !== 0) break;
      bits |= octet;
    }
    this.#tokenBits = bits;
    if (end > start)
      this.#token = this.#token === '' ? octets.slice(start, end) : this.#token + octets.slice(start, end);
    if (end === length) return end;
    if (octet === QUOTE || octet === APOSTROPHE) return this.#valueEnds(end);
    if (octet === AMPERSAND) this.#beginReference();
    else if (octet === CR || octet === LF || octet === TAB) {
      this.#token += ' '; // XML 1.0 §3.3.3
      this.#afterCr = octet === CR;
    } else if (octet === LESS) return this.#fail(notWellFormed("found '<' in the value of an attribute"), end);
    else return this.#fail(BAD_CHARACTER, end);
    return end + 1;
  }

  /** The octet at `at` is the closing quote. */
  #valueEnds(at: number): number {
    if (!this.#fits(at)) return at;
    const { maxAttributeBytes, maxAttributes } = this.#limits;
    const exceeded =
      this.#token.length > maxAttributeBytes
        ? tooBig(`expected attributes of at most ${maxAttributeBytes} octets`)
        : ++this.#attributes > maxAttributes
          ? tooBig(`expected at most ${maxAttributes} attributes`)
          : undefined;
    if (exceeded !== undefined && !this.#mayExceed(exceeded)) return this.#fail(exceeded, at);
    const fault = this.#skipping ? undefined : this.#handOverAttribute();
    if (fault !== undefined) return this.#fail(fault, at);
    this.#state = AFTER_VALUE;
    return at + 1;
  }

  #handOverAttribute(): XmlFault | undefined {
    let value: string | undefined = this.#token;
    if (this.#tokenBits > 0x7f) {
      value = decodeUtf8(value);
      if (value === undefined) return NOT_UTF8;
      if (holdsNoncharacter(value)) return BAD_CHARACTER;
    }
    return this.#sink.attribute(this.#attributeName, value);
  }

  // References

  #beginReference(): void {
    this.#around = this.#state;
    this.#reference = '';
    this.#state = REFERENCE;
  }

  #readReference(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if (octet !== SEMICOLON) {
      this.#reference += octets[at];
      const isFirst = this.#reference.length === 1;
      const fits = (OCTET_CLASS[octet]! & ENDS_NAME) === 0 || (isFirst && octet === HASH);
      if (fits && this.#reference.length <= MAX_REFERENCE_OCTETS) return at + 1;
      return this.#fail(notWellFormed("found '&' that begins no reference"), at);
    }
    const referred = this.#referred();
    if (typeof referred !== 'string') return this.#fail(referred, at);
    // A text in octets may get no other characters: one beyond ASCII becomes its octets, to be decoded with the rest.
    const bits = referred.length > 1 ? 0x80 : 0;
    if (this.#around === VALUE) {
      this.#token += referred;
      this.#tokenBits |= bits;
    } else {
      this.#text += referred;
      this.#textBits |= bits;
    }
    this.#state = this.#around;
    return at + 1;
  }

  /** The octets that the reference stands for. */
  #referred(): string | XmlFault {
    const reference = this.#reference;
    const digits = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(reference);
    if (digits !== null) {
      const codePoint = digits[1] !== undefined ? Number.parseInt(digits[1], 16) : Number(digits[2]);
      return isXmlCharacter(codePoint) ? encodeUtf8(codePoint) : BAD_CHARACTER;
    }
    const predefined = PREDEFINED.get(reference);
    if (predefined !== undefined) return predefined;
    const isName = (OCTET_CLASS[reference.charCodeAt(0)]! & STARTS_NAME) !== 0;
    return isName ? RESTRICTED : notWellFormed('found a reference that names nothing');
  }

  // Sections

  #readAfterBang(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if (octet === OPEN_BRACKET) {
      if (this.#open.length <= this.#mode.outerDepth) return this.#fail(TEXT_OUTSIDE, at);
      this.#token = '';
      this.#state = CDATA_OPENING;
    } else if (octet === HYPHEN && this.#mode.skipsComments) {
      this.#run = 0;
      this.#state = COMMENT_OPENING;
    } else if (octet === HYPHEN || (OCTET_CLASS[octet]! & STARTS_NAME) !== 0) return this.#fail(RESTRICTED, at);
    else return this.#fail(notWellFormed("expected a name or section after '<!'"), at);
    return at + 1;
  }

  #readCdataOpening(octets: string, at: number): number {
    this.#token += octets[at];
    if (!CDATA_START.startsWith(this.#token)) return this.#fail(notWellFormed("expected '<![CDATA['"), at);
    if (this.#token.length === CDATA_START.length) {
      this.#run = 0;
      this.#state = CDATA;
    }
    return at + 1;
  }

  #readCdata(octets: string, at: number): number {
    const start = this.#afterLineEnd(octets, at);
    if (start > at) return start;
    const octet = octets.charCodeAt(at);
    if (octet === CLOSE_BRACKET) {
      this.#run++;
      return at + 1;
    }
    const brackets = this.#run;
    this.#run = 0;
    if (octet === GREATER && brackets > 1) {
      this.#text += ']'.repeat(brackets - 2);
      this.#state = TEXT;
      return at + 1;
    }
    if (brackets > 0) this.#text += ']'.repeat(brackets);
    let end = at;
    for (; end < octets.length; end++) {
      const next = octets.charCodeAt(end);
      if ((OCTET_CLASS[next]! & ENDS_CDATA) !== 0) break;
      this.#textBits |= next;
    }
    this.#text += octets.slice(at, end);
    if (end === octets.length || octets.charCodeAt(end) === CLOSE_BRACKET) return end;
    if (octets.charCodeAt(end) !== CR) return this.#fail(BAD_CHARACTER, end);
    this.#text += '\n';
    this.#afterCr = true;
    return end + 1;
  }

  /** An XML declaration at the very start (XML 1.0 §2.8), or an instruction there. */
  #readDeclaration(octets: string, at: number): number {
    const token = this.#token + octets[at];
    if (token.length <= 4 && !/^(?:x|xm|xml|xml[ \t\r\n])$/.test(token)) {
      if (!this.#mode.skipsComments) return this.#fail(RESTRICTED, at);
      this.#state = INSTRUCTION;
      return at;
    }
    this.#token = token;
    if (!token.endsWith('?>')) {
      if (token.length <= MAX_DECLARATION_OCTETS) return at + 1;
      return this.#fail(notWellFormed('expected the end of the XML declaration'), at);
    }
    const parts = DECLARATION_TEXT.exec(token);
    if (parts === null) return this.#fail(notWellFormed('found an XML declaration that is none'), at);
    if (parts[3] !== undefined && parts[3].toLowerCase() !== 'utf-8') return this.#fail(NOT_UTF8, at);
    this.#state = TEXT;
    return at + 1;
  }

  #readComment(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if (this.#run === 2) {
      if (octet !== GREATER) return this.#fail(notWellFormed("found '--' in a comment"), at);
      this.#run = 0;
      this.#state = TEXT;
    } else if (!isXmlCharacter(octet)) return this.#fail(BAD_CHARACTER, at);
    else this.#run = octet === HYPHEN ? this.#run + 1 : 0;
    return at + 1;
  }

  #readInstruction(octets: string, at: number): number {
    const octet = octets.charCodeAt(at);
    if (!isXmlCharacter(octet)) return this.#fail(BAD_CHARACTER, at);
    if (this.#token.length < 4) {
      this.#token += octets[at];
      const isFirst = this.#token.length === 1;
      if (isFirst && (OCTET_CLASS[octet]! & STARTS_NAME) === 0) return this.#fail(notWellFormed('expected a name'), at);
      // XML 1.0 §2.6: the name is reserved; as a declaration it would stand at the very start.
      if (/^xml[ \t\r\n?]$/i.test(this.#token)) return this.#fail(notWellFormed('found a late XML declaration'), at);
    }
    if (this.#run === 1 && octet === GREATER) this.#state = TEXT;
    this.#run = octet === QUESTION ? 1 : 0;
    return at + 1;
  }
}
