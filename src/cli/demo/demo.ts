/** `verona demo`: the gateway on free loopback ports, a SIP user and an XMPP user that talk, and every packet as a ladder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Element } from 'ltx';
import { noMetrics } from '../../base/metrics.js';
import { loadConfig } from '../../config/load.js';
import { Gateway } from '../../gateway.js';
import { openLog } from '../../ops/log.js';
import { SystemScheduler } from '../../wire/clock.js';
import { SystemRandom } from '../../wire/random.js';
import { SipUserAgent } from '../../wire/sip/user-agent.js';
import { XmppClient } from '../../wire/xmpp/client.js';
import { CommandFailure } from '../failure.js';
import { loadMappings } from '../mappings.js';
import { packageVersion } from '../package-root.js';
import { Arrivals } from './arrivals.js';
import { Conversation } from './conversation.js';

const ROMEO = 'romeo@example.net';
const JULIET = 'juliet@example.com';

/** Where the demonstration's users find the gateway. */
interface Stage {
  readonly gateway: Gateway;
  readonly sip: { readonly host: string; readonly port: number };
  readonly xmpp: { readonly host: string; readonly port: number };
  readonly passwords: { readonly romeo: string; readonly juliet: string };
}

/** Runs the demonstration; with `once` it ends after the conversation, else at Ctrl-C. */
export async function demoCommand(once: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'verona-demo-'));
  try {
    const stage = await openStage(folder);
    try {
      await talk(stage);
      if (!once) {
        process.stdout.write(howToConnect(stage));
        await untilInterrupted();
      }
    } finally {
      await stage.gateway.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openStage(folder: string): Promise<Stage> {
  const random = new SystemRandom();
  const passwords = { romeo: random.token(64), juliet: random.token(64) };
  const loaded = loadConfig(configText(passwords, folder), 'demo', {});
  if (!loaded.ok)
    throw new Error(`the demonstration's configuration: ${loaded.error.map((problem) => problem.text).join('; ')}`);
  const mappings = loadMappings(loaded.value.config.mappings);
  if (!mappings.ok) throw new CommandFailure(mappings.error);
  const log = openLog({ level: 'error', format: 'pretty', stream: process.stderr });
  const gateway = new Gateway(loaded.value.config, {
    log,
    metrics: noMetrics,
    ...mappings.value,
    version: packageVersion(),
  });
  await gateway.start();
  await gateway.ready;
  return { gateway, sip: placeOf(gateway, 'udp:'), xmpp: placeOf(gateway, 'c2s:'), passwords };
}

function configText(passwords: Stage['passwords'], folder: string): string {
  return JSON.stringify({
    domains: { xmpp: ['example.com'], sip: ['example.net'] },
    xmpp: { server: { c2s: { listen: '127.0.0.1:0' } } },
    sip: { listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'] },
    store: 'memory:',
    dataDir: folder,
    users: [
      { jid: JULIET, password: passwords.juliet },
      { aor: `sip:${ROMEO}`, password: passwords.romeo },
    ],
  });
}

function placeOf(gateway: Gateway, kind: string): { host: string; port: number } {
  const text = gateway.listening.find((entry) => entry.startsWith(kind))?.slice(kind.length) ?? '';
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

async function talk(stage: Stage): Promise<void> {
  const romeo = new SipUserAgent({
    aor: `sip:${ROMEO}`,
    password: stage.passwords.romeo,
    registrar: { ...stage.sip, transport: 'udp' },
  });
  const juliet = new XmppClient({
    jid: `${JULIET}/balcony`,
    password: stage.passwords.juliet,
    ...stage.xmpp,
    tls: { fingerprint: stage.gateway.fingerprint ?? '' },
    scheduler: new SystemScheduler(),
    random: new SystemRandom(),
  });
  await romeo.start();
  try {
    await romeo.register();
    await juliet.connect();
    await converse(romeo, juliet);
  } finally {
    await juliet.close();
    await romeo.stop();
  }
}

async function converse(romeo: SipUserAgent, juliet: XmppClient): Promise<void> {
  const conversation = new Conversation((text) => process.stdout.write(text));
  const atRomeo = new Arrivals<string>();
  const atJuliet = new Arrivals<string>();
  romeo.onWire((direction, packet) =>
    conversation.saw({ leg: 'sip', towards: direction === 'sent' ? 'gateway' : 'user', packet }),
  );
  juliet.onWire((direction, packet) => {
    if (packet.startsWith('<message'))
      conversation.saw({ leg: 'xmpp', towards: direction === 'out' ? 'gateway' : 'user', packet });
  });
  romeo.onMessage((request) => {
    atRomeo.add(request.callId);
    return 200;
  });
  juliet.onStanza((stanza) => {
    if (stanza.name === 'message') atJuliet.add(String(stanza.attrs.id));
  });

  conversation.begin(ROMEO, JULIET);
  await conversation.act('Romeo (SIP) writes to Juliet (XMPP); the 200 comes once her server has taken it', () =>
    Promise.all([romeo.message(`sip:${JULIET}`, 'Art thou not Juliet, and a Capulet?'), atJuliet.next()]),
  );
  await conversation.act('Juliet answers', () => {
    juliet.send(messageTo(ROMEO, 'answer-1', 'Neither, fair Romeo, if either thee dislike. Přijď zítra!'));
    return atRomeo.next();
  });
  await conversation.act('Romeo writes to somebody who does not exist: XMPP says no, SIP hears a final response', () =>
    romeo.message('sip:nobody@example.com', 'Is anybody there?'),
  );
  await conversation.act('Juliet writes to somebody who does not exist: SIP says no, XMPP hears a stanza error', () => {
    juliet.send(messageTo('nobody@example.net', 'question-1', 'Is anybody there?'));
    return atJuliet.next();
  });
}

function messageTo(to: string, id: string, body: string): Element {
  const stanza = new Element('message', { xmlns: 'jabber:client', to, id, type: 'normal', 'xml:lang': 'en' });
  stanza.c('body').t(body);
  return stanza;
}

function howToConnect({ gateway, sip, xmpp, passwords }: Stage): string {
  return `
The gateway stays up. Connect for yourself:

  a SIP phone       user romeo, domain example.net, password ${passwords.romeo}
                    outbound proxy (or server address) ${sip.host}:${sip.port}, transport UDP or TCP
                    then send a message to sip:${JULIET}

  an XMPP client    account ${JULIET}, password ${passwords.juliet}
                    connect server ${xmpp.host}, port ${xmpp.port}, STARTTLS; accept the self-signed certificate
                    SHA-256 ${gateway.fingerprint}
                    then write to ${ROMEO}

Ctrl-C ends it.
`;
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
