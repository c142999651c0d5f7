/** How many MESSAGE requests one core parses, answers and writes a second. */
import { responseTo, SipRequest, serialize } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import type { BenchResult } from './bench-result.js';

const MESSAGE = Buffer.from(
  [
    'MESSAGE sip:romeo@example.net SIP/2.0',
    'Via: SIP/2.0/UDP s2x.example.com:5060;branch=z9hG4bKeskdgs677;rport',
    'Max-Forwards: 70',
    'From: "Juliet Capulet" <sip:juliet@example.com;gr=balcony>;tag=12345a7bc',
    'To: <sip:romeo@example.net>',
    'Call-ID: D9AA95FD-2BD5-46E2-AF0F-6CFAA96BDDFA',
    'CSeq: 1 MESSAGE',
    'User-Agent: ExamplePhone/3.2',
    'Content-Type: text/plain;charset=UTF-8',
    'Content-Length: 44',
    '',
    'Art thou not Romeo, and a Montague, my love?',
  ].join('\r\n'),
);
const SECONDS = 1;

export async function run(): Promise<BenchResult[]> {
  const request = parsed();
  const rows: [string, () => number][] = [
    ['parse, reading what routing needs', parseAndRead],
    ['serialize a request', () => serialize(request).length],
    ['build a response and serialize it', () => serialize(responseTo(request, 200, { toTag: 'a1b2c3' })).length],
    ['parse, answer 200', () => serialize(responseTo(parsed(), 200, { toTag: 'a1b2c3' })).length],
  ];
  return rows.map(([name, once]) => ({
    name: `MESSAGE of ${MESSAGE.length} octets: ${name}`,
    unit: 'messages/s',
    value: measure(once),
    higherIsBetter: true,
  }));
}

function parsed(): SipRequest {
  const result = parseSip(MESSAGE);
  if (!result.ok || !(result.value instanceof SipRequest)) throw new Error('the bench message does not parse');
  return result.value;
}

function parseAndRead(): number {
  const request = parsed();
  const { requestUri, topVia, from, to, callId, cseq } = request;
  return (
    requestUri.host.length + topVia.host.length + from.uri.host.length + to.params.length + callId.length + cseq.number
  );
}

/** Calls a second, after a warm-up; the sum keeps the work from being optimized away. */
function measure(once: () => number): number {
  let sum = 0;
  for (let i = 0; i < 50_000; i++) sum += once();
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < SECONDS * 1000) {
    for (let i = 0; i < 1000; i++) sum += once();
    calls += 1000;
  }
  if (sum === 0) throw new Error('nothing was measured');
  return (calls * 1000) / (performance.now() - start);
}
