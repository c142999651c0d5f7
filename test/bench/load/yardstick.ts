/** MESSAGE requests over UDP to a script that answers them, above all to the bare socket that other costs are compared with. */
import { DURATION_MS, WARM_UP_MS, WINDOW } from './bench-options.js';
import { Load, type LoadResult } from './load.js';
import { cpuMs } from './process-cost.js';
import { startScript } from './script-process.js';
import { SipSource } from './sip-source.js';

/** Loads `script` of this folder as fast as it goes. */
export async function measureAnswers(
  script: 'bare-socket' | 'sip-engine',
  { warmUpMs, durationMs }: { warmUpMs: number; durationMs: number } = {
    warmUpMs: WARM_UP_MS,
    durationMs: DURATION_MS,
  },
): Promise<LoadResult> {
  const server = await startScript(script);
  const load = new Load({
    window: WINDOW,
    warmUpMs,
    durationMs,
    cpuMs: () => cpuMs(server.pid),
  });
  const source = await SipSource.open(load, {
    port: server.port,
    window: WINDOW,
    senders: 100,
    fromDomain: 'example.net',
    to: 'juliet@example.com',
  });
  source.onSuccess = (number) => load.arrived(number);
  const result = await load.run(source);
  await server.stop();
  return result;
}

/**
 * CPU time for one message of a bare socket: the median of three short runs. It is to be measured beside what it is compared
 * with, for machines vary by the minute.
 */
export async function bareSocketMs(): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < 3; run++) {
    runs.push((await measureAnswers('bare-socket', { warmUpMs: 500, durationMs: 1500 })).cpuMsPerMessage);
  }
  return runs.sort((one, other) => one - other)[1] as number;
}
