/** What the gateway holds for each idle session, binding and transaction, after garbage collection. */

import { SipUserAgent } from '../../src/wire/sip/user-agent.js';
import { freeTcpPort } from '../support/peers/ports.js';
import { secret } from '../support/peers/secret.js';
import type { BenchResult } from './bench-result.js';
import { COUNT } from './load/bench-options.js';
import { ComponentServer } from './load/component-server.js';
import { GatewayProcess, type Memory } from './load/gateway-process.js';
import { delay, Load } from './load/load.js';
import { SipSink } from './load/sip-sink.js';
import { SipSource } from './load/sip-source.js';
import { StanzaSource } from './load/stanza-source.js';
import { XmppSession } from './load/xmpp-session.js';

/** Sessions that share an account; presence of each goes to all of them. */
const RESOURCES = 10;
/** Sessions and registrations that are opened at a time. */
const AT_ONCE = 20;

export async function run(): Promise<BenchResult[]> {
  return [...(await embedded()), ...(await component())];
}

async function embedded(): Promise<BenchResult[]> {
  const silent = await SipSink.open(() => {});
  silent.answers = false;
  const [port, password] = [await freeTcpPort(), secret()];
  const accounts = Array.from({ length: Math.ceil(COUNT / RESOURCES) }, (_, index) => `juliet${index}`);
  const phones = Array.from({ length: COUNT }, (_, index) => `sip:phone${index}@example.net`);
  const gateway = await GatewayProcess.ready({
    name: 'gateway-memory',
    measuresMemory: true,
    outboundPort: silent.port,
    config: {
      xmpp: { server: { c2s: { listen: `127.0.0.1:${port}` } } },
      users: [
        ...accounts.map((local) => ({ jid: `${local}@example.com`, password })),
        ...phones.map((aor) => ({ aor, password })),
      ],
      limits: { c2sConnections: 2 * COUNT, c2sConnectionsPerAddress: 2 * COUNT },
    },
  });
  const address = { port, domain: 'example.com', password };
  // one of each first, so that what is made once is not counted
  const first = await XmppSession.open({ ...address, local: 'juliet0', resource: 'first' });
  await register(phones[0] as string, password, gateway.sipPort);
  const results: BenchResult[] = [];

  let before = await gateway.memory();
  const sessions = await inBatches(COUNT, (index) =>
    XmppSession.open({ ...address, local: accounts[index % accounts.length] as string, resource: `r${index}` }),
  );
  await delay(500);
  results.push(each('idle c2s session with TLS', COUNT, before, await gateway.memory()));

  before = await gateway.memory();
  await inBatches(COUNT - 1, (index) => register(phones[index + 1] as string, password, gateway.sipPort));
  results.push(each('SIP binding', COUNT - 1, before, await gateway.memory()));

  before = await gateway.memory();
  const source = new StanzaSource({ targets: COUNT, toDomain: 'example.net' }, (xml) => first.write(xml));
  for (let number = 0; number < COUNT; number++) source.send(number, number);
  while (silent.received < COUNT) await delay(20);
  results.push(each('open client transaction (XMPP to SIP)', COUNT, before, await gateway.memory()));

  for (const session of [first, ...sessions]) session.close();
  await gateway.stop();
  silent.close();
  return results;
}

async function component(): Promise<BenchResult[]> {
  const server = await ComponentServer.open(() => {});
  const gateway = await GatewayProcess.ready({
    name: 'gateway-memory-component',
    measuresMemory: true,
    config: { xmpp: { component: { host: '127.0.0.1', port: server.port, secret: secret() } } },
  });
  await send(gateway, 100); // so that what is made once is not counted
  const before = await gateway.memory();
  server.holdBack();
  const open = send(gateway, COUNT);
  while ((await gateway.metric('verona_messages_open')) < COUNT) await delay(20);
  const waiting = await gateway.memory();
  server.goOn();
  await open;
  const lingering = await gateway.memory();
  await gateway.stop();
  server.close();
  return [
    each('open server transaction (SIP to XMPP)', COUNT, before, waiting),
    each('ended server transaction, for 32 s', COUNT, before, lingering),
  ];
}

/** So many messages at once; resolves when all are answered. */
async function send(gateway: GatewayProcess, count: number): Promise<void> {
  const load = new Load({ window: count, warmUpMs: 0, durationMs: 1, cpuMs: () => 0 });
  const source = await SipSource.open(load, {
    port: gateway.sipPort,
    window: count,
    senders: count,
    fromDomain: 'example.net',
    to: 'juliet@example.com',
  });
  source.onSuccess = (number) => load.arrived(number);
  const { lost } = await load.run(source);
  if (lost > 0) throw new Error(`${lost} messages were not answered`);
}

async function register(aor: string, password: string, port: number): Promise<void> {
  const phone = new SipUserAgent({ aor, password, registrar: { host: '127.0.0.1', port, transport: 'udp' } });
  await phone.start();
  const { status } = await phone.register();
  await phone.stop();
  if (status !== 200) throw new Error(`${aor} was not registered: ${status}`);
}

async function inBatches<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let start = 0; start < count; start += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, index) => make(start + index));
    made.push(...(await Promise.all(batch)));
  }
  return made;
}

function each(what: string, count: number, before: Memory, after: Memory): BenchResult {
  return {
    name: `${what}, each of ${count}`,
    unit: 'KiB resident',
    value: (after.residentOctets - before.residentOctets) / 1024 / count,
    higherIsBetter: false,
    detail: { 'KiB of script': (after.scriptOctets - before.scriptOctets) / 1024 / count },
  };
}
