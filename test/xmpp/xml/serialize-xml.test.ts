import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Element } from 'ltx';
import { parseXml } from '../../../src/xmpp/xml/parse-xml.js';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';

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

  it('leaves the namespace of the stream to the stream, on the element itself alone', () => {
    const element = new Element('a', { xmlns: 'u' });
    element.c('b', { xmlns: 'u' });
    assert.equal(serializeXml(element, 'u'), '<a><b xmlns="u"/></a>');
    assert.equal(serializeXml(element, 'v'), '<a xmlns="u"><b xmlns="u"/></a>');
  });

  for (const [forbidden, written] of [
    ['\0', '\ufffd'],
    ['a\x08\x0bb\x1f\x7f', 'a\ufffd\ufffdb\ufffd\x7f'],
    ['\ufffd\ufffe\uffff', '\ufffd\ufffd\ufffd'],
    ['\ud800', '\ufffd'],
    ['\u{1f600}\ud83d \ude00x', '\u{1f600}\ufffd \ufffdx'],
  ] as const) {
    it(`S17: replaces what XML forbids in ${JSON.stringify(forbidden)}`, () => {
      assert.equal(serializeXml(new Element('a').t(forbidden)), `<a>${written}</a>`);
      assert.equal(serializeXml(new Element('a', { b: forbidden })), `<a b="${written}"/>`);
    });
  }

  it('is read back as it was', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const allowed = (foreign: string) =>
      foreign.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd');
    fc.assert(
      fc.property(text, text, (value, content) => {
        const element = new Element('a', { b: value });
        element.c('c').t(content);
        const read = parseXml(serializeXml(element));
        assert.ok(read.ok);
        assert.equal(read.value.attrs.b, allowed(value));
        assert.equal(read.value.getChildText('c'), allowed(content));
      }),
      { numRuns: 300 },
    );
  });
});
