import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SipFramer } from '../../src/sip/message/framing.js';
import { SipRequest, SipResponse } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import { packagePath } from '../support/package-path.js';

interface Step {
  readonly id: string;
  readonly wire: string;
}

const text = readFileSync(packagePath('test/conformance/vectors/rfc7572.json'), 'utf8');
const { vectors } = JSON.parse(text) as { vectors: { id: string; steps?: Step[] }[] };
const steps = vectors.find((vector) => vector.id === '3428-flow1')?.steps ?? [];

function parse(id: string): SipRequest | SipResponse {
  const step = steps.find((candidate) => candidate.id === id);
  assert.ok(step !== undefined);
  const result = parseSip(Buffer.from(step.wire));
  assert.ok(result.ok, result.ok ? '' : result.error.text);
  return result.value;
}

describe('RFC 3428 §10: 3428-flow1, one MESSAGE through a proxy', () => {
  it('F1: a From without angle brackets has its tag in the header', () => {
    const message = parse('F1');
    assert.ok(message instanceof SipRequest);
    assert.equal(message.method, 'MESSAGE');
    assert.equal(message.from.tag, '49583');
    assert.equal(message.from.uri.toString(), 'sip:user1@domain.com');
    assert.equal(Buffer.from(message.body).toString(), 'Watson, come here.');
  });

  it('F2: a folded Via', () => {
    const message = parse('F2');
    assert.deepEqual(message.vias.map(String), [
      'SIP/2.0/TCP proxy.domain.com;branch=z9hG4bK123dsghds',
      'SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse;received=1.2.3.4',
    ]);
    assert.equal(message.maxForwards, 69);
  });

  it('F3: the ";;" of the second Via says nothing', () => {
    const message = parse('F3');
    assert.ok(message instanceof SipResponse);
    assert.equal(message.status, 200);
    assert.equal(message.vias[1]?.branch, 'z9hG4bK776sgdkse');
    assert.equal(message.to.tag, 'ab8asdasd9');
    assert.equal(message.body.length, 0);
  });

  it('F4: the ";;" of From says nothing', () => {
    assert.equal(parse('F4').from.tag, '49394');
  });

  it('F1 to F4 come whole out of one stream, an octet at a time', () => {
    const framer = new SipFramer();
    const stream = Buffer.from(steps.map((step) => step.wire).join(''));
    const messages: string[] = [];
    for (let i = 0; i < stream.length; i++) {
      for (const event of framer.push(stream.subarray(i, i + 1))) {
        assert.ok(event.kind === 'message');
        messages.push(event.bytes.toString());
      }
    }
    assert.deepEqual(
      messages,
      steps.map((step) => step.wire),
    );
  });
});
