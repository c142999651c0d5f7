import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Jid } from '../../../src/xmpp/address/jid.js';
import { RecentTexts } from '../../../src/xmpp/address/recent-texts.js';

function jid(text: string): Jid {
  const parsed = Jid.parse(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

describe('Jid', () => {
  it('gives the bare JID and other resources', () => {
    const full = jid('Romeo@example.net/Orchard');
    assert.equal(full.bare.toString(), 'romeo@example.net');
    assert.equal(full.bare.bare, full.bare);
    const other = full.withResource('caf\u0065\u0301');
    assert.equal(other.ok && other.value.toString(), 'romeo@example.net/caf\u00e9');
    assert.equal(full.withResource('').ok, false);
    assert.equal(full.withResource('a\u0000').ok, false);
  });

  it('equals by enforced text', () => {
    assert.ok(jid('romeo@example.net').equals(jid('ROMEO@example.net.')));
    assert.ok(!jid('romeo@example.net').equals(jid('romeo@example.net/x')));
  });

  it('is made of parts, each enforced', () => {
    const made = Jid.of('Romeo', 'Example.NET', 'a/b@c');
    assert.equal(made.ok && made.value.toString(), 'romeo@example.net/a/b@c');
    assert.equal(Jid.of('a@b', 'example.net').ok, false);
    assert.equal(Jid.of('', 'example.net').ok, false);
    assert.equal(Jid.of('a', 'example.net', '').ok, false);
    assert.equal(Jid.of(undefined, 'a/b').ok, false);
  });

  it('says what is wrong', () => {
    for (const [text, fault] of [
      ['a b@example.net', 'the localpart holds U+0020, which is outside the IdentifierClass'],
      ["o'malley@example.net", "the localpart holds the character ', which is not allowed there"],
      ['romeo@', 'an empty domainpart'],
      ['romeo@-', "the domainpart holds '-', which is not a domain name"],
      [`${'a'.repeat(2000)}@b`, 'a localpart of more than 1023 octets'],
      ['x'.repeat(20000), 'a JID of 20000 characters is too long'],
    ] as const) {
      assert.deepEqual(Jid.parse(text), { ok: false, error: fault });
    }
  });

  describe('domainparts', () => {
    for (const [text, canonical] of [
      ['[2001:db8:0:0:1:0:0:1]', '[2001:db8::1:0:0:1]'],
      ['[0:0:0:0:0:0:0:0]', '[::]'],
      ['[::ffff:192.0.2.1]', '[::ffff:c000:201]'],
      ['[1:2:3:4:5:6:7::]', '[1:2:3:4:5:6:7:0]'],
      ['[fe80::1%25eth0]', '[fe80::1%25eth0]'],
      ['[v1.A:b]', '[v1.a:b]'],
      ['192.0.2.1', '192.0.2.1'],
      ['XN--FIQS8S.example', '\u4e2d\u56fd.example'],
      ['b\u00fccher\u3002example', 'b\u00fccher.example'],
      ['\uff45xample\uff0enet', 'example.net'],
      ['fa\u00df.example', 'fa\u00df.example'],
      ['l\u00b7l.example', 'l\u00b7l.example'],
      ['\u05d0\u05d1.\u05d2', '\u05d0\u05d1.\u05d2'],
      [
        `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`,
        `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`,
      ],
    ] as const) {
      it(`${text} is ${canonical}`, () => {
        assert.equal(jid(text).domain, canonical);
        assert.equal(jid(canonical).domain, canonical);
      });
    }
    for (const text of [
      '[1:2:3:4:5:6:7]',
      '[1::2::3]',
      '[::12345]',
      '[1:2:3:4:5:6:7:8::]',
      '[::1.2.3]',
      '[::1.2.3.256]',
      '[1.2.3.4::]',
      '[::01.2.3.4]',
      '[fe80::1%eth0]',
      '[fe80::1%25]',
      '[::1]x',
      '[]',
      '\u2603.example',
      '\u{1f600}.example',
      'xn--n3h.example',
      'xn--a.example',
      'xn--.example',
      'xn--MNCHEN-3YA-.example',
      'a\u00b7b.example',
      'ab--c.example',
      'a-.example',
      '1\u05d0.example',
      `${'\u00fc'.repeat(60)}.example`,
      `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(62)}`,
      'exa\u00admple.net',
      '\u2024net',
      '\uff0f.example',
      'a\u20d0\u00fc.example',
    ]) {
      it(`${JSON.stringify(text)} is refused`, () => assert.equal(Jid.parse(text).ok, false));
    }
  });

  const runs = { numRuns: Number(process.env.VERONA_FUZZ_RUNS ?? 150) };

  it('enforces what is enforced to the same', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.option(part), fc.oneof(fc.domain(), part), fc.option(part), (local, domain, resource) => {
        const parsed = Jid.parse(
          `${local === null ? '' : `${local}@`}${domain}${resource === null ? '' : `/${resource}`}`,
        );
        if (!parsed.ok) return;
        const again = Jid.parse(parsed.value.toString());
        assert.ok(again.ok);
        assert.equal(again.value.toString(), parsed.value.toString());
        assert.equal(again.value.local, parsed.value.local);
        assert.equal(again.value.domain, parsed.value.domain);
        assert.equal(again.value.resource, parsed.value.resource);
      }),
      runs,
    );
  });

  it('reads any text without throwing (fuzz)', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom(
          'a',
          'A',
          '@',
          '/',
          '.',
          '[',
          ']',
          ':',
          '1',
          '-',
          'xn--',
          '\u00fc',
          '\ud800',
          '\u05d0',
          '%',
          '\\20',
        ),
        maxLength: 30,
      }),
    );
    fc.assert(
      fc.property(text, (input) => {
        const parsed = Jid.parse(input);
        if (parsed.ok) assert.ok(Buffer.byteLength(parsed.value.toString()) <= 3071);
        else assert.ok(parsed.error.length > 0);
      }),
      runs,
    );
  });
});

describe('RecentTexts', () => {
  it('keeps what is used and stays within its bound', () => {
    const recent = new RecentTexts<number>(4, 8);
    for (let count = 0; count < 100; count++) {
      recent.add(`text${count}`, count);
      assert.equal(recent.get('text0'), 0);
    }
    assert.equal(recent.get('text50'), undefined);
    assert.equal(recent.get('text99'), 99);
    recent.add('longer than that', 1);
    assert.equal(recent.get('longer than that'), undefined);
  });
});
