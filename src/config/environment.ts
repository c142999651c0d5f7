/** `VERONA_…` variables: each key of the configuration contract has a name of its own in the environment. */
import { parse } from 'yaml';
import { z } from 'zod';
import { keyPath } from '../base/checked-yaml.js';
import type { ConfigProblem } from './problem.js';
import { configSchema } from './schema.js';

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

/** A key that the environment can set. */
interface Variable {
  readonly path: readonly string[];
  readonly type: string | undefined;
}

let known: ReadonlyMap<string, Variable> | undefined;

/** `sip.outboundProxy` as `VERONA_SIP_OUTBOUND_PROXY`. */
export function variableName(path: readonly string[]): string {
  return `VERONA_${path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('_')}`;
}

/** Every variable by name, leaves and groups alike. */
export function variables(): ReadonlyMap<string, Variable> {
  if (known === undefined) {
    const found = new Map<string, Variable>();
    collect(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, [], found);
    known = found;
  }
  return known;
}

function collect(schema: JsonSchema, path: readonly string[], found: Map<string, Variable>): void {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const childPath = [...path, key];
    found.set(variableName(childPath), { path: childPath, type: child.type });
    collect(child, childPath, found);
  }
}

/**
 * Lays the `VERONA_…` variables of `environment` over `raw`, a parsed configuration file, in place. Text goes in as it is;
 * numbers, booleans, lists and groups are read as YAML, a list also as comma-separated text.
 * Returns the keys that were set, and a warning for each `VERONA_…` variable that names no key.
 */
export function applyEnvironment(
  raw: Record<string, unknown>,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly set: ReadonlySet<string>; readonly problems: readonly ConfigProblem[] } {
  const set = new Set<string>();
  const problems: ConfigProblem[] = [];
  const names = Object.keys(environment).filter((name) => name.startsWith('VERONA_'));
  // shorter names first, so that a group is set before a key inside it
  for (const name of names.sort((a, b) => a.length - b.length)) {
    const text = environment[name];
    if (text === undefined) continue;
    const variable = variables().get(name);
    if (variable === undefined) {
      // other software sets such names too (a cluster's service discovery), so this does not stop a start
      problems.push({
        severity: 'warning',
        file: 'environment',
        key: name,
        text: 'names no configuration key',
        remedy: 'it is ignored; see config/verona.schema.json for the keys',
      });
      continue;
    }
    assign(raw, variable.path, readValue(text, variable.type));
    set.add(keyPath(variable.path));
  }
  return { set, problems };
}

function readValue(text: string, type: string | undefined): unknown {
  if (type === 'string') return text;
  if (type === 'array' && !/^\s*[[\n-]/.test(text)) return text.split(',').map((part) => part.trim());
  try {
    return parse(text);
  } catch {
    return text; // the schema says what was expected
  }
}

function assign(raw: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = raw;
  for (const part of path.slice(0, -1)) {
    const next = place[part];
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) {
      place = next as Record<string, unknown>;
    } else {
      const made: Record<string, unknown> = {};
      place[part] = made;
      place = made;
    }
  }
  place[path.at(-1) as string] = value;
}
