import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { buildCpim } from '../../src/documents/cpim/build.js';
import {
  CORE_NAMESPACE,
  type CpimHeader,
  CpimMessage,
  type CpimOptions,
  headerUrn,
  parseCpim,
  readHeaders,
} from '../../src/documents/cpim/cpim.js';
import { escapeValue, parseAddress, unescapeValue } from '../../src/documents/cpim/header-value.js';
import { MimeEntity, parseEntity } from '../../src/documents/mime/entity.js';
import { splitMultipart } from '../../src/documents/mime/multipart.js';
import { readContent } from '../../src/interwork/message/content.js';
import { MediaType } from '../../src/sip/message/media-type.js';
import { packagePath } from '../support/package-path.js';

interface Address {
  readonly formalName?: string | null;
  readonly uri: string;
}

interface Parsed {
  readonly headers?: readonly (Address & {
    ns: string;
    name: string;
    value?: string;
    params?: Record<string, string>;
  })[];
  readonly effectiveHeader?: { readonly ns: string; readonly name: string; readonly value: string };
  readonly count?: Readonly<Record<string, number>>;
  readonly require?: readonly { readonly ns: string; readonly name: string }[];
  readonly extension?: readonly { readonly ns: string; readonly name: string; readonly value: string }[];
  readonly from?: Address | null;
  readonly to?: readonly Address[];
  readonly cc?: readonly Address[];
  readonly dateTime?: string;
  readonly subjects?: readonly { readonly lang: string | null; readonly text: string }[];
  readonly content?: {
    readonly type?: string;
    readonly charset?: string;
    readonly contentId?: string;
    readonly body: string;
  };
  readonly unknownHeaders?: readonly string[];
  readonly unsupported?: readonly string[];
  readonly contentType?: string;
  readonly charset?: string;
  readonly contentId?: string;
  readonly body?: string;
  readonly parts?: readonly string[];
  readonly urns?: readonly string[];
  readonly written?: readonly string[];
  readonly read?: readonly string[];
}

interface Vector {
  readonly id: string;
  readonly title: string;
  readonly input: {
    readonly text?: string;
    readonly headers?: string;
    readonly mime?: string;
    readonly contentType?: string;
    readonly headerNames?: readonly string[];
    readonly values?: readonly string[];
  };
  readonly parsed?: Parsed;
  readonly reject?: 'strict';
}

const ALL = (
  JSON.parse(readFileSync(packagePath('test/conformance/vectors/cpim.json'), 'utf8')) as { vectors: Vector[] }
).vectors;
/** The vectors of the format itself; those of typing and of IMDN belong to later behaviours. */
const VECTORS = ALL.filter(({ id }) => id.startsWith('3862-') || id.startsWith('cpim-d'));

const run = new Set<string>();

function vectors(fits: (vector: Vector) => boolean, test: (vector: Vector, parsed: Parsed) => void): void {
  for (const vector of VECTORS.filter((one) => !run.has(one.id) && fits(one))) {
    run.add(vector.id);
    it(`${vector.id}: ${vector.title}`, () => test(vector, vector.parsed ?? {}));
  }
}

function headersOf(text: string): readonly CpimHeader[] {
  const read = readHeaders(Buffer.from(`${text}\r\n`), { reading: 'strict' });
  assert.ok(read.ok, read.ok ? '' : read.error);
  return read.value.headers;
}

function message(text: string, options?: CpimOptions): CpimMessage {
  const parsed = parseCpim(Buffer.from(text), options);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

function checkAddress(actual: Address | undefined, wanted: Address | null): void {
  if (wanted === null) {
    assert.equal(actual, undefined);
    return;
  }
  assert.equal(actual?.uri, wanted.uri);
  if (wanted.formalName !== undefined) assert.equal(actual?.formalName ?? null, wanted.formalName);
}

function checkContent(entity: MimeEntity, wanted: NonNullable<Parsed['content']>): void {
  const type = MediaType.parse(entity.field('content-type') ?? '');
  assert.ok(type.ok);
  if (wanted.type !== undefined) assert.equal(type.value.essence, wanted.type);
  if (wanted.charset !== undefined) assert.equal(type.value.param('charset'), wanted.charset);
  if (wanted.contentId !== undefined) assert.equal(entity.field('content-id'), wanted.contentId);
  assert.equal(Buffer.from(entity.content).toString(), wanted.body);
}

function checkHeaders(headers: readonly CpimHeader[], parsed: Parsed): void {
  for (const [index, wanted] of (parsed.headers ?? []).entries()) {
    const header = headers[index] as CpimHeader;
    assert.equal(header.namespace, wanted.ns);
    assert.equal(header.name, wanted.name);
    if (wanted.value !== undefined) assert.equal(header.value, wanted.value);
    if (wanted.params !== undefined) assert.deepEqual(Object.fromEntries(header.params), wanted.params);
    if (wanted.uri === undefined) continue;
    const address = parseAddress(header.value);
    assert.ok(address.ok);
    checkAddress(address.value, wanted);
  }
  for (const { ns, name, value } of [...(parsed.extension ?? []), ...[parsed.effectiveHeader ?? []].flat()]) {
    assert.equal(headers.find((header) => header.namespace === ns && header.name === name)?.value, value);
  }
  for (const [name, count] of Object.entries(parsed.count ?? {})) {
    assert.equal(headers.filter((header) => header.namespace === CORE_NAMESPACE && header.name === name).length, count);
  }
}

function checkMessage(read: CpimMessage, parsed: Parsed): void {
  checkHeaders(read.headers, parsed);
  if (parsed.from !== undefined) checkAddress(read.from, parsed.from);
  for (const [index, wanted] of (parsed.to ?? []).entries()) checkAddress(read.to[index], wanted);
  if (parsed.cc !== undefined) assert.equal(read.cc.length, parsed.cc.length);
  if (parsed.dateTime !== undefined) assert.equal(read.dateTime, parsed.dateTime);
  if (parsed.subjects !== undefined) {
    assert.deepEqual(
      read.subjects.map(({ lang, text }) => ({ lang: lang ?? null, text })),
      parsed.subjects,
    );
  }
  if (parsed.require !== undefined) {
    assert.deepEqual(
      read.required.map(({ namespace, name }) => ({ ns: namespace, name })),
      parsed.require,
    );
  }
  if (parsed.unknownHeaders !== undefined) {
    assert.deepEqual(
      read.unknownHeaders().map(({ written }) => written),
      parsed.unknownHeaders,
    );
  }
  if (parsed.unsupported !== undefined) assert.deepEqual(read.unsupported(), parsed.unsupported);
  if (parsed.content !== undefined) checkContent(read.content, parsed.content);
}

/** What goes out for a message that was read: the parts that this gateway writes. */
function rebuilt(read: CpimMessage): CpimMessage | undefined {
  if (read.from === undefined) return undefined;
  const { from, to, cc, dateTime, subjects, content } = read;
  const octets = buildCpim({
    from,
    to,
    cc,
    subjects,
    fields: content.fields,
    content: content.content,
    ...(dateTime === undefined ? {} : { dateTime }),
  });
  return message(Buffer.from(octets).toString(), { reading: 'strict' });
}

describe('Message/CPIM vectors (RFC 3862)', () => {
  vectors(
    ({ input }) => input.mime !== undefined,
    ({ input }, parsed) => {
      const entity = parseEntity(Buffer.from(input.mime as string));
      assert.ok(entity.ok);
      checkContent(entity.value, { ...parsed, type: parsed.contentType as string, body: parsed.body as string });
    },
  );

  vectors(
    ({ id }) => id === '3862-5.2',
    ({ input }, parsed) => {
      const type = MediaType.parse(input.contentType as string);
      assert.ok(type.ok);
      const parts = splitMultipart(Buffer.from(input.text as string), type.value.param('boundary') ?? '');
      assert.ok(parts.ok);
      assert.deepEqual(
        parts.value.map((part) => part.field('content-type')),
        parsed.parts,
      );
      assert.equal(
        message(Buffer.from(parts.value[0]?.content as Uint8Array).toString()).to[0]?.formalName,
        'Dopey Donkey',
      );
    },
  );

  vectors(
    ({ input }) => input.headerNames !== undefined,
    ({ input }, parsed) => assert.deepEqual(input.headerNames?.map(headerUrn), parsed.urns),
  );

  vectors(
    ({ parsed }) => parsed?.written !== undefined,
    ({ input }, parsed) => assert.deepEqual(input.values?.map(escapeValue), parsed.written),
  );

  vectors(
    ({ parsed }) => parsed?.read !== undefined,
    ({ input }, parsed) => assert.deepEqual(input.values?.map(unescapeValue), parsed.read),
  );

  vectors(
    ({ input }) => input.headers !== undefined,
    ({ input }, parsed) => {
      const headers = headersOf(input.headers as string);
      checkHeaders(headers, parsed);
      const whole = new CpimMessage(headers, new MimeEntity([], Buffer.alloc(0)));
      checkMessage(whole, { ...parsed });
    },
  );

  vectors(
    ({ reject }) => reject === 'strict',
    ({ id, input }) => {
      assert.equal(parseCpim(Buffer.from(input.text as string), { reading: 'strict' }).ok, false);
      // What a missing space means is clear; what a folded line or a missing MIME header means is not.
      assert.equal(parseCpim(Buffer.from(input.text as string)).ok, id === 'cpim-d04');
    },
  );

  vectors(
    ({ input }) => input.text !== undefined,
    ({ input }, parsed) => {
      const read = message(input.text as string);
      checkMessage(read, parsed);
      const again = rebuilt(read);
      if (again === undefined) return;
      assert.deepEqual(again.from, read.from);
      assert.deepEqual(again.to, read.to);
      assert.deepEqual(again.subjects, read.subjects);
      assert.deepEqual(Buffer.from(again.content.content), Buffer.from(read.content.content));
    },
  );

  it('every vector of the format ran', () => {
    assert.deepEqual(
      VECTORS.map(({ id }) => id).filter((id) => !run.has(id)),
      [],
    );
  });

  it('cpim-d12: what requires something unknown is refused with 415', () => {
    const text = VECTORS.find(({ id }) => id === 'cpim-d12')?.input.text as string;
    const type = new MediaType('message', 'cpim');
    const read = readContent({ contentType: type, contentLanguage: undefined, bytes: Buffer.from(text) });
    assert.equal(read.ok, false);
    assert.equal(read.ok ? 0 : read.error.status, 415);
  });
});
