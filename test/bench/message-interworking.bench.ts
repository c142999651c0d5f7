/** What the translation of messages costs by itself (RFC 7572): both ways between a SIP side and an XMPP side in memory. */
import { Element } from 'ltx';
import { silentLog } from '../../src/base/log.js';
import { noMetrics } from '../../src/base/metrics.js';
import { ok } from '../../src/base/result.js';
import { MessageInterworking } from '../../src/interwork/message/message-interworking.js';
import type { SipEngine, SipOutcome } from '../../src/sip/engine.js';
import { HeaderFields, SipRequest, SipResponse } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import { SystemScheduler } from '../../src/wire/clock.js';
import { SystemRandom } from '../../src/wire/random.js';
import type { XmppLink } from '../../src/xmpp/link.js';
import { NS_CLIENT } from '../../src/xmpp/stream/namespaces.js';
import { addressMap, ERROR_TABLES } from '../support/message-scenario.js';
import type { BenchResult } from './bench-result.js';

/** More than the tables of the interworking remember, so that they forget while they are measured. */
const WARM_UP = 60_000;
const COUNT = 60_000;
const SENDERS = 100;
const TEXT = 'Art thou not Romeo, and a Montague?';

export async function run(): Promise<BenchResult[]> {
  return [
    await measure('SIP to XMPP, from datagram to stanza', fromSip()),
    await measure('XMPP to SIP, from stanza to request', fromXmpp()),
  ];
}

/** Message `number` crosses; resolves when it is over. */
type Crossing = (number: number) => Promise<void>;

async function measure(name: string, cross: Crossing): Promise<BenchResult> {
  for (let number = 0; number < WARM_UP; number++) await cross(number);
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let number = WARM_UP; number < WARM_UP + COUNT; number++) await cross(number);
  const { user, system } = process.cpuUsage(cpu);
  const value = (COUNT * 1000) / (performance.now() - start);
  return {
    name,
    unit: 'messages/s',
    value,
    higherIsBetter: true,
    detail: { 'CPU µs/message': (user + system) / COUNT },
  };
}

function fromSip(): Crossing {
  const { messages } = interworking();
  return async (number) => {
    const parsed = parseSip(datagram(number));
    if (!parsed.ok || !(parsed.value instanceof SipRequest)) throw new Error('the bench message does not parse');
    const { status } = await messages.takeRequest(parsed.value);
    if (status !== 200) throw new Error(`message ${number} was answered ${status}`);
  };
}

function fromXmpp(): Crossing {
  const { messages, untilSent } = interworking();
  return (number) => {
    const sent = untilSent();
    messages.takeStanza(stanza(number));
    return sent;
  };
}

function datagram(number: number): Buffer {
  return Buffer.from(
    [
      'MESSAGE sip:juliet@example.com SIP/2.0',
      `Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK${number};rport`,
      'Max-Forwards: 70',
      `From: <sip:user${number % SENDERS}@example.net>;tag=${number}`,
      'To: <sip:juliet@example.com>',
      `Call-ID: ${number}@127.0.0.1`,
      'CSeq: 1 MESSAGE',
      'Content-Type: text/plain;charset=UTF-8',
      `Content-Length: ${TEXT.length}`,
      '',
      TEXT,
    ].join('\r\n'),
  );
}

function stanza(number: number): Element {
  const element = new Element('message', {
    xmlns: NS_CLIENT,
    from: 'juliet@example.com/balcony',
    to: `user${number % SENDERS}@example.net`,
    id: `m${number}`,
  });
  element.c('body').t(TEXT);
  return element;
}

/** A gateway between two sides that take everything at once. */
function interworking() {
  let sent: () => void = () => {};
  const taken = Promise.resolve(ok(undefined));
  const outcome: SipOutcome = { kind: 'final', response: new SipResponse(200, 'OK', new HeaderFields()) };
  const answered = Promise.resolve(outcome);
  const sip: SipEngine = {
    onMessage() {},
    sendMessage() {
      sent();
      return answered;
    },
  };
  const links: XmppLink = { up: true, deliver: () => taken, send: () => true, onStanza() {} };
  const messages = new MessageInterworking({
    sip,
    links,
    addresses: addressMap(),
    errors: ERROR_TABLES,
    scheduler: new SystemScheduler(),
    random: new SystemRandom(),
    log: silentLog,
    metrics: noMetrics,
  });
  const untilSent = () =>
    new Promise<void>((resolve) => {
      sent = resolve;
    });
  return { messages, untilSent };
}
