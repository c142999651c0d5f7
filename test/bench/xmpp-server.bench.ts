/** What a message between two local sessions costs: in memory from octets to text, and over loopback TLS. */
import { Element } from 'ltx';
import { NS_CLIENT } from '../../src/xmpp/stream/namespaces.js';
import { stanzaText } from '../../src/xmpp/stream/stanza-text.js';
import { XmlStreamParser } from '../../src/xmpp/xml/xml-stream-parser.js';
import { LoopbackServer } from '../support/embedded-server.js';
import { TestServer } from '../support/im-server.js';
import type { BenchResult } from './bench-result.js';

const COUNT = 50_000;
const ROUNDS = 5;
const OVER_TLS = 20_000;

export async function run(): Promise<BenchResult[]> {
  return [await routedInMemory(), await routedOverTls(1), await routedOverTls(20)];
}

/** Octets in, parser, stamp, route, text out; no socket. */
async function routedInMemory(): Promise<BenchResult> {
  const test = new TestServer();
  const juliet = await test.connect('juliet@example.com/balcony', 0);
  const romeo = await test.connect('romeo@example.com/garden', 0);
  let written = 0;
  juliet.send = (text) => {
    written += text.length;
    return true;
  };
  const parser = new XmlStreamParser();
  parser.push(Buffer.from('<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">'));
  const octets = Array.from({ length: COUNT }, (_, n) => Buffer.from(stanzaText(message(n))));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    for (const chunk of octets) {
      for (const event of parser.push(chunk)) {
        if (event.kind === 'element') test.server.receive(romeo.session, event.element);
      }
    }
    best = Math.min(best, microseconds(start) / COUNT);
  }
  if (written === 0) throw new Error('nothing was routed');
  return { name: 'message routed, octets to text, in memory', unit: 'µs CPU', value: best, higherIsBetter: false };
}

/** From one client to another over TLS on loopback; the CPU of both clients is in it. */
async function routedOverTls(senders: number): Promise<BenchResult> {
  const accounts = Array.from({ length: senders }, (_, n) => `romeo${n}@example.com`);
  const loopback = await LoopbackServer.start([...accounts, 'juliet@example.com']);
  const juliet = await loopback.connect('juliet@example.com/balcony');
  const romeos = [];
  for (const account of accounts) romeos.push(await loopback.connect(`${account}/garden`));
  let left = OVER_TLS;
  const all = new Promise<void>((resolve) => {
    juliet.onStanza((stanza) => {
      if (stanza.name === 'message' && --left === 0) resolve();
    });
  });
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let n = 0; n < OVER_TLS; n++) {
    romeos[n % senders]!.send(message(n));
    if (n % 200 === 199) await new Promise(setImmediate);
  }
  await all;
  const seconds = (performance.now() - start) / 1000;
  const used = microseconds(cpu) / OVER_TLS;
  await loopback.stop();
  return {
    name: `messages over loopback TLS, ${senders} ${senders === 1 ? 'sender' : 'senders'}, clients included`,
    unit: 'messages/s',
    value: OVER_TLS / seconds,
    higherIsBetter: true,
    detail: { 'µs CPU a message': used },
  };
}

function message(n: number): Element {
  const element = new Element('message', {
    xmlns: NS_CLIENT,
    to: 'juliet@example.com/balcony',
    type: 'chat',
    id: `m${n}`,
  });
  element.c('body').t(`Art thou not Romeo, and a Montague? (${n})`);
  element.c('active', { xmlns: 'http://jabber.org/protocol/chatstates' });
  return element;
}

function microseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}
