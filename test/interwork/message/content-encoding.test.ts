import assert from 'node:assert/strict';
import { deflateSync, gzipSync } from 'node:zlib';
import { decodeContent } from '../../../src/interwork/message/content-encoding.js';

const TEXT = Buffer.from('Art thou not Romeo, and a Montague?');

describe('RFC 3261 §20.12: Content-Encoding', () => {
  for (const encoding of [undefined, '', 'identity', 'Identity']) {
    it(`${encoding ?? 'none'} leaves the body as it is`, () => {
      assert.deepEqual(decodeContent(TEXT, encoding, 10), { ok: true, value: TEXT });
    });
  }

  it('deflate is undone', () => {
    const decoded = decodeContent(deflateSync(TEXT), 'Deflate', 1000);
    assert.equal(decoded.ok && Buffer.from(decoded.value).toString(), TEXT.toString());
  });

  it('a small body that would be a large one is 413', () => {
    const decoded = decodeContent(deflateSync(Buffer.alloc(1_000_000)), 'deflate', 1000);
    assert.equal(!decoded.ok && decoded.error.status, 413);
  });

  it('what is not deflate is 400', () => {
    const decoded = decodeContent(TEXT, 'deflate', 1000);
    assert.equal(!decoded.ok && decoded.error.status, 400);
  });

  it('7572-d57: another encoding is 415 and says what is understood', () => {
    const decoded = decodeContent(gzipSync(TEXT), 'gzip', 1000);
    assert.deepEqual(!decoded.ok && decoded.error, {
      status: 415,
      headers: [['Accept-Encoding', 'identity, deflate']],
    });
  });
});
