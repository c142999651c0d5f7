/** How long and how hard the gateway is driven, from the environment. */
import { packagePath } from '../../support/package-path.js';

/** A whole number above zero of the environment. */
export function option(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new Error(`${name}=${text}: a whole number above zero is expected`);
  return value;
}

/** Messages under way at most. */
export const WINDOW = option('BENCH_WINDOW', 200);
export const WARM_UP_MS = option('BENCH_WARM_UP_MS', 1500);
export const DURATION_MS = option('BENCH_DURATION_MS', 4000);
/** The steady rate at which latency is measured, in messages a second. */
export const LATENCY_RATE = option('BENCH_LATENCY_RATE', 1000);
/** XMPP sessions, SIP bindings and transactions whose memory is measured. */
export const COUNT = option('BENCH_COUNT', 1000);

/**
 * How Node runs a process under test: with BENCH_PROFILE=1 it leaves a CPU profile in bench-results/profiles, and
 * BENCH_NODE_OPTIONS holds further options, separated by spaces.
 */
export function nodeArguments(name: string): readonly string[] {
  const options = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? [];
  if (process.env.BENCH_PROFILE !== '1') return options;
  return [
    ...options,
    '--cpu-prof',
    `--cpu-prof-dir=${packagePath('bench-results/profiles')}`,
    `--cpu-prof-name=${name}.cpuprofile`,
  ];
}
