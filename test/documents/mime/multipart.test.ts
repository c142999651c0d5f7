import assert from 'node:assert/strict';
import fc from 'fast-check';
import { splitMultipart } from '../../../src/documents/mime/multipart.js';

function split(text: string, boundary = 'b', limits = {}) {
  return splitMultipart(Buffer.from(text), boundary, limits);
}

function contents(text: string, boundary = 'b'): string[] {
  const parts = split(text, boundary);
  assert.ok(parts.ok, parts.ok ? '' : parts.error);
  return parts.value.map((part) => Buffer.from(part.content).toString());
}

describe('multipart bodies (RFC 2046 §5.1)', () => {
  it('the line break before a delimiter belongs to the delimiter', () => {
    assert.deepEqual(contents('--b\r\n\r\none\r\n\r\n--b\r\n\r\ntwo\r\n--b--\r\n'), ['one\r\n', 'two']);
  });

  it('leaves preamble and epilogue out', () => {
    assert.deepEqual(contents('see --b here\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\nnot a part'), ['x']);
  });

  it('a boundary inside a line or before other text is none', () => {
    assert.deepEqual(contents('--b\r\n\r\na --b\r\n--bc\r\n--b-\r\n\r\n--b--'), ['a --b\r\n--bc\r\n--b-\r\n']);
  });

  it('white space behind a delimiter is padding', () => {
    assert.deepEqual(contents('--b \t\r\n\r\nx\r\n--b--  \r\n'), ['x']);
  });

  it('LF alone breaks lines too', () => {
    assert.deepEqual(contents('--b\nA: b\n\nx\ny\n--b--\n'), ['x\ny']);
  });

  it('a part may be empty, or have fields alone', () => {
    assert.deepEqual(contents('--b\r\n--b\r\nA: b\r\n--b\r\n\r\n--b--'), ['', '', '']);
  });

  it('a last delimiter without "--" closes (RFC 5438 §8.3 prints it so)', () => {
    assert.deepEqual(contents('--b\r\n\r\nx\r\n--b\r\n'), ['x']);
    assert.deepEqual(contents('--b\r\n\r\nx\r\n--b'), ['x']);
  });

  it('a body that is cut off keeps what there is', () => {
    assert.deepEqual(contents('--b\r\n\r\nx\r\n--b\r\n\r\nhal'), ['x', 'hal']);
  });

  for (const [what, text, boundary, limits] of [
    ['a body without the boundary', 'nothing', 'b', {}],
    ['a missing boundary', '--\r\n\r\nx\r\n----', '', {}],
    ['a boundary that is too long', 'x', 'b'.repeat(71), {}],
    ['a boundary of other characters', 'x', 'a"b', {}],
    ['more parts than the limit', '--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--', 'b', { maxParts: 1 }],
    ['a part whose header is malformed', '--b\r\nno colon\r\n\r\nx\r\n--b--', 'b', {}],
  ] as const) {
    it(`refuses ${what}`, () => assert.equal(split(text, boundary, limits).ok, false));
  }

  it('what was joined comes apart again', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', '-', '\r\n', ' ', '\n', 'é') }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(texts, (parts) => {
        const body = `${parts.map((part) => `--=_1\r\n\r\n${part}\r\n`).join('')}--=_1--`;
        assert.deepEqual(contents(body, '=_1'), parts);
      }),
    );
  });

  it('survives any octets', () => {
    const noise = fc.array(fc.constantFrom('--b', '--', 'b', '\r', '\n', ':', ' ', '\u0000', 'x'));
    fc.assert(fc.property(noise, (pieces) => typeof split(pieces.join('')).ok === 'boolean'));
  });
});
