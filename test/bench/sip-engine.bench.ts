/** What SIP alone costs: MESSAGE requests over UDP that are answered 200 at once, beside a bare socket that does the same. */
import type { BenchResult } from './bench-result.js';
import { accountOf } from './load/crossings.js';
import type { LoadResult } from './load/load.js';
import { measureAnswers } from './load/yardstick.js';

export async function run(): Promise<BenchResult[]> {
  const bare = await measureAnswers('bare-socket');
  const engine = await measureAnswers('sip-engine');
  return [
    figure('bare UDP socket that answers MESSAGE', bare, bare),
    figure('embedded SIP engine that answers MESSAGE', engine, bare),
  ];
}

function figure(name: string, result: LoadResult, bare: LoadResult): BenchResult {
  return {
    name,
    unit: 'messages/s',
    value: result.arrivedPerSecond,
    higherIsBetter: true,
    detail: {
      'CPU ms/message': result.cpuMsPerMessage,
      'times the bare socket': result.cpuMsPerMessage / bare.cpuMsPerMessage,
      'CPU share': result.cpuShare,
      ...accountOf(result),
    },
  };
}
