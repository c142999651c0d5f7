/** Reading a table of `mappings/`: YAML text checked against a schema, each mistake told with file, line, key and remedy. */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { err, ok, type Result } from '../../base/result.js';

type Path = readonly PropertyKey[];

/** A table that was read, and where its keys stand. */
export interface MappingFile<T> {
  readonly value: T;
  /** One line `FILE:LINE: KEY: what is wrong; what to do` about the key at `path`. */
  complaint(path: Path, text: string, remedy: string): string;
}

/**
 * Reads `yamlText` and checks it against `schema`; `fileName` is for messages alone. The error holds one line for each mistake.
 */
export function readMapping<S extends z.ZodType>(
  yamlText: string,
  fileName: string,
  schema: S,
): Result<MappingFile<z.output<S>>, string> {
  const lines = new LineCounter();
  const document = parseDocument(yamlText, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return err(document.errors.map((error) => syntaxComplaint(error, fileName, lines)).join('\n'));
  }
  const complaint = (path: Path, text: string, remedy: string): string =>
    `${fileName}:${lineOf(path, document, lines)}: ${path.length === 0 ? '' : `${keyPath(path)}: `}${text}; ${remedy}`;
  const parsed = schema.safeParse(document.toJS() ?? {}, { reportInput: true });
  if (parsed.success) return ok({ value: parsed.data, complaint });
  return err(parsed.error.issues.flatMap((issue) => schemaComplaints(issue, complaint)).join('\n'));
}

/** `overlay` laid over `base`, key by key at every depth; a list replaces the whole list. Both are plain data. */
export function overlaid(base: unknown, overlay: unknown): unknown {
  if (overlay === undefined) return base;
  if (!isPlainMap(base) || !isPlainMap(overlay)) return overlay;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overlay)) merged[key] = overlaid(base[key], value);
  return merged;
}

/** `value`, which nobody can change from here on. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function syntaxComplaint(error: Document['errors'][number], fileName: string, lines: LineCounter): string {
  const remedy = error.code === 'DUPLICATE_KEY' ? 'keep one of the two' : 'check indentation, quotes and colons there';
  return `${fileName}:${lines.linePos(error.pos[0]).line}: is not valid YAML: ${error.message}; ${remedy}`;
}

function schemaComplaints(issue: z.core.$ZodIssue, complaint: MappingFile<unknown>['complaint']): string[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        complaint([...issue.path, key], 'is not a known key', 'remove it, or correct its spelling'),
      );
    case 'invalid_key':
      return [complaint(issue.path, 'is not a known key', `write ${issue.issues[0]?.message ?? 'a known one'}`)];
    case 'invalid_type':
      return issue.input === undefined
        ? [complaint(issue.path, 'is missing', `add it: ${KINDS[issue.expected] ?? issue.expected}`)]
        : [complaint(issue.path, `is ${kindOf(issue.input)}`, `write ${KINDS[issue.expected] ?? issue.expected}`)];
    case 'invalid_value':
      return [
        complaint(
          issue.path,
          `${shown(issue.input)} is not known`,
          `write one of: ${issue.values.map(String).join(', ')}`,
        ),
      ];
    case 'too_small':
      return [complaint(issue.path, `${shown(issue.input)} is too small`, `the least is ${issue.minimum}`)];
    case 'too_big':
      return [complaint(issue.path, `${shown(issue.input)} is too large`, `the most is ${issue.maximum}`)];
    default: {
      const [text, remedy] = issue.message.split('; ', 2);
      return [complaint(issue.path, text ?? issue.message, remedy ?? 'correct it')];
    }
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  return KINDS[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : kindOf(value);
}

/** `['conditions', 'gone', 'status']` as `conditions.gone.status`. */
function keyPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** The line of the deepest part of `path` that stands in the file. */
function lineOf(path: Path, document: Document, lines: LineCounter): number {
  let start = 0;
  let node: unknown = document.contents;
  for (const part of path) {
    const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === String(part)) : undefined;
    const next = pair?.value ?? (isSeq(node) ? node.items[Number(part)] : undefined);
    const place = (pair?.key ?? next) as { range?: readonly number[] } | undefined;
    if (place?.range?.[0] === undefined) break;
    start = place.range[0];
    node = next;
  }
  return lines.linePos(start).line;
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}
