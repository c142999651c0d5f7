import assert from 'node:assert/strict';
import { LoopbackServer } from '../../support/embedded-server.js';
import { xml } from '../../support/im-server.js';

describe('the embedded server over loopback', () => {
  let loopback: LoopbackServer;
  before(async () => {
    loopback = await LoopbackServer.start(['juliet@example.com', 'romeo@example.com']);
  });
  after(() => loopback.stop());

  it('carries messages between two clients', async () => {
    const juliet = await loopback.connect('juliet@example.com/balcony');
    const romeo = await loopback.connect('romeo@example.com/garden');
    assert.equal(juliet.jid.toString(), 'juliet@example.com/balcony');
    romeo.send(
      xml(
        '<message to="juliet@example.com" type="chat" id="m1"><body>Wherefore? &lt;&amp; Ünïcode 🌹</body></message>',
      ),
    );
    const message = await juliet.nextMessage();
    assert.equal(message.getChildText('body'), 'Wherefore? <& Ünïcode 🌹');
    assert.equal(message.attrs.from, 'romeo@example.com/garden');
    await Promise.all([juliet.close(), romeo.close()]);
  });
});
