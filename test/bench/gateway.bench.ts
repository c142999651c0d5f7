/**
 * Messages from end to end through the gateway in a process of its own: SIP over UDP on one side, on the other a client of
 * the embedded server over TLS, or a component stream to a server that does nothing but take and confirm.
 */
import { freeTcpPort } from '../support/peers/ports.js';
import { secret } from '../support/peers/secret.js';
import type { BenchResult } from './bench-result.js';
import { ComponentServer } from './load/component-server.js';
import { Arrivals, sipToXmpp, xmppToSip } from './load/crossings.js';
import { GatewayProcess } from './load/gateway-process.js';
import { NumberedBodies } from './load/numbered-bodies.js';
import { SipSink } from './load/sip-sink.js';
import { XmppSession } from './load/xmpp-session.js';
import { bareSocketMs } from './load/yardstick.js';

export async function run(): Promise<BenchResult[]> {
  const bareMs = await bareSocketMs();
  return [...(await embedded(bareMs)), ...(await component(bareMs))];
}

async function embedded(bareMs: number): Promise<BenchResult[]> {
  const arrivals = new Arrivals();
  const sink = await SipSink.open(arrivals.take);
  const [port, password] = [await freeTcpPort(), secret()];
  const gateway = await GatewayProcess.ready({
    name: 'gateway-embedded',
    outboundPort: sink.port,
    config: {
      xmpp: { server: { c2s: { listen: `127.0.0.1:${port}` } } },
      users: [{ jid: 'juliet@example.com', password }],
    },
  });
  const address = { port, domain: 'example.com', local: 'juliet', password, resource: 'balcony' };
  const session = await XmppSession.open(address);
  const bodies = new NumberedBodies(arrivals.take);
  session.onData((chunk) => bodies.push(chunk));
  const site = { gateway, arrivals, bareMs, write: (xml: string) => session.write(xml) };
  const results = [...(await sipToXmpp('embedded server', site)), ...(await xmppToSip('embedded server', site))];
  session.close();
  await gateway.stop();
  sink.close();
  return results;
}

async function component(bareMs: number): Promise<BenchResult[]> {
  const arrivals = new Arrivals();
  const sink = await SipSink.open(arrivals.take);
  const server = await ComponentServer.open(arrivals.take);
  const gateway = await GatewayProcess.ready({
    name: 'gateway-component',
    outboundPort: sink.port,
    config: { xmpp: { component: { host: '127.0.0.1', port: server.port, secret: secret() } } },
  });
  const from = 'juliet@example.com/balcony';
  const site = { gateway, arrivals, bareMs, from, write: (xml: string) => server.write(xml) };
  const results = [...(await sipToXmpp('component', site)), ...(await xmppToSip('component', site))];
  await gateway.stop();
  server.close();
  sink.close();
  return results;
}
