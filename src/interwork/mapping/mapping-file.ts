/** Reading a table of `mappings/`: YAML text checked against a schema, each mistake told with file, line, key and remedy. */
import type { z } from 'zod';
import { type KeyPath, keyPath, mistakesOf, readYaml } from '../../base/checked-yaml.js';
import { err, ok, type Result } from '../../base/result.js';

/** A table that was read, and where its keys stand. */
export interface MappingFile<T> {
  readonly value: T;
  /** One line `FILE:LINE: KEY: what is wrong; what to do` about the key at `path`. */
  complaint(path: KeyPath, text: string, remedy: string): string;
}

/**
 * Reads `yamlText` and checks it against `schema`; `fileName` is for messages alone. The error holds one line for each mistake.
 */
export function readMapping<S extends z.ZodType>(
  yamlText: string,
  fileName: string,
  schema: S,
): Result<MappingFile<z.output<S>>, string> {
  const yaml = readYaml(yamlText);
  if (!yaml.ok)
    return err(yaml.error.map(({ line, text, remedy }) => `${fileName}:${line}: ${text}; ${remedy}`).join('\n'));
  const complaint = (path: KeyPath, text: string, remedy: string): string =>
    `${fileName}:${yaml.value.lineOf(path)}: ${path.length === 0 ? '' : `${keyPath(path)}: `}${text}; ${remedy}`;
  const parsed = schema.safeParse(yaml.value.value, { reportInput: true });
  if (parsed.success) return ok({ value: parsed.data, complaint });
  const mistakes = parsed.error.issues.flatMap(mistakesOf);
  return err(mistakes.map(({ path, text, remedy }) => complaint(path, text, remedy)).join('\n'));
}

/** `overlay` laid over `base`, key by key at every depth; a list replaces the whole list. Both are plain data. */
export function overlaid(base: unknown, overlay: unknown): unknown {
  if (overlay === undefined) return base;
  if (!isPlainMap(base) || !isPlainMap(overlay)) return overlay;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overlay)) merged[key] = overlaid(base[key], value);
  return merged;
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
