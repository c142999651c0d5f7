/** From the text of a configuration file and the environment to a checked, frozen `Config`. */
import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { err, ok, type Result } from '../base/result.js';
import { applyEnvironment, variableName } from './environment.js';
import { checkMeaning } from './meaning.js';
import { type ConfigProblem, keyPath } from './problem.js';
import { type Config, configSchema } from './schema.js';

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly ConfigProblem[];
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly fromEnvironment: ReadonlySet<string>;
}

/**
 * Reads a configuration: YAML `text` of `file` (a name for messages), overridden by `environment`.
 * Fails with every mistake at once, each with file, line, key and remedy.
 */
export function loadConfig(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Result<LoadedConfig, readonly ConfigProblem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) return err(document.errors.map((error) => yamlProblem(error, file, lines)));
  const raw = document.toJS() ?? {};
  if (typeof raw !== 'object' || Array.isArray(raw)) {
    return err([
      {
        severity: 'error',
        file,
        line: 1,
        key: '',
        text: 'is not a YAML mapping',
        remedy: 'start with a key such as "domains:"',
      },
    ]);
  }
  const overlay = applyEnvironment(raw as Record<string, unknown>, environment);
  const source: Source = { file, document, lines, fromEnvironment: overlay.set };
  const parsed = configSchema.safeParse(raw, { reportInput: true });
  if (!parsed.success)
    return err([...parsed.error.issues.flatMap((issue) => schemaProblems(issue, source)), ...overlay.problems]);
  const config = deepFreeze(parsed.data);
  const found = checkMeaning(config).map((problem) =>
    locate(problem.severity, problem.path, problem.text, problem.remedy, source),
  );
  if (found.some((problem) => problem.severity === 'error')) return err([...found, ...overlay.problems]);
  return ok({ config, warnings: [...found, ...overlay.problems] });
}

function yamlProblem(error: Document['errors'][number], file: string, lines: LineCounter): ConfigProblem {
  return {
    severity: 'error',
    file,
    line: lines.linePos(error.pos[0]).line,
    key: '',
    text: `is not valid YAML: ${error.message}`,
    remedy: error.code === 'DUPLICATE_KEY' ? 'keep one of the two' : 'check indentation, quotes and colons there',
  };
}

function schemaProblems(issue: z.core.$ZodIssue, source: Source): ConfigProblem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        locate('error', [...issue.path, key], 'is not a known key', unknownKeyRemedy(key, issue.path), source),
      );
    case 'invalid_type':
      return [
        issue.input === undefined
          ? locate('error', issue.path, 'is missing', `add it: it is ${article(issue.expected)}`, source)
          : locate(
              'error',
              issue.path,
              `is ${article(kindOf(issue.input))}`,
              `write ${article(issue.expected)}`,
              source,
            ),
      ];
    case 'invalid_value':
      return [
        locate(
          'error',
          issue.path,
          'has a value that is not known',
          `write one of: ${issue.values.join(', ')}`,
          source,
        ),
      ];
    case 'too_small':
      return [locate('error', issue.path, 'is too small', `the least is ${issue.minimum}`, source)];
    case 'too_big':
      return [locate('error', issue.path, 'is too large', `the most is ${issue.maximum}`, source)];
    case 'invalid_union':
      return [locate('error', issue.path, 'has none of the forms that are known', unionRemedy(issue.path), source)];
    default: {
      const [text, remedy] = issue.message.split(': ', 2);
      return [locate('error', issue.path, text ?? issue.message, remedy ?? 'correct it', source)];
    }
  }
}

function unionRemedy(path: readonly PropertyKey[]): string {
  if (path[0] === 'users') return 'write { jid: user@domain, password: … } or { aor: "sip:user@domain", password: … }';
  if (path[0] === 'messages') return 'write 200 or 202';
  return 'write "*" or a list of domains';
}

function unknownKeyRemedy(key: string, path: readonly PropertyKey[]): string {
  const near = siblings(path)
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined && near.distance <= Math.max(2, key.length / 3)) return `did you mean "${near.name}"?`;
  const names = siblings(path);
  return names.length === 0 ? 'remove it' : `remove it; known here: ${names.join(', ')}`;
}

function siblings(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const part of path) schema = shapeOf(schema)?.[String(part)];
  return Object.keys(shapeOf(schema) ?? {});
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let inner = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown } } | undefined;
  while (inner !== undefined && inner.shape === undefined) inner = inner.def?.innerType as typeof inner;
  return inner?.shape;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function locate(
  severity: ConfigProblem['severity'],
  path: readonly PropertyKey[],
  text: string,
  remedy: string,
  source: Source,
): ConfigProblem {
  const key = keyPath(path);
  const variable = environmentKey(path, source.fromEnvironment);
  if (variable !== undefined) return { severity, file: 'environment', key: `${variable} (${key})`, text, remedy };
  return { severity, file: source.file, line: lineOf(path, source), key, text, remedy };
}

function environmentKey(path: readonly PropertyKey[], set: ReadonlySet<string>): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    if (set.has(keyPath(part))) return variableName(part.map(String));
  }
  return undefined;
}

/** The line of the deepest part of `path` that stands in the file. */
function lineOf(path: readonly PropertyKey[], source: Source): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? source.document.contents : source.document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => String(item.key) === String(last));
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
      if (range) return source.lines.linePos(range[0]).line;
    } else {
      const node = source.document.getIn(path.slice(0, length), true) as
        | { range?: [number, number, number] }
        | undefined;
      if (node?.range) return source.lines.linePos(node.range[0]).line;
    }
  }
  return 1;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  return Array.isArray(value) ? 'array' : typeof value;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  empty: 'empty',
};

function article(kind: string): string {
  return KINDS[kind] ?? kind;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
