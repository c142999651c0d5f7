import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Element } from 'ltx';
import { SaxesParser } from 'saxes';
import { toMessageStanza } from '../../../src/interwork/message/sip-to-xmpp.js';
import { ThreadTable } from '../../../src/interwork/message/thread-table.js';
import { toSipMessage } from '../../../src/interwork/message/xmpp-to-sip.js';
import { SipRequest, serialize } from '../../../src/sip/message/message.js';
import { parseSip } from '../../../src/sip/message/parse.js';
import { buildMessage } from '../../../src/sip/useragent/outgoing-request.js';
import { addressMap, ERROR_TABLES } from '../../support/message-scenario.js';
import { packagePath } from '../../support/package-path.js';
import { SeededRandom } from '../../support/seeded-random.js';

const addresses = addressMap();
const context = {
  addresses,
  errors: ERROR_TABLES,
  threads: new ThreadTable(),
  answers: { map: addresses, method: 'MESSAGE', allow: ['MESSAGE'] },
  options: { expired: 'deliver', delayAfterMs: 0, maxStanzaOctets: 262_144, cpimOut: 'always' },
} as const;

/** The header fields of what goes to SIP. */
const WRITTEN = new Set([
  ...['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'User-Agent', 'Subject', 'Date'],
  ...['Content-Language', 'Content-Type', 'Content-Length'],
]);

/** The requests that the vectors of RFC 7572 print. */
function printedRequests(): Buffer[] {
  const { vectors } = JSON.parse(readFileSync(packagePath('test/conformance/vectors/rfc7572.json'), 'utf8')) as {
    vectors: { input?: { sip?: string | string[] } }[];
  };
  const texts = vectors.flatMap(({ input }) => input?.sip ?? []);
  return texts.filter((text) => text.startsWith('MESSAGE')).map((text) => Buffer.from(text));
}

/** What a stranger's random hand makes of `octets`: some of its octets are others, and some stretches are gone or doubled. */
function mutated(octets: Buffer, random: SeededRandom): Buffer {
  const below = (limit: number) => Math.floor(random.fraction() * limit);
  let text = Buffer.from(octets);
  for (let count = 1 + below(4); count > 0; count--) {
    const at = below(text.length);
    const end = Math.min(text.length, at + below(20));
    switch (below(4)) {
      case 0:
        text[at] = below(256);
        break;
      case 1:
        text[at] = '\r\n<>&";:,@\\\u0000'.charCodeAt(below(12));
        break;
      case 2:
        text = Buffer.concat([text.subarray(0, at), text.subarray(end)]);
        break;
      case 3:
        text = Buffer.concat([text.subarray(0, end), text.subarray(at)]);
    }
  }
  return text;
}

function assertWellFormed(xml: string): void {
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
}

describe('messages from strangers', () => {
  it('no request breaks the mapping, or makes a stanza that breaks a stream', () => {
    const random = new SeededRandom(7572);
    const printed = printedRequests();
    let stanzas = 0;
    for (let round = 0; round < 4000; round++) {
      const parsed = parseSip(mutated(printed[round % printed.length] as Buffer, random));
      if (!parsed.ok || !(parsed.value instanceof SipRequest)) continue;
      const mapped = toMessageStanza(parsed.value, 'id', Date.UTC(2026, 0, 1), context);
      if (!mapped.ok) assert.ok(mapped.error.status >= 400 && !/[\r\n]/.test(mapped.error.reason ?? ''));
      else if (mapped.value.kind === 'message') {
        stanzas++;
        assertWellFormed(mapped.value.stanza.toString());
      }
    }
    assert.ok(stanzas > 300, `${stanzas} stanzas`);
  });

  it('no stanza breaks the mapping, or writes header lines of its own', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', '\r\n', '\n', 'Call-ID: x', ':', '<', '"', '\\', 'é', '\uD83C', '\u0000'),
    });
    const children = fc.array(
      fc.record({
        name: fc.constantFrom('body', 'subject', 'thread', 'encrypted', 'sent', 'composing'),
        xmlns: fc.constantFrom(undefined, 'jabber:client', 'urn:xmpp:carbons:2', 'urn:xmpp:omemo:2', 'urn:x'),
        lang: fc.constantFrom(undefined, 'en', 'cs', 'x\r\ny', ''),
        text,
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(children, text, (list, lang) => {
        const attrs = {
          xmlns: 'jabber:client',
          from: 'juliet@example.com/a;b',
          to: 'romeo@example.net',
          'xml:lang': lang,
        };
        const stanza = new Element('message', attrs);
        for (const child of list) {
          stanza
            .c(child.name, {
              ...(child.xmlns === undefined ? {} : { xmlns: child.xmlns }),
              ...(child.lang === undefined ? {} : { 'xml:lang': child.lang }),
            })
            .t(child.text);
        }
        const mapped = toSipMessage(stanza, () => 'fresh', 0, context);
        if (!mapped.ok || mapped.value.kind !== 'message') return;
        for (const message of [mapped.value.message, mapped.value.plain]) {
          if (message === undefined) continue;
          const frame = { transport: 'TCP', sentBy: 'x:1', branch: 'z9hG4bK-1', fromTag: 't', cseq: 1 } as const;
          const { requestUri, callId = 'none' } = message;
          const read = parseSip(serialize(buildMessage(message, { ...frame, requestUri, callId })));
          assert.ok(read.ok, read.ok ? '' : read.error.text);
          assert.equal(read.value.callId, callId);
          for (const [name] of read.value.headers.entries()) assert.ok(WRITTEN.has(name), name);
          assert.equal(read.value.headers.getAll('Call-ID').length, 1);
          assert.deepEqual(Buffer.from(read.value.body), Buffer.from(message.body));
        }
      }),
    );
  });
});
