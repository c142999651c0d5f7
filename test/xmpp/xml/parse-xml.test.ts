import assert from 'node:assert/strict';
import { parseXml } from '../../../src/xmpp/xml/parse-xml.js';
import { serializeXml } from '../../../src/xmpp/xml/serialize-xml.js';

describe('parseXml', () => {
  for (const [document, root] of [
    ['<a/>', '<a/>'],
    ['\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<a b="1">c</a>\n', '<a b="1">c</a>'],
    ['<?xml-stylesheet a?><!-- b --><a>c<!-- - -->d<?e f??>g</a><!----><?h?>', '<a>cdg</a>'],
    ['<p:a xmlns:p="u"><b/></p:a>', '<a xmlns:p="u" xmlns="u"><b xmlns=""/></a>'],
    ["<a xml:lang='de'>\u00fc</a>", '<a xml:lang="de">\u00fc</a>'],
  ] as const) {
    it(`${JSON.stringify(document)} is ${root}`, () => {
      for (const form of [document, Buffer.from(document)]) {
        const parsed = parseXml(form);
        assert.equal(parsed.ok ? serializeXml(parsed.value) : parsed.error, root);
      }
    });
  }

  for (const document of [
    '',
    ' ',
    '<a>',
    '<a/><b/>',
    '<a/>b',
    '<a/><!-- ',
    '<a/><',
    'a',
    '<!-- a -- b --><a/>',
    '<!-- a ---><a/>',
    '<!- a --><a/>',
    '<? a?><a/>',
    '<a/><?xml version="1.0"?>',
    '<?XML a?><a/>',
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a>&b;</a>',
    '<?xml version="1.0" encoding="latin1"?><a/>',
    '<a>\ud800</a>',
    '<a><!--\u0001--></a>',
    '<a><?b \u0001?></a>',
  ]) {
    it(`${JSON.stringify(document)} is refused`, () => assert.equal(parseXml(document).ok, false));
  }

  it('holds to its limits', () => {
    assert.equal(parseXml(`<a>${'b'.repeat(100)}</a>`, { maxStanzaBytes: 100 }).ok, false);
    assert.equal(parseXml(`<a>${'b'.repeat(93)}</a>`, { maxStanzaBytes: 100 }).ok, true);
    assert.equal(parseXml('<a><b><c/></b></a>', { maxDepth: 2 }).ok, false);
    assert.equal(parseXml('<a><b/></a>', { maxDepth: 2 }).ok, true);
  });
});
