/** What SIP alone costs: MESSAGE requests over UDP that are answered 200 at once, beside a bare socket that does the same. */
import type { BenchResult } from './bench-result.js';
import { DURATION_MS, WARM_UP_MS, WINDOW } from './load/bench-options.js';
import { Load, type LoadResult } from './load/load.js';
import { cpuMs } from './load/process-cost.js';
import { startScript } from './load/script-process.js';
import { SipSource } from './load/sip-source.js';

export async function run(): Promise<BenchResult[]> {
  const bare = await measure('bare-socket');
  const engine = await measure('sip-engine');
  return [
    throughput('bare UDP socket that answers MESSAGE', bare),
    throughput('embedded SIP engine that answers MESSAGE', engine),
    {
      name: 'embedded SIP engine: CPU beside the bare socket',
      unit: 'times',
      value: engine.cpuMsPerMessage / bare.cpuMsPerMessage,
      higherIsBetter: false,
    },
  ];
}

async function measure(script: string): Promise<LoadResult> {
  const server = await startScript(script);
  const load = new Load({
    window: WINDOW,
    warmUpMs: WARM_UP_MS,
    durationMs: DURATION_MS,
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

function throughput(name: string, result: LoadResult): BenchResult {
  return {
    name,
    unit: 'messages/s',
    value: result.arrivedPerSecond,
    higherIsBetter: true,
    detail: {
      'CPU ms/message': result.cpuMsPerMessage,
      'CPU share': result.cpuShare,
      lost: result.lost,
      refused: result.refused,
      retransmitted: result.retransmitted,
    },
  };
}
