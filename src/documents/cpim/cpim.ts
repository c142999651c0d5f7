/** Message/CPIM: an envelope of headers around any MIME content (RFC 3862). */
import { err, ok, type Result } from '../../base/result.js';
import { asBuffer, type MimeEntity, parseEntity } from '../mime/entity.js';
import { type CpimAddress, parseAddress, skipString, unescapeValue } from './header-value.js';

/** The namespace of the core headers, and of names without a prefix until an NS header says otherwise (RFC 3862 §3.4). */
export const CORE_NAMESPACE = 'urn:ietf:params:cpim-headers:';

/** The headers of RFC 3862 §4. */
const CORE_NAMES: ReadonlySet<string> = new Set(['From', 'To', 'cc', 'DateTime', 'Subject', 'NS', 'Require']);

export interface CpimHeader {
  /** Undefined when the prefix was not declared before (RFC 3862 §3.4). */
  readonly namespace: string | undefined;
  /** Without its prefix. Compared exactly, case included (RFC 3862 §2.2). */
  readonly name: string;
  /** With its prefix, as it stands in the message. */
  readonly written: string;
  /** In order, unquoted and unescaped. */
  readonly params: readonly (readonly [name: string, value: string])[];
  /** Still escaped. */
  readonly value: string;
}

/** The name of a header or feature in its namespace. */
export interface QualifiedName {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly written: string;
}

/** A subject, and the language that its sender stated. */
export interface CpimSubject {
  readonly text: string;
  readonly lang?: string;
}

export interface CpimOptions {
  /**
   * `strict` refuses all that RFC 3862 forbids. Default `lenient`: LF instead of CRLF, a missing space behind the colon,
   * white space at the end of a line, an empty line in front, and no empty line between CPIM and MIME headers (as RFC
   * 4975 §11.4 and RFC 5438 print it) are read for what they mean.
   */
  readonly reading?: 'strict' | 'lenient';
  /** Default 64. */
  readonly maxHeaders?: number;
  /** Octets of one header line; RFC 3862 §2.2 sets no limit. Default 8192. */
  readonly maxLineOctets?: number;
}

/** A parsed message, immutable. Headers keep their order and their spelling (RFC 3862 §2.2). */
export class CpimMessage {
  constructor(
    readonly headers: readonly CpimHeader[],
    /** The MIME content; it has at least a Content-Type. */
    readonly content: MimeEntity,
  ) {}

  /** The first header of that name and namespace. */
  header(name: string, namespace: string = CORE_NAMESPACE): CpimHeader | undefined {
    return this.headers.find((header) => header.name === name && header.namespace === namespace);
  }

  /** Who claims to be the sender: a claim only, whoever carried the message knows better. */
  get from(): CpimAddress | undefined {
    return this.#addresses('From')[0];
  }

  get to(): readonly CpimAddress[] {
    return this.#addresses('To');
  }

  get cc(): readonly CpimAddress[] {
    return this.#addresses('cc');
  }

  /** RFC 3339, as written. */
  get dateTime(): string | undefined {
    return this.header('DateTime')?.value;
  }

  get subjects(): readonly CpimSubject[] {
    return this.#all('Subject').map((header) => {
      const lang = header.params.find(([name]) => name === 'lang')?.[1];
      const text = unescapeValue(header.value);
      return lang === undefined ? { text } : { text, lang };
    });
  }

  /** What the receiver must know to understand the message (RFC 3862 §4.7). */
  get required(): readonly QualifiedName[] {
    const names: QualifiedName[] = [];
    const namespaces = new Namespaces();
    for (const header of this.headers) {
      if (header.namespace === CORE_NAMESPACE && header.name === 'NS') namespaces.declare(header.value);
      if (header.namespace !== CORE_NAMESPACE || header.name !== 'Require') continue;
      for (const item of header.value.split(',')) {
        const written = item.trim();
        if (written !== '') names.push(namespaces.resolve(written));
      }
    }
    return names;
  }

  /**
   * What Require names, as written, beyond the core headers and the namespaces in `understood`. When there is anything, the
   * message must not be taken as understood (RFC 3862 §3.5).
   */
  unsupported(understood: ReadonlySet<string> = new Set()): readonly string[] {
    return this.required
      .filter(({ namespace, name }) =>
        namespace === CORE_NAMESPACE ? !CORE_NAMES.has(name) : namespace === undefined || !understood.has(namespace),
      )
      .map(({ written }) => written);
  }

  /** Headers outside RFC 3862 and the namespaces in `understood`; they are ignored (RFC 3862 §2.2). */
  unknownHeaders(understood: ReadonlySet<string> = new Set()): readonly CpimHeader[] {
    return this.headers.filter(({ namespace, name }) =>
      namespace === CORE_NAMESPACE ? !CORE_NAMES.has(name) : namespace === undefined || !understood.has(namespace),
    );
  }

  #all(name: string): CpimHeader[] {
    return this.headers.filter((header) => header.name === name && header.namespace === CORE_NAMESPACE);
  }

  /** Addresses that cannot be read are left out. */
  #addresses(name: string): CpimAddress[] {
    return this.#all(name).flatMap((header) => {
      const address = parseAddress(header.value);
      return address.ok ? [address.value] : [];
    });
  }
}

/** Reads a message that fills `bytes`, the content of an entity of type Message/CPIM. */
export function parseCpim(bytes: Uint8Array, options: CpimOptions = {}): Result<CpimMessage, string> {
  const octets = asBuffer(bytes);
  const block = readHeaders(octets, options);
  if (!block.ok) return block;
  const content = parseEntity(octets.subarray(block.value.end));
  if (!content.ok) return content;
  // RFC 3862 §2.4: the content says at least what it is.
  if (content.value.field('content-type') === undefined) return err('the content has no Content-Type');
  return ok(new CpimMessage(block.value.headers, content.value));
}

/** Reads CPIM headers alone; `end` is where the content starts. */
export function readHeaders(
  octets: Buffer,
  options: CpimOptions = {},
): Result<{ headers: readonly CpimHeader[]; end: number }, string> {
  const lenient = options.reading !== 'strict';
  const maxHeaders = options.maxHeaders ?? 64;
  const maxLine = options.maxLineOctets ?? 8192;
  const headers: CpimHeader[] = [];
  const namespaces = new Namespaces();
  let pos = 0;
  // COMPAT: some take the line that ends the headers around the message for a part of it.
  if (lenient) pos = octets[0] === 0x0a ? 1 : octets[0] === 0x0d && octets[1] === 0x0a ? 2 : 0;
  for (;;) {
    const lineFeed = octets.indexOf(0x0a, pos);
    if (lineFeed < 0) return err('the CPIM headers never end');
    if (lineFeed - pos > maxLine) return err(`a CPIM header of more than ${maxLine} octets`);
    const carriageReturn = lineFeed > pos && octets[lineFeed - 1] === 0x0d;
    if (!carriageReturn && !lenient) return err('a CPIM header line ends without CR');
    const raw = octets.toString('utf8', pos, carriageReturn ? lineFeed - 1 : lineFeed);
    const line = lenient ? raw.trimEnd() : raw;
    if (line === '') return ok({ headers, end: lineFeed + 1 });
    // COMPAT: RFC 4975 §11.4 and RFC 5438 §7 print no empty line between CPIM and MIME headers, and phones copy that.
    if (lenient && /^content-type:/i.test(line)) return ok({ headers, end: pos });
    if (headers.length === maxHeaders) return err(`more than ${maxHeaders} CPIM headers`);
    const header = parseHeader(line, namespaces, lenient);
    if (!header.ok) return header;
    if (header.value.namespace === CORE_NAMESPACE && header.value.name === 'NS') namespaces.declare(header.value.value);
    headers.push(header.value);
    pos = lineFeed + 1;
  }
}

/** `Name:;param=value text` (RFC 3862 §3.6). */
function parseHeader(line: string, namespaces: Namespaces, lenient: boolean): Result<CpimHeader, string> {
  const colon = line.indexOf(':');
  const written = line.slice(0, Math.max(0, colon));
  if (!HEADER_NAME.test(written)) return err('found a CPIM header line without a name');
  let pos = colon + 1;
  const params: [string, string][] = [];
  while (line[pos] === ';') {
    const param = parseParameter(line, pos + 1);
    if (param === undefined) return err(`a parameter of the CPIM header ${written} is malformed`);
    params.push([param.name, param.value]);
    pos = param.end;
  }
  const spaced = line[pos] === ' ';
  const value = line.slice(spaced ? pos + 1 : pos);
  if (!lenient && !spaced) return err(`no space behind the colon of the CPIM header ${written}`);
  if (!lenient && value.trim() !== value) return err(`white space around the value of the CPIM header ${written}`);
  if (CONTROL.test(value)) return err(`a raw control character in the CPIM header ${written}`);
  return ok({ ...namespaces.resolve(written), params, value: lenient ? value.trimStart() : value });
}

/** `Name-prefix "." Name` of NAMECHARs (RFC 3862 §3.6). */
const HEADER_NAME = /^[!#$%&'*+\-^_`|~0-9A-Za-z]+(?:\.[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?$/;
const CONTROL = /[\u0000-\u001F\u007F]/;

function parseParameter(line: string, start: number): { name: string; value: string; end: number } | undefined {
  const equals = line.indexOf('=', start);
  if (equals <= start) return undefined;
  const name = line.slice(start, equals);
  if (!/^[\w!#$%&'*+\-.^`|~]+$/.test(name)) return undefined;
  if (line[equals + 1] === '"') {
    const end = skipString(line, equals + 1);
    return end < 0 ? undefined : { name, value: unescapeValue(line.slice(equals + 2, end - 1)), end };
  }
  let end = equals + 1;
  while (end < line.length && line[end] !== ';' && line[end] !== ' ') end++;
  return end === equals + 1 ? undefined : { name, value: line.slice(equals + 1, end), end };
}

/** Prefixes and what they stand for, as far as a message has declared them (RFC 3862 §3.4, §4.6). */
class Namespaces {
  readonly #declared = new Map<string, string>([['', CORE_NAMESPACE]]);

  /** `prefix <URI>`, or `<URI>` for names without a prefix. COMPAT: read without the space too, as the grammar has it. */
  declare(value: string): void {
    const parts = /^([^\s<>]*) *<([^<>]+)>$/.exec(value);
    if (parts !== null) this.#declared.set(parts[1] as string, parts[2] as string);
  }

  resolve(written: string): QualifiedName {
    const dot = written.indexOf('.');
    const prefix = dot < 0 ? '' : written.slice(0, dot);
    return { namespace: this.#declared.get(prefix), name: written.slice(dot + 1), written };
  }
}

/** The name of a header as a URN (RFC 3862 §7.2). */
export function headerUrn(name: string): string {
  return CORE_NAMESPACE + encodeURIComponent(name);
}
