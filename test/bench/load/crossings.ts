/** Messages through a running gateway, one way: at full speed, and at a steady rate for the time that each takes. */
import type { BenchResult } from '../bench-result.js';
import { DURATION_MS, LATENCY_RATE, WARM_UP_MS, WINDOW } from './bench-options.js';
import type { GatewayProcess } from './gateway-process.js';
import { Load, type LoadResult, type Source } from './load.js';
import { SipSource } from './sip-source.js';
import { StanzaSource } from './stanza-source.js';

/** SIP users on the one side; few enough to know each other, enough for one message at a time to each (RFC 3428 §8). */
const SIP_USERS = 100;

/** Where sinks report to: the load that runs at the moment. */
export class Arrivals {
  load: Load | undefined;
  readonly take = (number: number) => this.load?.arrived(number);
}

/** One gateway with what stands on its sides. */
export interface Site {
  readonly gateway: GatewayProcess;
  readonly arrivals: Arrivals;
  /** See `bareSocketMs`. */
  readonly bareMs: number;
  /** Writes to the stream of juliet@example.com. */
  write(xml: string): void;
  /** Her address, where the stream does not know it. */
  readonly from?: string;
}

export function sipToXmpp(name: string, site: Site): Promise<BenchResult[]> {
  return measure(`${name}, SIP to XMPP`, site, (load) =>
    SipSource.open(load, {
      port: site.gateway.sipPort,
      window: WINDOW,
      senders: SIP_USERS,
      fromDomain: 'example.net',
      to: 'juliet@example.com',
    }),
  );
}

export function xmppToSip(name: string, site: Site): Promise<BenchResult[]> {
  const from = site.from === undefined ? {} : { from: site.from };
  return measure(`${name}, XMPP to SIP`, site, async () => {
    const options = { targets: SIP_USERS, toDomain: 'example.net', ...from };
    return new StanzaSource(options, (xml) => site.write(xml));
  });
}

type OpenSource = (load: Load) => Promise<Source>;

async function measure(name: string, site: Site, open: OpenSource): Promise<BenchResult[]> {
  const full = await run(site, open, undefined);
  const residentMiB = site.gateway.residentOctets() / 2 ** 20;
  const steady = await run(site, open, LATENCY_RATE);
  return [
    {
      name,
      unit: 'messages/s',
      value: full.arrivedPerSecond,
      higherIsBetter: true,
      detail: {
        'CPU ms/message': full.cpuMsPerMessage,
        'times the bare socket': full.cpuMsPerMessage / site.bareMs,
        'CPU share': full.cpuShare,
        'RSS MiB': residentMiB,
        ...accountOf(full),
      },
    },
    {
      name: `${name}: median time at ${LATENCY_RATE}/s`,
      unit: 'ms',
      value: steady.p50Ms,
      higherIsBetter: false,
      detail: { p99: steady.p99Ms, 'CPU ms/message': steady.cpuMsPerMessage, ...accountOf(steady) },
    },
  ];
}

async function run(site: Site, open: OpenSource, perSecond: number | undefined): Promise<LoadResult> {
  const load = new Load({
    window: WINDOW,
    warmUpMs: WARM_UP_MS,
    durationMs: DURATION_MS,
    cpuMs: () => site.gateway.cpuMs(),
    ...(perSecond === undefined ? {} : { perSecond }),
  });
  site.arrivals.load = load;
  return load.run(await open(load));
}

/** What became of the messages: everything but `sent` should be 0. */
export function accountOf({ sent, lost, refused, duplicates, retransmitted }: LoadResult): Record<string, number> {
  return { sent, lost, refused, duplicates, retransmitted };
}
