/** XMPP users who are away: their messages are stored, and come later with the time when they were sent (XEP-0160, XEP-0203). */
import assert from 'node:assert/strict';
import type { Element } from 'ltx';
import { onStages } from './support/stage.js';

const NURSE = 'sip:nurse@example.com';

onStages(
  'an XMPP user who is away',
  (stage) => {
    it('gets what was answered 200 as soon as she is back, in order and stamped', async () => {
      const romeo = await stage().phone('romeo');
      const since = Date.now() - 1000;
      for (const line of ['Commend me to thy lady.', 'Ay, a thousand times.', 'Peter!']) {
        assert.equal((await romeo.says(NURSE, line)).status, 200);
      }
      const nurse = await stage().user('nurse');
      const stanzas = [await nurse.hears(), await nurse.hears(), await nurse.hears()];
      assert.deepEqual(
        stanzas.map((stanza) => stanza.getChildText('body')),
        ['Commend me to thy lady.', 'Ay, a thousand times.', 'Peter!'],
      );
      for (const stanza of stanzas) {
        assert.equal(stanza.attrs.from, 'romeo@example.net');
        const sentAt = stampOf(stanza);
        assert.ok(sentAt >= since - 1000 && sentAt <= Date.now() + 1000, 'XEP-0203: when it came, to the second');
      }
      await romeo.says(NURSE, 'Now');
      const live = await nurse.hears();
      assert.equal(live.getChild('delay', 'urn:xmpp:delay'), undefined, 'what comes at once has no stamp');
      assert.deepEqual(nurse.unread, [], 'nothing comes twice');
    });

    it('gets them once: who comes back again finds nothing', async () => {
      const romeo = await stage().phone('romeo');
      assert.equal((await romeo.says(NURSE, 'once')).status, 200);
      const nurse = await stage().user('nurse');
      assert.equal(await nurse.hearsText(), 'once');
      await nurse.close();
      const again = await stage().user('nurse', 'again');
      await again.heardAllFrom('example.net');
      assert.deepEqual(again.unread, []);
      await again.close();
    });

    it('gets them after a restart of the gateway', async () => {
      const romeo = await stage().phone('romeo');
      assert.equal((await romeo.says(NURSE, 'before the restart')).status, 200);
      await stage().clear();
      await stage().restartGateway();
      const nurse = await stage().user('nurse');
      const stanza = await nurse.hears();
      assert.equal(stanza.getChildText('body'), 'before the restart');
      assert.ok(stampOf(stanza) > 0);
      const back = await stage().phone('romeo');
      assert.equal((await back.says(NURSE, 'and after')).status, 200);
      assert.equal(await nurse.hearsText(), 'and after');
    });

    it('the phones that were registered are found after it', async () => {
      const romeo = await stage().phone('romeo');
      await stage().restartGateway();
      const juliet = await stage().user('juliet');
      juliet.says('romeo@example.net', 'still there?');
      assert.equal(await romeo.hearsText(), 'still there?');
    });
  },
  { keepsStore: true },
);

function stampOf(stanza: Element): number {
  const stamp = String(stanza.getChild('delay', 'urn:xmpp:delay')?.attrs.stamp);
  assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  return Date.parse(stamp);
}
