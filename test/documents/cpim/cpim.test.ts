import assert from 'node:assert/strict';
import fc from 'fast-check';
import { buildCpim } from '../../../src/documents/cpim/build.js';
import { type CpimOptions, parseCpim } from '../../../src/documents/cpim/cpim.js';
import {
  escapeValue,
  formatAddress,
  parseAddress,
  quoteString,
  unescapeValue,
} from '../../../src/documents/cpim/header-value.js';

const CONTENT = '\r\nContent-Type: text/plain\r\n\r\nx';

function parse(text: string, options: CpimOptions = {}) {
  return parseCpim(Buffer.from(text), options);
}

function message(text: string, options: CpimOptions = {}) {
  const parsed = parse(text, options);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

describe('Message/CPIM (RFC 3862)', () => {
  for (const [what, text] of [
    ['no end of headers', 'From: <im:a@b.example>'],
    ['a line without a name', `no colon here\r\n${CONTENT}`],
    ['a name with a space', `Fr om: <im:a@b.example>\r\n${CONTENT}`],
    ['a folded line', `Subject: a\r\n b\r\n${CONTENT}`],
    ['a raw control character', `Subject: a\u0007\r\n${CONTENT}`],
    ['a parameter without value', `Subject:;lang= a\r\n${CONTENT}`],
    ['a parameter string that never ends', `Subject:;lang="a b\r\n${CONTENT}`],
    ['content without Content-Type', 'Subject: a\r\n\r\nContent-ID: <x@y>\r\n\r\nx'],
  ] as const) {
    it(`cpim-2.2-1: refuses ${what}`, () => assert.equal(parse(text).ok, false));
  }

  for (const [what, text] of [
    ['LF for CRLF', `Subject: a\n${CONTENT}`],
    ['two spaces behind the colon', `Subject:  a\r\n${CONTENT}`],
    ['a space at the end', `Subject: a \r\n${CONTENT}`],
    ['an empty line in front', `\r\nSubject: a\r\n${CONTENT}`],
    ['no empty line before the content', 'Subject: a\r\nContent-Type: text/plain\r\n\r\nx'],
  ] as const) {
    it(`cpim-2.2-1: strict reading refuses ${what}, lenient reading takes it`, () => {
      assert.equal(parse(text, { reading: 'strict' }).ok, false);
      assert.equal(message(text).subjects[0]?.text, 'a');
    });
  }

  it('has limits on lines and headers', () => {
    assert.equal(parse(`Subject: ${'a'.repeat(200)}\r\n${CONTENT}`, { maxLineOctets: 100 }).ok, false);
    assert.equal(parse(`${'X: y\r\n'.repeat(3)}${CONTENT}`, { maxHeaders: 2 }).ok, false);
  });

  it('cpim-3.4-1: a namespace may be declared again, for what follows', () => {
    const read = message(`NS: p <urn:one>\r\np.a: 1\r\nNS: p <urn:two>\r\np.a: 2\r\n${CONTENT}`);
    assert.equal(read.header('a', 'urn:one')?.value, '1');
    assert.equal(read.header('a', 'urn:two')?.value, '2');
  });

  it('cpim-3.4-1: behind a new default namespace, From is another header', () => {
    const read = message(`From: <im:a@b.example>\r\nNS: <urn:one>\r\nFrom: <im:x@y.example>\r\n${CONTENT}`);
    assert.deepEqual(read.from, { uri: 'im:a@b.example' });
    assert.equal(read.header('From', 'urn:one')?.value, '<im:x@y.example>');
  });

  it('cpim-3.5-1: the core headers and understood namespaces may be required', () => {
    const read = message(`NS: p <urn:one>\r\nRequire: From,cc, p.x,Thing,q.y\r\n${CONTENT}`);
    assert.deepEqual(read.unsupported(), ['p.x', 'Thing', 'q.y']);
    assert.deepEqual(read.unsupported(new Set(['urn:one'])), ['Thing', 'q.y']);
  });

  it('cpim-3.3-1: a parameter may be a string', () => {
    assert.deepEqual(message(`X:;a="b \\"c";d=e v\r\n${CONTENT}`).headers[0]?.params, [
      ['a', 'b "c'],
      ['d', 'e'],
    ]);
  });

  it('what is built is read back, and strictly', () => {
    const built = buildCpim({
      from: { formalName: 'Juliet "J" Capulet', uri: 'im:juliet@example.com' },
      to: [{ formalName: 'Romeo Montague', uri: 'im:romeo@example.net' }, { uri: 'im:nurse@example.net' }],
      cc: [{ uri: 'im:friar@example.net' }],
      dateTime: '2015-06-01T12:00:00Z',
      subjects: [{ text: 'Night\nfall', lang: 'en' }, { text: 'Noc' }],
      extensions: [{ namespace: 'urn:ietf:params:imdn', prefix: 'imdn', headers: [['Message-ID', '34jk324j']] }],
      fields: [['Content-Type', 'text/plain;charset=UTF-8']],
      content: Buffer.from('á\r\n'),
    });
    const read = message(Buffer.from(built).toString(), { reading: 'strict' });
    assert.deepEqual(read.from, { formalName: 'Juliet "J" Capulet', uri: 'im:juliet@example.com' });
    assert.deepEqual(read.to[0], { formalName: 'Romeo Montague', uri: 'im:romeo@example.net' });
    assert.equal(read.to.length, 2);
    assert.equal(read.cc.length, 1);
    assert.equal(read.dateTime, '2015-06-01T12:00:00Z');
    assert.deepEqual(read.subjects, [{ text: 'Night\nfall', lang: 'en' }, { text: 'Noc' }]);
    assert.equal(read.header('Message-ID', 'urn:ietf:params:imdn')?.value, '34jk324j');
    assert.equal(Buffer.from(read.content.content).toString(), 'á\r\n');
    assert.match(Buffer.from(built).toString(), /^To: Romeo Montague <im:romeo@example\.net>\r$/m);
  });

  it('survives any octets', () => {
    const noise = fc.array(
      fc.constantFrom('From', ':', ';', '=', '"', '\\', ' ', '\r\n', '\n', '<', '>', 'NS', '.', '\u0000', 'é'),
    );
    fc.assert(fc.property(noise, (pieces) => typeof parse(pieces.join('')).ok === 'boolean'));
  });
});

describe('CPIM header values (RFC 3862 §2.3, §3.6)', () => {
  it('cpim-2.3-1: every text survives escaping', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(unescapeValue(escapeValue(text)), text);
        assert.doesNotMatch(escapeValue(text), /[\u0000-\u001F\u007F]/);
      }),
    );
  });

  it('every address survives', () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => text.trim() === text);
    fc.assert(
      fc.property(name, (formalName) => {
        const wanted = formalName === '' ? { uri: 'im:a@b.example' } : { formalName, uri: 'im:a@b.example' };
        const parsed = parseAddress(formatAddress(wanted));
        assert.ok(parsed.ok);
        assert.deepEqual(parsed.value, wanted);
      }),
    );
  });

  it('writes quotes only where they are needed', () => {
    assert.equal(formatAddress({ formalName: 'Ülo Õun', uri: 'im:a@b' }), 'Ülo Õun <im:a@b>');
    assert.equal(formatAddress({ formalName: 'a  b', uri: 'im:a@b' }), '"a  b" <im:a@b>');
    assert.equal(quoteString('a"b\\'), '"a\\"b\\\\"');
  });

  for (const value of [
    'im:a@b.example',
    '<>',
    '<no-scheme>',
    '<im:a b>',
    '"never ends <im:a@b>',
    '"x" y <im:a@b>',
    '',
  ]) {
    it(`refuses the address ${JSON.stringify(value)}`, () => assert.equal(parseAddress(value).ok, false));
  }
});
