/** Single messages both ways (RFC 7572): what one user sends, what the other receives. */
import assert from 'node:assert/strict';
import { textOf } from './support/phone.js';
import { onStages } from './support/stage.js';

const JULIET = 'sip:juliet@example.com';
const ROMEO = 'romeo@example.net';

onStages('messages between SIP and XMPP', (stage) => {
  for (const transport of ['udp', 'tcp'] as const) {
    it(`a SIP user writes over ${transport}, and the XMPP user reads it (RFC 7572 §5)`, async () => {
      const romeo = await stage().phone('romeo', transport);
      const juliet = await stage().user('juliet');
      const answer = await romeo.says(JULIET, 'Neither, fair saint, if <either> thee dislike & "so" – ♥', {
        callId: 'c1',
      });
      assert.equal(answer.status, 200);
      const stanza = await juliet.hears();
      assert.equal(stanza.attrs.from, ROMEO);
      assert.equal(stanza.attrs.to, 'juliet@example.com');
      assert.equal(stanza.attrs.type, undefined, 'RFC 7572 §5: a single message is of type normal');
      assert.equal(stanza.getChildText('body'), 'Neither, fair saint, if <either> thee dislike & "so" – ♥');
      assert.equal(stanza.getChildText('thread'), 'c1');
    });

    it(`an XMPP user writes, and the SIP user reads it over ${transport} (RFC 7572 §4)`, async () => {
      const romeo = await stage().phone('romeo', transport);
      const juliet = await stage().user('juliet');
      juliet.says(ROMEO, 'Art thou not <Romeo>, & a "Montague"? – ♥', { thread: 't1' });
      const request = await romeo.hears();
      assert.equal(request.method, 'MESSAGE');
      assert.equal(request.from.uri.with({ params: [] }).toString(), JULIET);
      assert.equal(request.from.uri.param('gr'), 'balcony', 'RFC 7247 §6.3: the resource is the GRUU');
      assert.equal(request.to.uri.toString(), 'sip:romeo@example.net');
      assert.equal(request.contentType?.essence, 'text/plain');
      assert.equal(request.callId, 't1');
      assert.equal(textOf(request), 'Art thou not <Romeo>, & a "Montague"? – ♥');
      await juliet.heardAllFrom('example.net');
      assert.deepEqual(juliet.unread, [], 'a 2xx is no news to the XMPP user (RFC 7572 §4)');
    });
  }

  it('they talk in turn, each in the thread of the other', async () => {
    const romeo = await stage().phone('romeo');
    const juliet = await stage().user('juliet');
    juliet.says(ROMEO, 'What man art thou?', { thread: 'orchard-1' });
    const request = await romeo.hears();
    await romeo.says(`${request.from.uri}`, 'By a name I know not how to tell thee who I am.', {
      headers: [['In-Reply-To', request.callId]],
    });
    const reply = await juliet.hears();
    assert.equal(reply.attrs.to, juliet.jid, 'the GRUU leads back to the resource');
    assert.equal(reply.getChildText('thread'), 'orchard-1');
  });

  it('many messages in a row keep their order, both ways', async () => {
    const romeo = await stage().phone('romeo', 'tcp');
    const juliet = await stage().user('juliet');
    for (let line = 0; line < 10; line++) {
      assert.equal((await romeo.says(JULIET, `line ${line}`)).status, 200);
      juliet.says(ROMEO, `verse ${line}`);
    }
    for (let line = 0; line < 10; line++) {
      assert.equal(await juliet.hearsText(), `line ${line}`);
      assert.equal(await romeo.hearsText(), `verse ${line}`);
    }
  });

  for (const type of ['chat', 'headline'] as const) {
    it(`a stanza of type ${type} is a MESSAGE too`, async () => {
      const romeo = await stage().phone('romeo');
      const juliet = await stage().user('juliet');
      juliet.says(ROMEO, type, { type });
      assert.equal(await romeo.hearsText(), type);
    });
  }
});
