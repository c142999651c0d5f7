import assert from 'node:assert/strict';
import { parseEntity } from '../../../src/documents/mime/entity.js';

function read(text: string, limits = {}) {
  return parseEntity(Buffer.from(text), limits);
}

function entity(text: string) {
  const result = read(text);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.value;
}

describe('MIME entities (RFC 2045 §3)', () => {
  it('has fields, found in any case, and content', () => {
    const read = entity('Content-Type: text/plain\r\nCONTENT-language:  cs \r\n\r\nahoj\r\n');
    assert.equal(read.field('content-type'), 'text/plain');
    assert.equal(read.field('content-language'), 'cs');
    assert.equal(read.field('content-id'), undefined);
    assert.equal(Buffer.from(read.content).toString(), 'ahoj\r\n');
  });

  it('unfolds a field (RFC 5322 §2.2.3)', () => {
    assert.equal(
      entity('Content-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\n').field('content-type'),
      'text/plain; charset=utf-8',
    );
  });

  it('may have no fields', () => {
    assert.deepEqual(entity('\r\nx').fields, []);
    assert.equal(Buffer.from(entity('\r\nx').content).toString(), 'x');
  });

  it('may have no content', () => {
    assert.equal(entity('Content-Type: text/plain').content.length, 0);
    assert.equal(entity('').content.length, 0);
  });

  it('keeps every octet of the content', () => {
    const octets = Buffer.concat([Buffer.from('A: b\n\n'), Buffer.from([0, 0xff, 0x0d, 0x0a])]);
    const read = parseEntity(octets);
    assert.ok(read.ok);
    assert.deepEqual([...read.value.content], [0, 0xff, 0x0d, 0x0a]);
  });

  for (const [what, text, limits] of [
    ['a line without a name', 'no name here\r\n\r\n', {}],
    ['a folded first line', ' folded\r\n\r\n', {}],
    ['a name with a control character', 'A\u0001: b\r\n\r\n', {}],
    ['more fields than the limit', 'A: b\r\nA: b\r\nA: b\r\n\r\n', { maxFields: 2 }],
    ['more octets than the limit', `A: ${'b'.repeat(100)}\r\n\r\n`, { maxHeaderOctets: 50 }],
  ] as const) {
    it(`refuses ${what}`, () => assert.equal(read(text, limits).ok, false));
  }
});
