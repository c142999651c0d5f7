/**
 * `npm run bench`: runs every `*.bench` file beside this one (or those whose names contain an argument), prints a table and
 * writes bench-results/bench.json. It measures; it never decides a test.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packagePath } from '../support/package-path.js';
import type { BenchResult } from './bench-result.js';

const folder = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);

function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

function row(result: BenchResult): string {
  const detail = Object.entries(result.detail ?? {})
    .map(([name, value]) => `${name} ${format(value)}`)
    .join(', ');
  return `  ${result.name.padEnd(58)} ${format(result.value).padStart(12)} ${result.unit.padEnd(14)} ${detail}`;
}

const files = readdirSync(folder)
  .filter((name) => /\.bench\.[jt]s$/.test(name))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
  .sort();
const results: BenchResult[] = [];
for (const file of files) {
  process.stdout.write(`\n${file.replace(/\.bench\.[jt]s$/, '')}\n`);
  const bench = (await import(pathToFileURL(join(folder, file)).href)) as { run(): Promise<BenchResult[]> };
  for (const result of await bench.run()) {
    results.push(result);
    process.stdout.write(`${row(result)}\n`);
  }
}

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  results,
};
mkdirSync(packagePath('bench-results'), { recursive: true });
writeFileSync(packagePath('bench-results/bench.json'), `${JSON.stringify(report, null, 2)}\n`);
process.stdout.write(`\n${results.length} figures, also in bench-results/bench.json\n`);
process.exit(0);
