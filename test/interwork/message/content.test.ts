import assert from 'node:assert/strict';
import { type Content, type ContentLimits, readContent } from '../../../src/interwork/message/content.js';
import { MediaType } from '../../../src/sip/message/media-type.js';
import { stanzaText } from '../../../src/xmpp/stream/stanza-text.js';

function read(type: string, body: string, limits: ContentLimits = {}, contentLanguage?: string) {
  const contentType = MediaType.parse(type);
  assert.ok(contentType.ok);
  return readContent({ contentType: contentType.value, contentLanguage, bytes: Buffer.from(body) }, limits);
}

function content(type: string, body: string, contentLanguage?: string): Content {
  const result = read(type, body, {}, contentLanguage);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error));
  return result.value;
}

function text(type: string, body: string, contentLanguage?: string) {
  const result = content(type, body, contentLanguage);
  assert.equal(result.kind, 'text');
  const { html, ...rest } = result as Extract<Content, { kind: 'text' }>;
  return html === undefined ? rest : { ...rest, html: stanzaText(html) };
}

function refusal(type: string, body: string, limits: ContentLimits = {}) {
  const result = read(type, body, limits);
  assert.equal(result.ok, false);
  return result.ok ? undefined : result.error;
}

function multipart(...parts: readonly string[]): string {
  return `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;
}

const PLAIN = 'Content-Type: text/plain;charset=UTF-8\r\n\r\nplain';
const HTML = 'Content-Type: text/html\r\n\r\n<b>html</b>';
const PICTURE = 'Content-Type: image/png\r\nContent-Disposition: attachment; filename="p\u0007 .png"\r\n\r\nPNG';

describe('7572-7: bodies of MESSAGE', () => {
  it('text/plain is text', () => assert.deepEqual(text('text/plain', 'a<b>\r\n'), { kind: 'text', text: 'a<b>\n' }));

  it('Content-Language is its language', () =>
    assert.deepEqual(text('text/plain', 'a', 'cs, en'), { kind: 'text', text: 'a', lang: 'cs' }));

  it('text/html is text and XHTML-IM', () => {
    const { html, text: plain } = text('text/html', '<p>a<em>b</em>') as { html: string; text: string };
    assert.equal(plain, 'ab');
    assert.match(html, /<p>a<em>b<\/em><\/p>/);
  });

  it('an unknown charset, type or nested type is 415 with Accept', () => {
    for (const [type, body] of [
      ['text/plain;charset=x-none', 'a'],
      ['text/html;charset=x-none', 'a'],
      ['text/rtf', 'a'],
      ['image/png', 'a'],
      ['multipart/signed;boundary=b', multipart(PLAIN)],
      ['multipart/related;boundary=b', multipart(PLAIN)],
      ['multipart/mixed;boundary=b', multipart(PICTURE)],
      ['message/cpim', 'From: <im:a@b.example>\r\n\r\nContent-Type: image/png\r\n\r\nx'],
      ['message/rfc822', 'a'],
      ['application/json', '{}'],
    ] as const) {
      const answer = refusal(type, body);
      assert.equal(answer?.status, 415, type);
      assert.match(String(answer?.headers?.[0]), /^Accept,text\/plain, /);
    }
  });

  it('an unknown transfer encoding is 415 with Accept-Encoding', () => {
    const part = 'Content-Type: text/plain\r\nContent-Transfer-Encoding: x-zip\r\n\r\nx';
    assert.deepEqual(refusal('multipart/mixed;boundary=b', multipart(part))?.headers, [
      ['Accept-Encoding', 'identity, deflate'],
    ]);
  });

  it('a malformed body is 400, with a reason of one line', () => {
    for (const [type, body] of [
      ['multipart/mixed;boundary=b', 'nothing'],
      ['multipart/mixed', multipart(PLAIN)],
      ['multipart/mixed;boundary=b', '--b\r\nContent-Type: \r\n\r\nx\r\n--b--'],
      ['message/cpim', 'no cpim\r\n\r\n'],
      ['message/cpim', 'From: <im:a@b.example>\r\n\r\nno header'],
    ] as const) {
      const answer = refusal(type, body);
      assert.equal(answer?.status, 400, body);
      assert.doesNotMatch(answer?.reason ?? '\n', /[\r\n]/);
    }
  });

  it('HTML with too many elements is 413', () =>
    assert.equal(refusal('text/html', '<b>x</b>'.repeat(5), { html: { maxElements: 4 } })?.status, 413));
});

describe('7572-7-5: multipart bodies', () => {
  it('alternative: the plain part is the body, the HTML part XHTML-IM, in any order', () => {
    for (const parts of [
      [PLAIN, HTML],
      [HTML, PLAIN],
    ]) {
      const read = text('multipart/alternative;boundary=b', multipart(...parts)) as { text: string; html?: string };
      assert.equal(read.text, 'plain');
      assert.match(read.html ?? '', /<strong>html<\/strong>/);
    }
  });

  it('alternative: what cannot be read is left out without a word', () => {
    const read = text('multipart/alternative;boundary=b', multipart(PLAIN, 'Content-Type: text/rtf\r\n\r\nx'));
    assert.deepEqual(read, { kind: 'text', text: 'plain' });
  });

  it('alternative: HTML alone gives both', () => {
    assert.equal(text('multipart/alternative;boundary=b', multipart(HTML)).text, 'html');
  });

  it('mixed: the texts in order, and the name of what was left out', () => {
    const two = multipart(PLAIN, PICTURE, 'Content-Type: text/plain\r\n\r\nmore');
    assert.equal(text('multipart/mixed;boundary=b', two).text, 'plain\nmore\n[Left out: p .png (image/png)]');
  });

  it('mixed: the XHTML-IM of the only text names it too', () => {
    const read = text('multipart/mixed;boundary=b', multipart(HTML, PICTURE)) as { html?: string };
    assert.match(read.html ?? '', /<p>\[Left out: p \.png \(image\/png\)\]<\/p><\/body>/);
  });

  it('mixed: a part marked as optional may go without a word', () => {
    const optional = 'Content-Type: image/png\r\nContent-Disposition: render;handling=optional\r\n\r\nPNG';
    assert.equal(text('multipart/mixed;boundary=b', multipart(PLAIN, optional)).text, 'plain');
  });

  it('mixed: one language for all, or none', () => {
    const czech = 'Content-Language: cs\r\n\r\nahoj';
    const english = 'Content-Language: en\r\n\r\nhello';
    assert.deepEqual(text('multipart/mixed;boundary=b', multipart(czech, czech)), {
      kind: 'text',
      text: 'ahoj\nahoj',
      lang: 'cs',
    });
    assert.deepEqual(text('multipart/mixed;boundary=b', multipart(czech, english)), {
      kind: 'text',
      text: 'ahoj\nhello',
    });
  });

  it('the language of the whole is that of a part without its own', () => {
    assert.equal((text('multipart/mixed;boundary=b', multipart(PLAIN), 'cs') as { lang?: string }).lang, 'cs');
  });

  it('transfer encodings are undone', () => {
    const part =
      'Content-Type: text/plain;charset=ISO-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nob=E9ho';
    assert.equal(text('multipart/mixed;boundary=b', multipart(part)).text, 'obého');
  });

  it('has limits on nesting and parts', () => {
    let type = 'text/plain';
    let body = 'deep';
    for (let level = 1; level <= 4; level++) {
      body = `--b${level}\r\nContent-Type: ${type}\r\n\r\n${body}\r\n--b${level}--`;
      type = `multipart/mixed;boundary=b${level}`;
      if (level === 3) assert.equal(text(type, body).text, 'deep');
    }
    assert.equal(refusal(type, body)?.status, 415);
    assert.equal(refusal('multipart/mixed;boundary=b', multipart(PLAIN, PLAIN), { maxParts: 1 })?.status, 400);
  });
});

describe('CPIM and notices', () => {
  const envelope = (inner: string, headers = '') =>
    `From: <im:a@b.example>\r\nTo: <im:c@d.example>\r\n${headers}\r\n${inner}`;

  it('cpim: subject and time of the envelope, text of the content', () => {
    const headers = 'DateTime: 2015-06-01T12:00:00Z\r\nSubject:;lang=en Night\r\nSubject:;lang=cs Noc\r\n';
    assert.deepEqual(text('message/cpim', envelope(PLAIN, headers)), {
      kind: 'text',
      text: 'plain',
      subject: { text: 'Night', lang: 'en' },
      sentAt: Date.UTC(2015, 5, 1, 12),
    });
  });

  it('cpim: a subject is one line, a time that is none counts as none', () => {
    const headers = 'DateTime: yesterday\r\nSubject: two\\r\\nlines\\u0000\r\n';
    assert.deepEqual(text('message/cpim', envelope(PLAIN, headers)), {
      kind: 'text',
      text: 'plain',
      subject: { text: 'two lines' },
    });
  });

  it('cpim: the innermost envelope knows best, and the fourth is too many', () => {
    let body = envelope(PLAIN, 'Subject: 1\r\n');
    for (let level = 2; level <= 4; level++) {
      if (level === 4)
        assert.equal((text('message/cpim', body) as { subject?: object }).subject?.toString(), '[object Object]');
      body = envelope(`Content-Type: message/cpim\r\n\r\n${body}`, `Subject: ${level}\r\n`);
    }
    assert.equal(refusal('message/cpim', body)?.status, 415);
  });

  it('cpim: what it requires and nobody knows is 415, IMDN included as long as nobody answers it', () => {
    const headers = 'NS: imdn <urn:ietf:params:imdn>\r\nRequire: imdn.Disposition-Notification\r\n';
    assert.equal(refusal('message/cpim', envelope(PLAIN, headers))?.status, 415);
  });

  for (const [type, notice] of [
    ['application/im-iscomposing+xml', 'is-composing'],
    ['message/imdn+xml', 'imdn'],
  ] as const) {
    it(`${type} is a notice, wrapped or not`, () => {
      const bare = content(type, '<x/>');
      assert.ok(bare.kind === 'notice' && bare.notice === notice && bare.envelope === undefined);
      const wrapped = content('message/cpim', envelope(`Content-Type: ${type}\r\n\r\n<x/>`));
      assert.ok(wrapped.kind === 'notice' && wrapped.notice === notice);
      assert.equal(Buffer.from(wrapped.document).toString(), '<x/>');
      assert.equal(wrapped.envelope?.from?.uri, 'im:a@b.example');
    });
  }

  it('a notice beside text is left out', () => {
    const notice = 'Content-Type: application/im-iscomposing+xml\r\n\r\n<x/>';
    assert.deepEqual(text('multipart/mixed;boundary=b', multipart(notice, PLAIN)), { kind: 'text', text: 'plain' });
  });
});
