import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Element } from 'ltx';
import { parseXml } from '../../../src/xmpp/xml/parse-xml.js';
import { serializeXml, stripForbidden } from '../../../src/xmpp/xml/serialize-xml.js';

describe('serializeXml', () => {
  it('escapes attributes', () => {
    assert.equal(
      serializeXml(new Element('a', { b: '&<>"\'\t\n\r', c: undefined, d: null, e: 5 })),
      '<a b="&amp;&lt;&gt;&quot;&apos;&#x9;&#xA;&#xD;" e="5"/>',
    );
  });

  it('escapes text, a carriage return so that it survives', () => {
    assert.equal(serializeXml(new Element('a').t('&<>"\'\t\n\r')), '<a>&amp;&lt;&gt;"\'\t\n&#xD;</a>');
    assert.equal(serializeXml(new Element('a').t(']]>')), '<a>]]&gt;</a>');
  });

  it('writes children in order', () => {
    const element = new Element('a', { xmlns: 'u' });
    element.t('1');
    element.c('b').c('c');
    element.t('2');
    assert.equal(serializeXml(element), '<a xmlns="u">1<b><c/></b>2</a>');
  });

  for (const character of ['\0', '\x08', '\x1f', '\ufffe', '\uffff', '\ud800', '\udc00x']) {
    it(`refuses ${JSON.stringify(character)}`, () => {
      assert.throws(() => serializeXml(new Element('a').t(character)), /forbids/);
      assert.throws(() => serializeXml(new Element('a', { b: character })), /forbids/);
    });
  }

  it('is read back as it was', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 }).map(stripForbidden);
    fc.assert(
      fc.property(text, text, (value, content) => {
        const element = new Element('a', { b: value });
        element.c('c').t(content);
        const read = parseXml(serializeXml(element));
        assert.ok(read.ok);
        assert.equal(read.value.attrs.b, value);
        assert.equal(read.value.getChildText('c'), content);
      }),
      { numRuns: 300 },
    );
  });
});

describe('S17: stripForbidden', () => {
  for (const [text, stripped] of [
    ['plain\t\r\n', 'plain\t\r\n'],
    ['a\0b\x0bc\x7f', 'abc\x7f'],
    ['\u{1f600}\ud83d \ude00', '\u{1f600} '],
    ['\ufffd\ufffe\uffff', '\ufffd'],
  ] as const) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(stripped)}`, () => assert.equal(stripForbidden(text), stripped));
  }
});
