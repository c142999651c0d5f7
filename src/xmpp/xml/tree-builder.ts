/**
 * The structural half of the XML parser: tags become ltx elements, namespaces are resolved (Namespaces in XML 1.0).
 *
 * The elements it builds are in one form, whatever prefixes their sender chose: the name of an element has no prefix,
 * and its namespace is that of its `xmlns` attribute, or else its parent's. So `name` and `attrs.xmlns` say for certain
 * what a stanza is. Prefixes of attributes stay, and are declared inside the first-level element.
 *
 * Known limit, of ltx: an `xmlns=''` inside an element of a namespace is kept, but `getNS()` does not see it.
 */
import { Element } from 'ltx';
import type { TokenSink } from './tokenizer.js';
import { notWellFormed, type XmlFault } from './xml-fault.js';

const NS_XML = 'http://www.w3.org/XML/1998/namespace';
const NS_XMLNS = 'http://www.w3.org/2000/xmlns/';

/** A stream's opening tag. */
export interface StreamHeader {
  /** Without children; name and attributes as they were written. */
  readonly root: Element;
  readonly namespace: string;
  /** By prefix; the default namespace under ''. */
  readonly declaredNamespaces: ReadonlyMap<string, string>;
}

export interface TreeOutput {
  /** The root element opens; not called for a document. */
  streamStart(header: StreamHeader): void;
  /**
   * A first-level element of the stream, or a document, is complete.
   * @param oversized which limit it exceeded; then it has no children, and perhaps not all of its attributes
   */
  element(element: Element, oversized?: XmlFault): void;
  streamEnd(): void;
}

export class TreeBuilder implements TokenSink {
  readonly #output: TreeOutput;
  readonly #isStream: boolean;
  /** What the stream header declares. */
  #outer: ReadonlyMap<string, string> = new Map();
  #outerDefault = '';
  #inStream = false;

  #name = '';
  #attrs: Record<string, string> = {};
  /** Names of the tag's attributes that have a prefix to resolve. */
  #prefixed: string[] = [];
  #declares = false;

  /** The innermost open element; its parents are ltx's. */
  #current: Element | undefined;
  /** For each open element: its namespace, and the default namespace that its sender meant for its children. */
  #namespaces: string[] = [];
  #oversized: XmlFault | undefined;
  #defaults: string[] = [];

  constructor(output: TreeOutput, isStream: boolean) {
    this.#output = output;
    this.#isStream = isStream;
  }

  text(text: string): void {
    this.#current!.children.push(text);
  }

  startName(name: string): void {
    this.#name = name;
    this.#attrs = {};
    this.#declares = false;
  }

  attribute(name: string, value: string): XmlFault | undefined {
    const attrs = this.#attrs;
    if (Object.hasOwn(attrs, name)) return notWellFormed(`found two attributes '${name}'`);
    if (name.startsWith('xmlns') && (name.length === 5 || name[5] === ':')) {
      const fault = checkDeclaration(name.slice(6), value, name.length === 5);
      if (fault !== undefined) return fault;
      this.#declares = true;
    } else if (name.includes(':') && !name.startsWith('xml:')) this.#prefixed.push(name);
    if (name === '__proto__')
      Object.defineProperty(attrs, name, { value, enumerable: true, configurable: true, writable: true });
    else attrs[name] = value;
    return undefined;
  }

  startTag(): XmlFault | undefined {
    if (this.#isStream && !this.#inStream) return this.#startStream();
    const parent = this.#current;
    const element = new Element(this.#name);
    const attrs = this.#attrs;
    element.attrs = attrs;
    const depth = this.#namespaces.length;
    const inherited = depth === 0 ? this.#outerDefault : this.#defaults[depth - 1]!;
    const byDefault = this.#declares && attrs.xmlns !== undefined ? attrs.xmlns : inherited;
    if (parent !== undefined) {
      element.parent = parent;
      parent.children.push(element);
    }
    let namespace = byDefault;
    const colon = this.#name.indexOf(':');
    if (colon >= 0) {
      const resolved = this.#resolve(element, this.#name.slice(0, colon));
      if (resolved === undefined) return undeclared(this.#name);
      namespace = resolved;
      element.name = this.#name.slice(colon + 1);
    }
    if (this.#prefixed.length > 0) {
      const fault = this.#checkPrefixed(element);
      if (fault !== undefined) return fault;
    }
    this.#makeExplicit(attrs, namespace, depth === 0 ? '' : this.#namespaces[depth - 1]!);
    this.#namespaces.push(namespace);
    this.#defaults.push(byDefault);
    this.#current = element;
    return undefined;
  }

  endTag(): void {
    const ended = this.#current;
    if (ended === undefined) {
      this.#output.streamEnd();
      return;
    }
    this.#namespaces.pop();
    this.#defaults.pop();
    this.#current = ended.parent ?? undefined;
    if (this.#current === undefined) this.#output.element(ended);
  }

  skip(fault: XmlFault): XmlFault | undefined {
    if (this.#current === undefined) {
      const unfit = this.startTag(); // with the attributes so far
      if (unfit !== undefined) return unfit;
    }
    this.#oversized = fault;
    return undefined;
  }

  endSkipped(): void {
    let element = this.#current!;
    while (element.parent !== null) element = element.parent;
    element.children = [];
    this.#current = undefined;
    this.#namespaces = [];
    this.#defaults = [];
    this.#prefixed = [];
    this.#output.element(element, this.#oversized);
  }

  #startStream(): XmlFault | undefined {
    const root = new Element(this.#name);
    root.attrs = this.#attrs;
    const declared = new Map<string, string>();
    for (const [name, value] of Object.entries(this.#attrs)) {
      if (name === 'xmlns') declared.set('', value);
      else if (name.startsWith('xmlns:')) declared.set(name.slice(6), value);
    }
    this.#outer = declared;
    this.#outerDefault = declared.get('') ?? '';
    const colon = this.#name.indexOf(':');
    const namespace = colon < 0 ? this.#outerDefault : this.#resolve(root, this.#name.slice(0, colon));
    if (namespace === undefined) return undeclared(this.#name);
    const fault = this.#checkPrefixed(root);
    if (fault !== undefined) return fault;
    this.#inStream = true;
    this.#output.streamStart({ root, namespace, declaredNamespaces: declared });
    return undefined;
  }

  /** Writes down the element's namespace where a reader of the element alone would not find it. */
  #makeExplicit(attrs: Record<string, string>, namespace: string, inherited: string): void {
    if (attrs.xmlns === namespace) return;
    if (namespace !== inherited) attrs.xmlns = namespace;
    else if (attrs.xmlns !== undefined) delete attrs.xmlns;
  }

  /** The namespace of a prefix. Costs at most maxDepth look-ups. */
  #resolve(from: Element, prefix: string): string | undefined {
    if (prefix === 'xml') return NS_XML;
    const name = `xmlns:${prefix}`;
    for (let element: Element | null = from; element !== null; element = element.parent) {
      if (Object.hasOwn(element.attrs, name)) return element.attrs[name];
    }
    return this.#outer.get(prefix);
  }

  /** Two attributes may not have one namespace and one name, whatever their prefixes (Namespaces in XML 1.0 §6.3). */
  #checkPrefixed(element: Element): XmlFault | undefined {
    const names = this.#prefixed;
    if (names.length === 0) return undefined;
    this.#prefixed = [];
    const seen = new Set<string>();
    for (const name of names) {
      const colon = name.indexOf(':');
      const prefix = name.slice(0, colon);
      const namespace = this.#resolve(element, prefix);
      if (namespace === undefined) return undeclared(name);
      this.#declareInside(element, prefix);
      const expanded = `${name.slice(colon + 1)} ${namespace}`;
      if (seen.has(expanded)) return notWellFormed(`found two attributes '${name}'`);
      seen.add(expanded);
    }
    return undefined;
  }

  /** Declares at the first-level element what only the stream header declares. */
  #declareInside(from: Element, prefix: string): void {
    const outer = this.#outer.get(prefix);
    if (outer === undefined || !this.#inStream) return;
    const name = `xmlns:${prefix}`;
    let element = from;
    while (!Object.hasOwn(element.attrs, name)) {
      if (element.parent === null) element.attrs[name] = outer;
      else element = element.parent;
    }
  }
}

/** Namespaces in XML 1.0 §2.2 and §3: what may not be declared. */
function checkDeclaration(prefix: string, namespace: string, isDefault: boolean): XmlFault | undefined {
  if (isDefault) {
    const reserved = namespace === NS_XML || namespace === NS_XMLNS;
    return reserved ? notWellFormed('found a reserved namespace as the default') : undefined;
  }
  if (namespace === '') return notWellFormed(`found an empty namespace for prefix '${prefix}'`);
  const fits = (prefix === 'xml') === (namespace === NS_XML) && prefix !== 'xmlns' && namespace !== NS_XMLNS;
  return fits ? undefined : notWellFormed(`found a wrong declaration of prefix '${prefix}'`);
}

function undeclared(name: string): XmlFault {
  return notWellFormed(`found '${name}', whose prefix is not declared`);
}
