/** YAML text that people write, checked against a schema: where each key stands, and each mistake with its remedy. */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { err, ok, type Result } from './result.js';

export type KeyPath = readonly PropertyKey[];

/** What is wrong at a key, and what to do. */
export interface Mistake {
  readonly path: KeyPath;
  readonly text: string;
  readonly remedy: string;
}

/** What is wrong before there are keys. */
export interface SyntaxMistake {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly remedy: string;
}

export interface YamlText {
  /** Plain data; an empty text is an empty mapping. */
  readonly value: unknown;
  /** The line, from 1, of the deepest part of `path` that stands in the text. */
  lineOf(path: KeyPath): number;
}

/** Reads YAML; duplicate keys are mistakes. */
export function readYaml(text: string): Result<YamlText, readonly SyntaxMistake[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) return err(document.errors.map((error) => syntaxMistake(error, lines)));
  return ok({ value: document.toJS() ?? {}, lineOf: (path) => lineOf(path, document, lines) });
}

/** What an issue of the schema says to people. A message of the schema's own reads `what is wrong; what to do`. */
export function mistakesOf(issue: z.core.$ZodIssue): readonly Mistake[] {
  const mistake = (text: string, remedy: string): readonly Mistake[] => [{ path: issue.path, text, remedy }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        text: 'is not a known key',
        remedy: 'remove it, or correct its spelling',
      }));
    case 'invalid_key':
      return mistake('is not a known key', `write ${issue.issues[0]?.message ?? 'a known one'}`);
    case 'invalid_type':
      return issue.input === undefined
        ? mistake('is missing', `add it: ${nameOfKind(issue.expected)}`)
        : mistake(`is ${kindOf(issue.input)}`, `write ${nameOfKind(issue.expected)}`);
    case 'invalid_value':
      return mistake(`${shown(issue.input)} is not known`, `write one of: ${issue.values.map(String).join(', ')}`);
    case 'too_small':
      return mistake(`${shown(issue.input)} is too small`, `the least is ${issue.minimum}`);
    case 'too_big':
      return mistake(`${shown(issue.input)} is too large`, `the most is ${issue.maximum}`);
    default: {
      const [text, remedy] = issue.message.split('; ', 2);
      return mistake(text ?? issue.message, remedy ?? 'correct it');
    }
  }
}

/** `['sip', 'listen', 0]` as `sip.listen[0]`. */
export function keyPath(path: KeyPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** `value`, which nobody can change from here on. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

function syntaxMistake(error: Document['errors'][number], lines: LineCounter): SyntaxMistake {
  return {
    line: lines.linePos(error.pos[0]).line,
    text: `is not valid YAML: ${error.message}`,
    remedy: error.code === 'DUPLICATE_KEY' ? 'keep one of the two' : 'check indentation, quotes and colons there',
  };
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

function nameOfKind(kind: string): string {
  return KINDS[kind] ?? kind;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  return nameOfKind(Array.isArray(value) ? 'array' : typeof value);
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : kindOf(value);
}

function lineOf(path: KeyPath, document: Document, lines: LineCounter): number {
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
