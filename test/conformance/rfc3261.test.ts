import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { responseTo, SipRequest, type SipResponse, serialize } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import { packagePath } from '../support/package-path.js';

interface Vector {
  readonly id: string;
  readonly title: string;
  readonly wire: string;
  readonly bodyOctets?: number;
}

const text = readFileSync(packagePath('test/conformance/vectors/rfc3261.json'), 'utf8');
const { vectors } = JSON.parse(text) as { vectors: Vector[] };

function parse(id: string): SipRequest | SipResponse {
  const vector = vectors.find((candidate) => candidate.id === id);
  assert.ok(vector !== undefined, id);
  const result = parseSip(Buffer.from(vector.wire + 'x'.repeat(vector.bodyOctets ?? 0)));
  assert.ok(result.ok, result.ok ? '' : result.error.text);
  return result.value;
}

function request(id: string): SipRequest {
  const message = parse(id);
  assert.ok(message instanceof SipRequest);
  return message;
}

describe('RFC 3261 §24: every message is read and written', () => {
  for (const { id, title, wire, bodyOctets } of vectors) {
    it(`${id}: ${title}`, () => {
      const message = parse(id);
      assert.equal(message.body.length, bodyOctets ?? 0);
      // Folds become one space; nothing else changes.
      assert.equal(serialize(message).toString(), wire.replaceAll('\r\n ;', ' ;') + 'x'.repeat(bodyOctets ?? 0));
    });
  }
});

describe('RFC 3261 §24.1: registration', () => {
  it('3261-24.1-F1: what a registrar reads', () => {
    const message = request('3261-24.1-F1');
    assert.equal(message.method, 'REGISTER');
    assert.equal(message.to.displayName, 'Bob');
    assert.equal(message.to.uri.toString(), 'sip:bob@biloxi.com');
    assert.deepEqual(message.cseq, { number: 1826, method: 'REGISTER' });
    assert.deepEqual(String(message.contacts), '<sip:bob@192.0.2.4>');
    assert.equal(message.expires, 7200);
    assert.equal(message.topVia.port, 5060);
  });
});

describe('RFC 3261 §24.2: responses as the RFC builds them from their requests', () => {
  const rows: [request: string, received: string | undefined, response: string, toTag: string | undefined][] = [
    ['3261-24.1-F1', '192.0.2.4', '3261-24.1-F2', '2493k59kd'],
    ['3261-24.2-F1', '192.0.2.1', '3261-24.2-F2', undefined],
    ['3261-24.2-F3', '192.0.2.2', '3261-24.2-F4', undefined],
    ['3261-24.2-F5', '192.0.2.3', '3261-24.2-F6', 'a6c85cf'],
    ['3261-24.2-F5', '192.0.2.3', '3261-24.2-F9', 'a6c85cf'],
    ['3261-24.2-F13', undefined, '3261-24.2-F14', 'unused'],
  ];
  for (const [requestId, received, responseId, toTag] of rows) {
    it(`${requestId} is answered with ${responseId}`, () => {
      const asked = request(requestId);
      if (received !== undefined) {
        const via = asked.topVia.withParam('received', received).toString(); // RFC 3261 §18.2.1
        asked.headers.removeFirst('Via');
        asked.headers.prepend('Via', via);
      }
      const expected = parse(responseId) as SipResponse;
      const built = responseTo(asked, expected.status, toTag === undefined ? {} : { toTag });
      assert.equal(built.reason, expected.reason);
      assert.deepEqual(built.vias.map(String), expected.vias.map(String));
      assert.equal(built.from.toString(), expected.from.toString());
      assert.equal(built.to.toString(), expected.to.toString());
      assert.equal(built.callId, expected.callId);
      assert.deepEqual(built.cseq, expected.cseq);
    });
  }

  it('a proxy takes its own Via off (3261-24.2-F6 to F8)', () => {
    const response = parse('3261-24.2-F6');
    for (const id of ['3261-24.2-F7', '3261-24.2-F8']) {
      response.headers.removeFirst('Via');
      assert.deepEqual(response.vias.map(String), parse(id).vias.map(String));
    }
  });
});
