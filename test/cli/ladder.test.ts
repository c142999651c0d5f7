import assert from 'node:assert/strict';
import { drawRung, ladderHead } from '../../src/cli/demo/ladder.js';

const MESSAGE = 'MESSAGE sip:juliet@example.com SIP/2.0\r\nTo: <sip:juliet@example.com>\r\nContent-Length: 2\r\n\r\nhi';

describe('ladder', () => {
  it('draws SIP on the left, arrow towards the gateway', () => {
    const text = drawRung({ leg: 'sip', towards: 'gateway', packet: MESSAGE });
    const lines = text.split('\n');
    assert.match(lines[0] ?? '', /^ {2}│ MESSAGE sip:juliet@example\.com +│ +│$/);
    assert.match(lines[1] ?? '', /^ {2}│─+▶│ +│$/);
    assert.match(text, /│ {3}To: <sip:juliet@example\.com> +│/);
    assert.match(text, /│ {3}hi +│/);
  });

  it('draws XMPP on the right, arrow towards the user', () => {
    const text = drawRung({
      leg: 'xmpp',
      towards: 'user',
      packet: "<message type='error' to='a@b'><body>hi</body></message>",
    });
    assert.match(text, /│ message type=error +│$/m);
    assert.match(text, /│─+▶│$/m);
    assert.match(text, /<body>hi<\/body>/);
  });

  it('keeps every line as wide as the head', () => {
    const width = Math.max(
      ...ladderHead('romeo@example.net', 'juliet@example.com')
        .split('\n')
        .map((line) => line.length),
    );
    const long = drawRung({
      leg: 'xmpp',
      towards: 'gateway',
      packet: `<message><body>${'wörld '.repeat(200)}</body></message>`,
    });
    for (const line of long.split('\n')) assert.equal([...line].length, width);
  });
});
