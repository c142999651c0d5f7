/** The tables of mappings/, with the operator's files laid over them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.js';
import type { Config } from '../config/schema.js';
import { type AddressTables, loadAddressTables } from '../interwork/address/tables.js';
import { type ErrorTables, loadErrorTables, overrideErrorTables } from '../interwork/error/tables.js';
import { packageRoot } from './package-root.js';

export interface Mappings {
  readonly addresses: AddressTables;
  readonly errors: ErrorTables;
}

/** Reads the tables; the error has a line for each mistake, with file, line, key and remedy. */
export function loadMappings(overrides: Config['mappings']): Result<Mappings, string> {
  const addresses = layered(
    'addresses.yaml',
    overrides.addresses,
    (text, file) => loadAddressTables(text, file),
    (base, text, file) => loadAddressTables(text, file, base),
  );
  if (!addresses.ok) return addresses;
  const errors = layered('errors.yaml', overrides.errors, loadErrorTables, overrideErrorTables);
  if (!errors.ok) return errors;
  return ok({ addresses: addresses.value, errors: errors.value });
}

function layered<T>(
  name: string,
  override: string | undefined,
  load: (text: string, file: string) => Result<T, string>,
  overlay: (base: T, text: string, file: string) => Result<T, string>,
): Result<T, string> {
  const base = readText(join(packageRoot, 'mappings', name), `mappings/${name}`);
  if (!base.ok) return base;
  const loaded = load(base.value, `mappings/${name}`);
  if (!loaded.ok || override === undefined) return loaded;
  const text = readText(override, override);
  return text.ok ? overlay(loaded.value, text.value, override) : text;
}

function readText(path: string, name: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    return err(
      `${name}: cannot be read (${(error as NodeJS.ErrnoException).code}); correct mappings in the configuration`,
    );
  }
}
