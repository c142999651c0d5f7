/** What a message says beside its text, and in which form: languages, subjects, threads, CPIM, HTML, long texts. */
import assert from 'node:assert/strict';
import { type Element, parse } from 'ltx';
import { textOf } from './support/phone.js';
import { IN_PROCESS, onStages } from './support/stage.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';

onStages('what messages carry', (stage) => {
  it('the language of a text crosses from SIP (RFC 7572 §8)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    await romeo.says(JULIET, 'Ani já, spanilá světice', { headers: [['Content-Language', 'cs']] });
    const stanza = await juliet.hears();
    assert.equal(stanza.attrs['xml:lang'], 'cs');
    assert.equal(stanza.getChildText('body'), 'Ani já, spanilá světice');
  });

  it('the language of a text crosses to SIP (RFC 7572 §8)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    juliet.says(ROMEO, 'Nejsi ty Romeo, Monteků?', { lang: 'cs' });
    const request = await romeo.hears();
    assert.equal(request.headers.get('Content-Language'), 'cs');
    assert.equal(textOf(request), 'Nejsi ty Romeo, Monteků?');
  });

  it('a subject crosses from SIP (RFC 7572 §5 Table 2)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    await romeo.says(JULIET, 'Tonight', { headers: [['Subject', 'The ladder']] });
    const stanza = await juliet.hears();
    assert.equal(stanza.getChildText('subject'), 'The ladder');
    assert.equal(stanza.getChildText('body'), 'Tonight');
  });

  it('a subject crosses to SIP (RFC 7572 §4 Table 1)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    juliet.says(ROMEO, 'At what o’clock?', { subject: 'To-morrow' });
    const request = await romeo.hears();
    assert.equal(request.headers.get('Subject'), 'To-morrow');
    assert.equal(textOf(request), 'At what o’clock?');
  });

  it('lines, quotes and signs of every script cross unharmed, both ways', async () => {
    const text = 'one\n\ntwo "three" \'four\' <&> 日本語 🌹 \u05d0\u05d1 – end';
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    await romeo.says(JULIET, text);
    assert.equal(await juliet.hearsText(), text);
    juliet.says(ROMEO, text);
    assert.equal((await romeo.hearsText()).replaceAll('\r\n', '\n'), text);
  });

  it('a Message/CPIM envelope is opened (RFC 7572 §7, RFC 3862)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const envelope = [
      'From: Romeo <im:romeo@example.net>',
      'To: <im:juliet@example.com>',
      'Subject: The lark',
      '',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'It was the lark – no nightingale.',
    ].join('\r\n');
    assert.equal((await romeo.says(JULIET, envelope, { contentType: 'message/cpim' })).status, 200);
    const stanza = await juliet.hears();
    assert.equal(stanza.getChildText('body'), 'It was the lark – no nightingale.');
    assert.equal(stanza.getChildText('subject'), 'The lark');
    assert.equal(stanza.attrs.from, ROMEO, 'the From of an envelope proves nothing');
  });

  it('HTML becomes XHTML-IM with its text beside it, and nothing that runs (RFC 7572 §7)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const html = '<p>My <em>bounty</em> is boundless<script>steal()</script></p>';
    assert.equal((await romeo.says(JULIET, html, { contentType: 'text/html' })).status, 200);
    const stanza = await juliet.hears();
    assert.match(stanza.getChildText('body') ?? '', /^My bounty is boundless\s*$/);
    const shown = stanza.getChild('html', 'http://jabber.org/protocol/xhtml-im')?.toString() ?? '';
    assert.match(shown, /<em>bounty<\/em>/);
    assert.doesNotMatch(stanza.toString(), /steal/);
  });

  it('XHTML-IM goes to SIP as its text', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const html = parse(
      "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'><b>Good night</b></body></html>",
    ) as Element;
    juliet.says(ROMEO, 'Good night', { children: [html] });
    const request = await romeo.hears();
    assert.equal(request.contentType?.essence, 'text/plain');
    assert.equal(textOf(request), 'Good night');
  });

  it('a type that no XMPP user could read is refused with those that are (RFC 3428 §9)', async () => {
    const romeo = await stage().phone('romeo');
    const answer = await romeo.says(JULIET, 'PNG', { contentType: 'image/png' });
    assert.equal(answer.status, 415);
    assert.match(answer.headers.get('Accept') ?? '', /text\/plain/);
  });

  it('typing is no message: it is accepted, and nobody reads it (RFC 3994)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const typing = "<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'><state>active</state></isComposing>";
    const answer = await romeo.says(JULIET, typing, { contentType: 'application/im-iscomposing+xml' });
    assert.equal(answer.status, 200);
    await romeo.says(JULIET, 'words');
    assert.equal(await juliet.hearsText(), 'words');
    assert.deepEqual(juliet.unread, []);
  });

  it('chat states are no message: the phone does not ring for them (XEP-0085)', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    const composing = parse("<composing xmlns='http://jabber.org/protocol/chatstates'/>") as Element;
    juliet.says(ROMEO, undefined, { type: 'chat', children: [composing] });
    juliet.says(ROMEO, 'words', { type: 'chat' });
    assert.equal(await romeo.hearsText(), 'words');
    await juliet.heardAllFrom('example.net');
    assert.deepEqual(juliet.unread, []);
  });

  it('what is encrypted for XMPP alone comes back (RFC 6120 §8.3.3.19)', async () => {
    const juliet = await stage().user('juliet');
    const omemo = parse(
      "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>AA==</payload></encrypted>",
    ) as Element;
    const error = await juliet.errorOf(juliet.says(ROMEO, undefined, { type: 'chat', children: [omemo] }));
    assert.equal(error.condition, 'service-unavailable');
    assert.match(error.text ?? '', /encryption/);
  });

  it('a MESSAGE may be longer than 1300 octets on its way in, over TCP', async () => {
    const romeo = await stage().phone('romeo', 'tcp');
    const juliet = await stage().user('juliet');
    const text = 'O '.repeat(4000).trim();
    assert.equal((await romeo.says(JULIET, text)).status, 200);
    assert.equal(await juliet.hearsText(), text);
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`a MESSAGE over ${transport} of more than 1300 octets is not sent: its sender is told (RFC 3428 §8)`, async () => {
      const romeo = await stage().phone('romeo', transport);
      const juliet = await stage().user('juliet');
      const error = await juliet.errorOf(juliet.says(ROMEO, 'x'.repeat(1300)));
      assert.equal(error.condition, 'policy-violation');
      assert.equal(error.type, 'modify');
      assert.equal(error.from, ROMEO);
      juliet.says(ROMEO, 'short');
      assert.equal(await romeo.hearsText(), 'short', 'and the next one is sent');
      assert.deepEqual(romeo.unread, []);
    });
  }

  it('a MESSAGE just below the limit is sent', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    let received = 0;
    romeo.agent.onWire((direction, text) => {
      if (direction === 'received' && text.startsWith('MESSAGE')) received = Buffer.byteLength(text);
    });
    juliet.says(ROMEO, 'x', { thread: 'measure' });
    await romeo.hears();
    const room = 1300 - received;
    // the length of the body takes digits of its own in Content-Length
    juliet.says(ROMEO, 'x'.repeat(room - 5), { thread: 'measure' });
    await romeo.hears();
    assert.ok(received > 1290 && received <= 1300, `${received} octets`);
  });
});

onStages(
  'what is too long for XMPP',
  (stage) => {
    it('is refused with 413, and the link stays up', async () => {
      const romeo = await stage().phone('romeo', 'tcp');
      const juliet = await stage().user('juliet');
      assert.equal((await romeo.says(JULIET, 'O'.repeat(11_000))).status, 413);
      assert.equal((await romeo.says(JULIET, 'O'.repeat(6_000))).status, 200);
      assert.equal((await juliet.hearsText()).length, 6_000);
      assert.deepEqual(juliet.unread, []);
    });

    it('counts as the octets that it will have in XML', async () => {
      const romeo = await stage().phone('romeo', 'tcp');
      assert.equal((await romeo.says(JULIET, '&'.repeat(3_000))).status, 413);
      assert.equal((await romeo.says(JULIET, '♥'.repeat(4_000))).status, 413);
    });
  },
  { config: { limits: { stanzaOctets: 10_000 } }, shapes: IN_PROCESS },
);

onStages(
  'text to SIP in Message/CPIM envelopes',
  (stage) => {
    it('is wrapped (RFC 3862)', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      juliet.says(ROMEO, 'Parting is such sweet sorrow', { subject: 'Night', lang: 'en' });
      const request = await romeo.hears();
      assert.equal(request.contentType?.essence, 'message/cpim');
      const [fields = '', inner = '', text] = textOf(request).split('\r\n\r\n');
      assert.match(fields, /^From: <im:juliet@example\.com>/m);
      assert.match(fields, /^To: <im:romeo@example\.net>/m);
      assert.match(fields, /^Subject:;lang=en Night|^Subject: Night/m);
      assert.match(inner, /^Content-Type: text\/plain/im);
      assert.equal(text, 'Parting is such sweet sorrow');
    });

    it('goes without to a phone that takes none, and its sender hears nothing of it', async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      romeo.answers = (request) =>
        request.contentType?.essence === 'text/plain' ? 200 : { status: 415, headers: [['Accept', 'text/plain']] };
      juliet.says(ROMEO, 'plain then');
      assert.equal((await romeo.hears()).contentType?.essence, 'message/cpim');
      assert.equal(await romeo.hearsText(), 'plain then');
      juliet.says(ROMEO, 'and on');
      await romeo.hears();
      await romeo.hears();
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(juliet.unread, []);
    });
  },
  { config: { messages: { cpim: { out: 'always' } } }, shapes: IN_PROCESS },
);
