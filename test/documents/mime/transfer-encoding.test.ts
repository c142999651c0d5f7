import assert from 'node:assert/strict';
import { decodeTransfer } from '../../../src/documents/mime/transfer-encoding.js';

function decoded(text: string, encoding?: string): string | undefined {
  const octets = decodeTransfer(Buffer.from(text), encoding);
  return octets === undefined ? undefined : Buffer.from(octets).toString('utf8');
}

describe('Content-Transfer-Encoding (RFC 2045 §6)', () => {
  for (const [encoding, text, wanted] of [
    [undefined, 'plain =41', 'plain =41'],
    ['8bit', 'é', 'é'],
    ['Binary', 'x', 'x'],
    ['base64', 'aGVs\r\nbG8=\r\n', 'hello'],
    ['BASE64 ', 'aGVsbG8', 'hello'],
    ['quoted-printable', 'ob=C3=A9ho =3D', 'obého ='],
    ['quoted-printable', 'one =\r\nline=\n!', 'one line!'],
    ['quoted-printable', 'soft=  \r\nbreak', 'softbreak'],
    ['quoted-printable', 'lower =c3=a9', 'lower é'],
    ['quoted-printable', 'bad =ZZ = end=', 'bad =ZZ = end'],
    ['x-uuencode', 'x', undefined],
  ] as const) {
    it(`${encoding ?? 'none'}: ${JSON.stringify(text)}`, () => assert.equal(decoded(text, encoding), wanted));
  }
});
