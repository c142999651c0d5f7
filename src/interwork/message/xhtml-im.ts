/** HTML from a stranger made harmless: XHTML-IM (XEP-0071 §7) out of a whitelist, and the text that goes beside it. */
import { Parser } from 'htmlparser2';
import { Element } from 'ltx';
import { toCharacterData } from './text.js';

export const NS_XHTML_IM = 'http://jabber.org/protocol/xhtml-im';
export const NS_XHTML = 'http://www.w3.org/1999/xhtml';

export interface HtmlOptions {
  /** Images tell their server who reads when and where. Default `drop`: their alternative text stays. */
  readonly images?: 'drop' | 'keep';
  /** Elements that are read; more are refused. Default 2000. */
  readonly maxElements?: number;
  /** Elements inside each other; deeper ones lose their tags. Default 32. */
  readonly maxDepth?: number;
}

export interface SanitizedHtml {
  /** `<html/>` of XHTML-IM; undefined when there is no markup worth it. */
  readonly html: Element | undefined;
  /** The same for those who read plain text, with the targets of links. */
  readonly text: string;
}

/** What becomes of an HTML element: its name in XHTML-IM, and what that may stand in. */
type Treatment =
  /** Inside lines. */
  | { readonly as: 'inline'; readonly name: string }
  /** A paragraph: holds lines only. */
  | { readonly as: 'paragraph' }
  /** Holds blocks: blockquote, li. */
  | { readonly as: 'container'; readonly name: string }
  | { readonly as: 'list'; readonly name: string }
  | { readonly as: 'break' }
  | { readonly as: 'image' }
  /** The tag goes, its content stays, and a new paragraph starts before and after. */
  | { readonly as: 'boundary' }
  /** The tag goes, its content stays behind a space. */
  | { readonly as: 'cell' }
  /** Both go. */
  | { readonly as: 'dropped' };

/** XEP-0071 §7: the recommended profile, and what of HTML has a counterpart there. Every other tag goes, its content stays. */
const TREATMENTS: ReadonlyMap<string, Treatment> = new Map<string, Treatment>([
  ...inline('a', 'a'),
  ...inline('cite', 'cite'),
  ...inline('em', 'em', 'i', 'dfn', 'var'),
  ...inline('span', 'span', 'font'),
  ...inline('strong', 'strong', 'b'),
  ['p', { as: 'paragraph' }],
  ['blockquote', { as: 'container', name: 'blockquote' }],
  ['li', { as: 'container', name: 'li' }],
  ['ul', { as: 'list', name: 'ul' }],
  ['ol', { as: 'list', name: 'ol' }],
  ['br', { as: 'break' }],
  ['img', { as: 'image' }],
  ...all('cell', 'td', 'th'),
  ...all(
    'boundary',
    ...['div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'pre', 'address', 'article', 'aside', 'center', 'dd', 'dl', 'dt'],
    ...['fieldset', 'figure', 'figcaption', 'footer', 'form', 'header', 'hr', 'main', 'nav', 'section', 'table', 'tr'],
  ),
  ...all(
    'dropped',
    ...[
      'head',
      'title',
      'style',
      'script',
      'noscript',
      'template',
      'iframe',
      'frame',
      'frameset',
      'noframes',
      'object',
    ],
    ...[
      'embed',
      'applet',
      'param',
      'svg',
      'math',
      'canvas',
      'audio',
      'video',
      'source',
      'track',
      'map',
      'area',
      'link',
    ],
    ...['meta', 'base', 'textarea', 'select', 'option', 'input', 'datalist', 'noembed', 'xmp', 'plaintext'],
  ),
]);

function* inline(name: string, ...sources: string[]): Generator<[string, Treatment]> {
  for (const source of sources) yield [source, { as: 'inline', name }];
}

function* all(as: 'boundary' | 'cell' | 'dropped', ...sources: string[]): Generator<[string, Treatment]> {
  for (const source of sources) yield [source, { as }];
}

/** Void elements have no end tag, so nothing is inside them that could be dropped (HTML §13.1.2). */
const VOID = new Set(['area', 'base', 'embed', 'frame', 'input', 'link', 'meta', 'param', 'source', 'track']);

const LINK_SCHEMES = new Set(['http', 'https', 'mailto', 'xmpp', 'sip', 'sips', 'im', 'tel']);
const IMAGE_SCHEMES = new Set(['http', 'https']);

/** XEP-0071 §7.2. */
const STYLE_PROPERTIES = new Set([
  ...['background-color', 'color', 'font-family', 'font-size', 'font-style', 'font-weight'],
  ...['margin-left', 'margin-right', 'text-align', 'text-decoration'],
]);

/**
 * Reads `html`, which is at most as large as the body of a message.
 * @returns undefined when it holds too many elements
 */
export function sanitizeHtml(html: string, options: HtmlOptions = {}): SanitizedHtml | undefined {
  const builder = new Builder(options);
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        if (!builder.open(name, attributes)) parser.pause();
      },
      onclosetag: (name) => builder.close(name),
      ontext: (text) => builder.text(text),
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return builder.result();
}

interface Open {
  /** The tag that closes it. */
  readonly source: string;
  readonly element: Element;
  readonly holds: 'blocks' | 'lines' | 'items';
  /** Where its plain text starts. */
  readonly plainStart: number;
}

/**
 * Builds XHTML-IM that keeps to the content models: lines stand in paragraphs, lists hold items, a link holds no link
 * (XHTML Modularization §5.2). The plain text grows beside it.
 */
class Builder {
  readonly #body = new Element('body', { xmlns: NS_XHTML });
  readonly #stack: Open[] = [{ source: '', element: this.#body, holds: 'blocks', plainStart: 0 }];
  readonly #plain = new PlainText();
  readonly #images: 'drop' | 'keep';
  readonly #maxElements: number;
  readonly #maxDepth: number;
  #elements = 0;
  #unread = '';
  /** Inside how many elements that are dropped with their content. */
  #dropped = 0;
  #marked = false;
  /** Whether the last character of the line is a space, or there is none yet: the next space is one too many. */
  #spaced = true;

  constructor(options: HtmlOptions) {
    this.#images = options.images ?? 'drop';
    this.#maxElements = options.maxElements ?? 2000;
    this.#maxDepth = options.maxDepth ?? 32;
  }

  /** False when there are too many elements to go on. */
  open(name: string, attributes: Readonly<Record<string, string>>): boolean {
    if (++this.#elements > this.#maxElements) return false;
    const usual = TREATMENTS.get(name);
    if (usual?.as === 'dropped') {
      if (!VOID.has(name)) this.#dropped++;
      return true;
    }
    if (this.#dropped > 0 || usual === undefined) return true;
    this.#flush();
    const treatment = this.#stack.length > this.#maxDepth ? tooDeep(usual) : usual;
    switch (treatment?.as) {
      case 'inline':
        this.#openInline(name, treatment.name, attributes);
        break;
      case 'paragraph':
        this.#toBlocks();
        this.#push(name, 'p', attributes, 'lines');
        break;
      case 'container':
        this.#openContainer(name, treatment.name, attributes);
        break;
      case 'list':
        this.#toBlocks();
        this.#push(name, treatment.name, attributes, 'items');
        break;
      case 'break':
        this.#break();
        break;
      case 'image':
        this.#image(attributes);
        break;
      case 'boundary':
        this.#toBlocks();
        break;
      case 'cell':
        this.text(' ');
        break;
    }
    return true;
  }

  close(name: string): void {
    const treatment = TREATMENTS.get(name);
    if (treatment?.as === 'dropped') {
      if (!VOID.has(name) && this.#dropped > 0) this.#dropped--;
      return;
    }
    if (this.#dropped > 0 || treatment === undefined) return;
    this.#flush();
    if (treatment.as === 'boundary') {
      this.#toBlocks();
      return;
    }
    for (let index = this.#stack.length - 1; index > 0; index--) {
      if ((this.#stack[index] as Open).source === name) {
        while (this.#stack.length > index) this.#pop();
        return;
      }
      // The end of a line's markup does not reach out of its paragraph.
      if (treatment.as === 'inline' && (this.#stack[index] as Open).holds !== 'lines') return;
    }
  }

  text(text: string): void {
    if (this.#dropped === 0) this.#unread += text;
  }

  /** Writes the text that came since the last tag. */
  #flush(): void {
    if (this.#unread === '') return;
    // White space collapses; a no-break space stays one.
    let text = toCharacterData(this.#unread.replace(/[ \t\n\f\r]+/g, ' '));
    this.#unread = '';
    if (this.#spaced && text.startsWith(' ')) text = text.slice(1);
    if (text === '') return;
    this.#toLines();
    this.#spaced = text.endsWith(' ');
    this.#plain.add(text.replaceAll('\u00A0', ' '));
    const { element } = this.#top;
    element.t(text);
  }

  result(): SanitizedHtml | undefined {
    if (this.#elements > this.#maxElements) return undefined;
    this.#flush();
    while (this.#stack.length > 1) this.#pop();
    const text = this.#plain.toString();
    if (!this.#marked || text === '') return { html: undefined, text };
    const html = new Element('html', { xmlns: NS_XHTML_IM });
    html.cnode(this.#body);
    return { html, text };
  }

  get #top(): Open {
    return this.#stack[this.#stack.length - 1] as Open;
  }

  #openInline(source: string, name: string, attributes: Readonly<Record<string, string>>): void {
    const href = name === 'a' ? safeUrl(attributes.href, LINK_SCHEMES) : undefined;
    const inLink = this.#stack.some((open) => open.element.name === 'a');
    if (name === 'a' && (href === undefined || inLink)) return;
    this.#toLines();
    const style = safeStyle(attributes.style);
    if (name === 'span' && style === undefined) return;
    this.#push(source, name, href === undefined ? attributes : { ...attributes, href }, 'lines');
  }

  #openContainer(source: string, name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'li') {
      // An item ends the one before; without a list around it, it is a paragraph.
      this.#toItems();
      if (this.#top.holds !== 'items') {
        this.#toBlocks();
        return;
      }
    } else this.#toBlocks();
    this.#push(source, name, attributes, 'blocks');
  }

  #break(): void {
    this.#toLines();
    this.#top.element.c('br');
    this.#plain.breakLine();
    this.#spaced = true;
    this.#marked = true;
  }

  #image(attributes: Readonly<Record<string, string>>): void {
    const alternative = toCharacterData(attributes.alt ?? '').trim();
    const src = this.#images === 'keep' ? safeUrl(attributes.src, IMAGE_SCHEMES) : undefined;
    if (src === undefined) {
      if (alternative !== '') this.text(`[${alternative}]`);
      return;
    }
    this.#toLines();
    const image = this.#top.element.c('img', { alt: alternative, src });
    for (const name of ['height', 'width']) {
      const value = attributes[name];
      if (value !== undefined && /^\d{1,4}$/.test(value)) image.attrs[name] = value;
    }
    if (alternative !== '') this.#plain.add(`[${alternative}]`);
    this.#spaced = false;
    this.#marked = true;
  }

  /** Ends lines, so that a block may start. */
  #toBlocks(): void {
    while (this.#top.holds === 'lines') this.#pop();
    if (this.#top.holds === 'items') this.#push('li', 'li', {}, 'blocks');
    this.#plain.endParagraph();
    this.#spaced = true;
  }

  /** Ends all that stands between here and the nearest list. */
  #toItems(): void {
    let index = this.#stack.length - 1;
    while (index > 0 && (this.#stack[index] as Open).holds !== 'items') {
      if ((this.#stack[index] as Open).element.name === 'blockquote') return;
      index--;
    }
    if (index > 0) while (this.#stack.length > index + 1) this.#pop();
  }

  /** Starts a paragraph where lines cannot stand. */
  #toLines(): void {
    if (this.#top.holds === 'lines') return;
    if (this.#top.holds === 'items') this.#push('li', 'li', {}, 'blocks');
    if (this.#top.element.name === 'li') return;
    this.#push('', 'p', {}, 'lines', false);
  }

  #push(
    source: string,
    name: string,
    attributes: Readonly<Record<string, string>>,
    holds: Open['holds'],
    marked = true,
  ): void {
    const element = new Element(name);
    if (name === 'a') element.attrs.href = attributes.href;
    const style = safeStyle(attributes.style);
    if (style !== undefined) element.attrs.style = style;
    this.#top.element.cnode(element);
    this.#stack.push({ source, element, holds, plainStart: this.#plain.length });
    if (name === 'li') this.#plain.startItem();
    if (marked && (name !== 'p' || style !== undefined)) this.#marked = true;
  }

  #pop(): void {
    const { element, holds, plainStart } = this.#stack.pop() as Open;
    const parent = element.parent;
    if (element.name === 'a') this.#plain.endLink(element.attrs.href as string, plainStart);
    if (holds !== 'lines' || element.name === 'p') {
      this.#plain.endParagraph();
      this.#spaced = true;
    }
    // Nothing inside, nothing to show.
    if (element.children.length === 0 && parent !== null && parent !== undefined) parent.children.pop();
  }
}

/** The text that grows beside the markup: a line for a line, an item for an item. */
class PlainText {
  #text = '';

  get length(): number {
    return this.#text.length;
  }

  add(text: string): void {
    this.#text += text;
  }

  breakLine(): void {
    this.#text = `${this.#text.trimEnd()}\n`;
  }

  endParagraph(): void {
    if (this.#text !== '' && !this.#text.endsWith('\n')) this.breakLine();
  }

  startItem(): void {
    this.endParagraph();
    this.#text += '- ';
  }

  /** A reader of text sees where a link leads, unless it says so itself. */
  endLink(href: string, labelStart: number): void {
    const shown = this.#text.slice(labelStart).trim();
    if (shown !== '' && href !== shown && href !== `mailto:${shown}`) this.#text += ` (${href})`;
  }

  toString(): string {
    return this.#text.trim();
  }
}

/** What becomes of an element that stands too deep: its tag goes. */
function tooDeep(usual: Treatment): Treatment | undefined {
  switch (usual.as) {
    case 'inline':
      return undefined;
    case 'paragraph':
    case 'container':
    case 'list':
      return { as: 'boundary' };
    default:
      return usual;
  }
}

/** `url` when it is absolute and of a scheme in `schemes`, else undefined. Browsers skip white space inside a scheme; so none may be there. */
function safeUrl(url: string | undefined, schemes: ReadonlySet<string>): string | undefined {
  if (url === undefined || url.length > 2048) return undefined;
  const trimmed = url.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '');
  if (/[\x00-\x20\x7F-\x9F\uFFFE\uFFFF\p{Cs}]/u.test(trimmed)) return undefined;
  const colon = trimmed.indexOf(':');
  if (colon <= 0 || colon === trimmed.length - 1) return undefined;
  return schemes.has(trimmed.slice(0, colon).toLowerCase()) ? trimmed : undefined;
}

/** The declarations of `style` whose property is on the list and whose value can do nothing but look. */
function safeStyle(style: string | undefined): string | undefined {
  if (style === undefined || style.length > 1024) return undefined;
  const kept: string[] = [];
  for (const declaration of style.split(';')) {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = declaration.slice(colon + 1).trim();
    if (STYLE_PROPERTIES.has(property) && isSafeStyleValue(value)) kept.push(`${property}:${value}`);
  }
  return kept.length === 0 ? undefined : kept.join(';');
}

/** Words, numbers, colours; no function but a colour, no escape, no URL, no negative margin. */
function isSafeStyleValue(value: string): boolean {
  if (value === '' || value.length > 100 || value.startsWith('-')) return false;
  return /^[A-Za-z0-9 #%.,'"-]+$/.test(value) || /^(?:rgb|rgba|hsl|hsla)\([0-9 .,%]+\)$/i.test(value);
}
