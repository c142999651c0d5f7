/** The character tables of RFC 7247 §6.2 (`mappings/addresses.yaml`), compiled into look-up tables by octet. */
import { z } from 'zod';
import { err, ok, type Result } from '../../base/result.js';
import { type MappingFile, readMapping } from '../mapping/mapping-file.js';

/** How one octet is written in each place; `octets[n]` is 1 where octet n is written raw. */
export interface AddressTables {
  /** Userinfo of a `sip:` or `sips:` URI. */
  readonly sip: Uint8Array;
  /** Local part of an `im:` or `pres:` URI. */
  readonly im: Uint8Array;
  /** Value of the `gr` parameter. */
  readonly gr: Uint8Array;
  /** Localpart of a JID: RAW, ESCAPE or REFUSE for each ASCII octet. */
  readonly jid: Uint8Array;
  /** The XEP-0106 sequence of each octet that has one. */
  readonly escapes: readonly (string | undefined)[];
  /** By the two hex digits of a sequence, in lower case: what it stands for. */
  readonly sequences: ReadonlyMap<string, EscapeSequence>;
  /** The rows as they were read: what an override is laid over. */
  readonly source: unknown;
}

export interface EscapeSequence {
  readonly character: string;
  /** True: undone in every localpart (RFC 7247 §6.5 step 3). False: only where the gateway escaped it. */
  readonly always: boolean;
}

export const RAW = 0;
export const ESCAPE = 1;
export const REFUSE = 2;

const inUri = z.enum(['raw', 'encode']);
const columns = {
  sip: inUri,
  im: inUri,
  gr: inUri,
  jid: z.enum(['raw', 'escape', 'refuse']),
  escape: z.string().optional(),
  undo: z.enum(['always', 'sip-owned']).optional(),
  section: z.string().min(1),
  note: z.string().optional(),
};
const ascii = z.string().regex(/^[\0-\x7f]$/, 'is not one ASCII character; quote it, as in "#"');
const row = z
  .strictObject({ character: ascii.optional(), from: ascii.optional(), to: ascii.optional(), ...columns })
  .refine(
    (one) => (one.character === undefined) === (one.from !== undefined && one.to !== undefined),
    'names no octets; write "character", or both "from" and "to"',
  );
const file = z.strictObject({ characters: z.array(row) });
type Row = z.output<typeof row>;

const ALPHANUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UNRESERVED = `${ALPHANUM}-_.!~*'()`;
/** What the grammars allow raw at most; a table may only encode more. */
const RAW_AT_MOST: Readonly<Record<'sip' | 'im' | 'gr', ReadonlySet<string>>> = {
  sip: new Set(`${UNRESERVED}&=+$,;?/`), // user = 1*( unreserved / escaped / user-unreserved ), RFC 3261 §25.1
  im: new Set(`${UNRESERVED}!$&'*+=,;`), // RFC 3860 §3, RFC 3986 §2.2
  gr: new Set(`${UNRESERVED}[]/:&+$`), // paramchar, RFC 3261 §25.1
};

/** XEP-0106 §3.2, complete. The backslash is raw, and escaped only before a look-alike (XEP-0106 §4.1). */
const XEP_0106: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ' ': '\\20',
    '"': '\\22',
    '&': '\\26',
    "'": '\\27',
    '/': '\\2f',
    ':': '\\3a',
    '<': '\\3c',
    '>': '\\3e',
    '@': '\\40',
    '\\': '\\5c',
  }),
);

/**
 * Reads `mappings/addresses.yaml`, or an operator's file laid over `base`: rows of an override replace the rows of the
 * same octets, one character a row.
 * @returns the tables, or one line for each mistake with file, line, key and remedy.
 */
export function loadAddressTables(
  yamlText: string,
  fileName: string,
  base?: AddressTables,
): Result<AddressTables, string> {
  const read = readMapping(yamlText, fileName, file);
  if (!read.ok) return read;
  const rows = read.value.value.characters;
  const mistakes = rows.flatMap((one, index) => rowMistakes(one, index, read.value));
  const byOctet = new Map<number, Row>(base === undefined ? [] : (base.source as ReadonlyMap<number, Row>));
  const seen = new Set<number>();
  rows.forEach((one, index) => {
    for (const octet of octetsOf(one)) {
      if (seen.has(octet)) {
        mistakes.push(
          read.value.complaint(['characters', index], `${named(octet)} stands in two rows`, 'keep one of the two'),
        );
      }
      seen.add(octet);
      byOctet.set(octet, one);
    }
  });
  for (let octet = 0; octet < 0x80; octet++) {
    if (!byOctet.has(octet)) {
      mistakes.push(read.value.complaint(['characters'], `${named(octet)} has no row`, 'add a row for it'));
    }
  }
  return mistakes.length > 0 ? err(mistakes.join('\n')) : ok(compile(byOctet));
}

function compile(rows: ReadonlyMap<number, Row>): AddressTables {
  const tables = {
    sip: new Uint8Array(256),
    im: new Uint8Array(256),
    gr: new Uint8Array(256),
    jid: new Uint8Array(128),
    escapes: new Array<string | undefined>(128).fill(undefined),
    sequences: new Map<string, EscapeSequence>(),
    source: rows,
  };
  for (const [octet, one] of rows) {
    for (const place of ['sip', 'im', 'gr'] as const) tables[place][octet] = one[place] === 'raw' ? 1 : 0;
    tables.jid[octet] = one.jid === 'raw' ? RAW : one.jid === 'escape' ? ESCAPE : REFUSE;
    if (one.escape === undefined) continue;
    tables.escapes[octet] = one.escape;
    tables.sequences.set(one.escape.slice(1), {
      character: String.fromCharCode(octet),
      always: one.undo === 'always',
    });
  }
  return tables;
}

function rowMistakes(one: Row, index: number, read: MappingFile<unknown>): string[] {
  const mistakes: string[] = [];
  for (const octet of octetsOf(one)) {
    const character = String.fromCharCode(octet);
    for (const place of ['sip', 'im', 'gr'] as const) {
      if (one[place] === 'raw' && !RAW_AT_MOST[place].has(character)) {
        mistakes.push(
          read.complaint(['characters', index, place], `${named(octet)} cannot stand raw there`, 'write "encode"'),
        );
      }
    }
    const wanted = XEP_0106.get(character);
    const jid = octet < 0x20 || octet === 0x7f ? 'refuse' : wanted === undefined || octet === 0x5c ? 'raw' : 'escape';
    if (one.jid !== jid || one.escape !== wanted) {
      const right = wanted === undefined ? `jid: ${jid}` : `jid: ${jid}, escape: '${wanted}'`;
      mistakes.push(
        read.complaint(['characters', index, 'jid'], `${named(octet)} differs from XEP-0106 §3.2`, `write ${right}`),
      );
    }
    if ((one.undo !== undefined) !== (wanted !== undefined)) {
      mistakes.push(
        read.complaint(
          ['characters', index, 'undo'],
          wanted === undefined ? 'belongs to escaped characters alone' : 'is missing',
          wanted === undefined ? 'remove it' : 'write "always" or "sip-owned"',
        ),
      );
    }
  }
  return mistakes;
}

function octetsOf(one: Row): number[] {
  const first = (one.character ?? one.from ?? '').charCodeAt(0);
  const last = (one.character ?? one.to ?? '').charCodeAt(0);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

function named(octet: number): string {
  const hex = octet.toString(16).toUpperCase().padStart(2, '0');
  return octet > 0x20 && octet < 0x7f ? `"${String.fromCharCode(octet)}" (${hex})` : `octet ${hex}`;
}
