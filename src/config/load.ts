/** From the text of a configuration file and the environment to a checked, frozen `Config`. */
import type { z } from 'zod';
import { deepFreeze, keyPath, mistakesOf, readYaml, type YamlText } from '../base/checked-yaml.js';
import { err, ok, type Result } from '../base/result.js';
import { applyEnvironment, variableName } from './environment.js';
import { checkMeaning } from './meaning.js';
import type { ConfigProblem } from './problem.js';
import { type Config, configSchema } from './schema.js';

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly ConfigProblem[];
}

interface Source {
  readonly file: string;
  readonly yaml: YamlText;
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
  const yaml = readYaml(text);
  if (!yaml.ok) return err(yaml.error.map((mistake) => ({ severity: 'error', file, key: '', ...mistake })));
  const raw = yaml.value.value;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    const remedy = 'start with a key such as "domains:"';
    return err([{ severity: 'error', file, line: 1, key: '', text: 'is not a YAML mapping', remedy }]);
  }
  const overlay = applyEnvironment(raw as Record<string, unknown>, environment);
  const source: Source = { file, yaml: yaml.value, fromEnvironment: overlay.set };
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

/** What an issue of the schema says, with what only this schema knows. */
function schemaProblems(issue: z.core.$ZodIssue, source: Source): ConfigProblem[] {
  return mistakesOf(issue).map(({ path, text, remedy }) => {
    if (issue.code === 'unrecognized_keys')
      return locate('error', path, text, unknownKeyRemedy(String(path.at(-1)), issue.path), source);
    if (issue.code === 'invalid_union')
      return locate('error', path, 'has none of the forms that are known', unionRemedy(path), source);
    return locate('error', path, text, remedy, source);
  });
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
  return { severity, file: source.file, line: source.yaml.lineOf(path), key, text, remedy };
}

function environmentKey(path: readonly PropertyKey[], set: ReadonlySet<string>): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    if (set.has(keyPath(part))) return variableName(part.map(String));
  }
  return undefined;
}
