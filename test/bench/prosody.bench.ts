/** Messages from end to end through the gateway as a component of a real Prosody, whose other side is a component too. */
import { available, installCommand } from '../support/peers/installed.js';
import type { BenchResult } from './bench-result.js';
import { Arrivals, sipToXmpp, xmppToSip } from './load/crossings.js';
import { GatewayProcess } from './load/gateway-process.js';
import { NumberedBodies } from './load/numbered-bodies.js';
import { BenchProsody } from './load/prosody.js';
import { RawComponent } from './load/raw-component.js';
import { SipSink } from './load/sip-sink.js';
import { bareSocketMs } from './load/yardstick.js';

export async function run(): Promise<BenchResult[]> {
  if (!available('prosody')) {
    process.stdout.write(`  left out, no Prosody: ${installCommand(['prosody'])}\n`);
    return [];
  }
  const bareMs = await bareSocketMs();
  const arrivals = new Arrivals();
  const sink = await SipSink.open(arrivals.take);
  const prosody = await BenchProsody.start(['example.com', 'example.net']);
  const users = await RawComponent.open({ port: prosody.port, domain: 'example.com', secret: prosody.secret });
  const bodies = new NumberedBodies(arrivals.take);
  users.onData((chunk) => bodies.push(chunk));
  const gateway = await GatewayProcess.ready({
    name: 'gateway-prosody',
    outboundPort: sink.port,
    config: {
      xmpp: { component: { host: '127.0.0.1', port: prosody.port, secret: prosody.secret, pingTarget: 'localhost' } },
    },
  });
  const from = 'juliet@example.com/balcony';
  const site = { gateway, arrivals, bareMs, from, write: (xml: string) => users.write(xml) };
  const results = [...(await sipToXmpp('beside Prosody', site)), ...(await xmppToSip('beside Prosody', site))];
  await gateway.stop();
  users.close();
  await prosody.stop();
  sink.close();
  return results;
}
