import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Element } from 'ltx';
import { NS_XHTML, NS_XHTML_IM, sanitizeHtml } from '../../../src/interwork/message/xhtml-im.js';
import { stanzaText } from '../../../src/xmpp/stream/stanza-text.js';

/** What stands inside the `<body/>` of XHTML-IM, and the plain text. */
function sanitized(html: string, options = {}): { markup: string | undefined; text: string } {
  const result = sanitizeHtml(html, options);
  assert.ok(result);
  const body = result.html?.getChild('body', NS_XHTML);
  return { markup: body?.children.map((child) => stanzaText(child as Element)).join(''), text: result.text };
}

describe('7572-7-4: HTML becomes XHTML-IM (XEP-0071 §7)', () => {
  for (const [html, markup, text] of [
    // whitelist
    ['<p>Neither, <em>fair</em> saint.</p>', '<p>Neither, <em>fair</em> saint.</p>', 'Neither, fair saint.'],
    ['a <b>b</b> <i>c</i>', '<p>a <strong>b</strong> <em>c</em></p>', 'a b c'],
    ['<blockquote>q</blockquote>a', '<blockquote><p>q</p></blockquote><p>a</p>', 'q\na'],
    ['<ul><li>one<li>two</ul>', '<ul><li>one</li><li>two</li></ul>', '- one\n- two'],
    ['<ol><li>x<ul><li>y</ul></ol>', '<ol><li>x<ul><li>y</li></ul></li></ol>', '- x\n- y'],
    ['<u>u</u><h1>h</h1><custom>c</custom><br>', '<p>u</p><p>h</p><p>c<br/></p>', 'u\nh\nc'],
    ['<p>x<cite>y</cite></p>', '<p>x<cite>y</cite></p>', 'xy'],
    // attributes
    ['<p id=a class=b onclick="x()" style="color:red">t</p>', '<p style="color:red">t</p>', 't'],
    ['<em xmlns="urn:x" xml:lang="cs">t</em>', '<p><em>t</em></p>', 't'],
    ['<span>plain</span><em>e</em>', '<p>plain<em>e</em></p>', 'plaine'],
    // styles
    ['<p style="COLOR: Red; position:fixed;margin-left:2em">t</p>', '<p style="color:Red;margin-left:2em">t</p>', 't'],
    ['<em style="color:expression(alert(1))">t</em>', '<p><em>t</em></p>', 't'],
    ['<em style="background-color:url(http://x/)">t</em>', '<p><em>t</em></p>', 't'],
    ['<em style="color:r\\65 d;margin-left:-99em;font-size:">t</em>', '<p><em>t</em></p>', 't'],
    ['<em style="color:rgb(1, 2, 3)">t</em>', '<p><em style="color:rgb(1, 2, 3)">t</em></p>', 't'],
    // links
    ['<a href="http://a.example/">x</a>', '<p><a href="http://a.example/">x</a></p>', 'x (http://a.example/)'],
    ['<a href="mailto:r@b.c">r@b.c</a>', '<p><a href="mailto:r@b.c">r@b.c</a></p>', 'r@b.c'],
    ['<a href="tel:+1"><b>+1</b></a>', '<p><a href="tel:+1"><strong>+1</strong></a></p>', '+1 (tel:+1)'],
    ['<a href="SIP:r@b.c">r</a>', '<p><a href="SIP:r@b.c">r</a></p>', 'r (SIP:r@b.c)'],
    [
      '<a href="http://a/">x<a href="http://b/">y</a></a><br>',
      '<p><a href="http://a/">xy</a><br/></p>',
      'xy (http://a/)',
    ],
    ['<a href="javascript:x">a</a><br>', '<p>a<br/></p>', 'a'],
    ['<a href=" jAva\tscript:x">a</a><br>', '<p>a<br/></p>', 'a'],
    ['<a href="&#106;avascript:x">a</a><br>', '<p>a<br/></p>', 'a'],
    ['<a href="java\u0000script:x">a</a><br>', '<p>a<br/></p>', 'a'],
    ['<a href="data:text/html,x">a</a><br>', '<p>a<br/></p>', 'a'],
    ['<a href="//evil.example/">a</a><a href="/x">b</a><a href="x">c</a><br>', '<p>abc<br/></p>', 'abc'],
    ['<a name=x target=_blank>a</a><br>', '<p>a<br/></p>', 'a'],
    // content that goes with its tag
    ['<b>a</b><script>alert(1)</script><style>p{}</style>z', '<p><strong>a</strong>z</p>', 'az'],
    ['<b>a</b><svg><a href="http://x/">no</a></svg><iframe>no</iframe>', '<p><strong>a</strong></p>', 'a'],
    ['<b>a</b><!-- no --><![CDATA[no]]><?no no?>', '<p><strong>a</strong></p>', 'a'],
    ['<b>a</b><textarea><b>no</b></textarea>', '<p><strong>a</strong></p>', 'a'],
    ['<b>a</b><input value=no><em>e</em>', '<p><strong>a</strong><em>e</em></p>', 'ae'],
    // images
    ['<b>a</b><img src="http://x/" alt="a &amp; b">', '<p><strong>a</strong>[a &amp; b]</p>', 'a[a & b]'],
    ['<b>a</b><img src="http://x/">', '<p><strong>a</strong></p>', 'a'],
    // entities and characters
    ['<b>&lt;&amp;&gt;&eacute;&nbsp;&#x1F339;</b>', '<p><strong>&lt;&amp;&gt;é\u00A0🌹</strong></p>', '<&>é 🌹'],
    ['<b>a&#7;b&#0;c\u0001</b>', '<p><strong>ab\uFFFDc</strong></p>', 'ab\uFFFDc'],
    // content models: lines only in paragraphs, blocks not in lines
    ['<b>x<p>y</p>z</b>', '<p><strong>x</strong></p><p>y</p><p>z</p>', 'x\ny\nz'],
    ['<div>a</div><div><b>b</b></div>', '<p>a</p><p><strong>b</strong></p>', 'a\nb'],
    ['<ul>text<b>b</b></ul>', '<ul><li>text<strong>b</strong></li></ul>', '- textb'],
    ['<li>stray<b>b</b>', '<p>stray<strong>b</strong></p>', 'strayb'],
    ['<table><tr><td>1<td><b>2</b><tr><td>3</table>', '<p>1 <strong>2</strong></p><p>3</p>', '1 2\n3'],
    ['</b></p><b>a</b></i>', '<p><strong>a</strong></p>', 'a'],
    ['<b></b><p></p>  x <em> y </em> z', '<p>x <em>y </em>z</p>', 'x y z'],
  ] as const) {
    it(html, () => assert.deepEqual(sanitized(html), { markup, text }));
  }

  it('text without markup has no XHTML-IM', () => {
    for (const html of ['plain &lt;x', '<p>one</p><p>two</p>', '<p></p>', '', '<script>x</script>']) {
      assert.equal(sanitizeHtml(html)?.html, undefined, html);
    }
  });

  it('stands in the namespaces of XEP-0071', () => {
    const html = sanitizeHtml('<b>x</b>')?.html as Element;
    assert.ok(html.is('html', NS_XHTML_IM));
    assert.ok(html.getChild('body', NS_XHTML));
  });

  it('keeps images where that is chosen', () => {
    const html = '<img src="https://x/" alt=a width=10 height="9%" onerror=x><img src="data:x" alt=d>';
    assert.deepEqual(sanitized(html, { images: 'keep' }), {
      markup: '<p><img alt="a" src="https://x/" width="10"/>[d]</p>',
      text: '[a][d]',
    });
  });

  it('deep elements lose their tags', () => {
    const { markup, text } = sanitized(`${'<em>'.repeat(100)}x`);
    assert.equal(text, 'x');
    assert.equal(markup?.split('<em>').length, 32);
  });

  it('too many elements are refused', () => {
    assert.ok(sanitizeHtml('<br>'.repeat(2000)));
    assert.equal(sanitizeHtml('<br>'.repeat(2001)), undefined);
  });

  const ALLOWED = new Set([
    'html',
    'body',
    'a',
    'blockquote',
    'br',
    'cite',
    'em',
    'li',
    'ol',
    'p',
    'span',
    'strong',
    'ul',
  ]);
  const BLOCKS = new Set(['p', 'blockquote', 'ul', 'ol']);
  const LINES = new Set(['a', 'br', 'cite', 'em', 'span', 'strong']);

  function checkModel(element: Element): void {
    assert.ok(ALLOWED.has(element.name), element.name);
    for (const name of Object.keys(element.attrs)) assert.ok(['xmlns', 'href', 'style'].includes(name), name);
    for (const child of element.children) {
      const name = child instanceof Element ? child.name : undefined;
      switch (element.name) {
        case 'body':
        case 'blockquote':
          assert.ok(name !== undefined && BLOCKS.has(name), `${name} in ${element.name}`);
          break;
        case 'ul':
        case 'ol':
          assert.equal(name, 'li');
          break;
        case 'li':
          assert.ok(name === undefined || BLOCKS.has(name) || LINES.has(name), `${name} in li`);
          break;
        case 'html':
          break;
        default:
          assert.ok(name === undefined || LINES.has(name), `${name} in ${element.name}`);
      }
      if (child instanceof Element) checkModel(child);
    }
  }

  it('whatever comes in, what goes out keeps to the whitelist and its content models', () => {
    const piece = fc.constantFrom(
      ...[
        '<p>',
        '</p>',
        '<b>',
        '</b>',
        '<ul>',
        '</ul>',
        '<li>',
        '</li>',
        '<blockquote>',
        '</blockquote>',
        '<br>',
        'text',
        ' ',
      ],
      ...[
        '<a href="http://x/">',
        '</a>',
        '<div>',
        '</div>',
        '<span style="color:red">',
        '</span>',
        '<svg>',
        '</svg>',
        '<td>',
      ],
      ...[
        '<script>',
        '</script>',
        '<!--',
        '-->',
        '<',
        '>',
        '"',
        "'",
        '&lt;',
        '&#0;',
        '\u0000',
        '<p style="color:blue">',
        '<x:y>',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        for (const maxDepth of [2, 32]) {
          const result = sanitizeHtml(pieces.join(''), { maxDepth });
          if (result?.html !== undefined) checkModel(result.html);
        }
      }),
    );
  });
});
