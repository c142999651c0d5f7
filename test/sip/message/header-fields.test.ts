import assert from 'node:assert/strict';
import { HeaderFields } from '../../../src/sip/message/header-fields.js';

const fields = () =>
  new HeaderFields([
    ['v', 'SIP/2.0/UDP a, SIP/2.0/UDP b'],
    ['Subject', 'one, two'],
    ['VIA', 'SIP/2.0/TCP c'],
    ['m', '"x, y" <sip:a,b@h>;q=1 , <sip:c@h>'],
    ['X-Odd', ';;,,;;,;'],
    ['Supported', ''],
    ['Require', 'a,, b ,'],
  ]);

describe('RFC 3261 §7.3: header fields', () => {
  it('are found by any case and by compact form', () => {
    for (const name of ['Via', 'via', 'VIA', 'v', 'V']) assert.equal(fields().has(name), true, name);
    assert.equal(fields().get('s'), 'one, two');
    assert.equal(fields().get('contact'), '"x, y" <sip:a,b@h>;q=1');
    assert.equal(fields().get('l'), undefined);
  });

  it('give the elements of lists one by one, over all lines', () => {
    assert.deepEqual(fields().getAll('Via'), ['SIP/2.0/UDP a', 'SIP/2.0/UDP b', 'SIP/2.0/TCP c']);
    assert.deepEqual(fields().getAll('Contact'), ['"x, y" <sip:a,b@h>;q=1', '<sip:c@h>']);
    assert.deepEqual(fields().getAll('Require'), ['a', 'b']);
    assert.deepEqual(fields().getAll('Supported'), []);
    assert.deepEqual(fields().getAll('Route'), []);
  });

  it('do not split what is no list', () => {
    assert.deepEqual(fields().getAll('Subject'), ['one, two']);
    assert.deepEqual(fields().getAll('x-odd'), [';;,,;;,;']);
    const auth = new HeaderFields([['WWW-Authenticate', 'Digest realm="a", nonce="b"']]);
    assert.deepEqual(auth.getAll('www-authenticate'), ['Digest realm="a", nonce="b"']);
  });

  it('keep order and spelling', () => {
    assert.deepEqual(
      [...fields().entries()].map(([name]) => name),
      ['v', 'Subject', 'VIA', 'm', 'X-Odd', 'Supported', 'Require'],
    );
  });

  for (const [compact, full] of [
    ['a', 'Accept-Contact'],
    ['b', 'Referred-By'],
    ['c', 'Content-Type'],
    ['d', 'Request-Disposition'],
    ['e', 'Content-Encoding'],
    ['f', 'From'],
    ['i', 'Call-ID'],
    ['j', 'Reject-Contact'],
    ['k', 'Supported'],
    ['l', 'Content-Length'],
    ['m', 'Contact'],
    ['n', 'Identity-Info'],
    ['o', 'Event'],
    ['r', 'Refer-To'],
    ['s', 'Subject'],
    ['t', 'To'],
    ['u', 'Allow-Events'],
    ['v', 'Via'],
    ['x', 'Session-Expires'],
    ['y', 'Identity'],
  ] as const) {
    it(`${compact} is ${full}`, () => {
      assert.equal(new HeaderFields([[compact, 'value']]).get(full), 'value');
      assert.equal(new HeaderFields([[full, 'value']]).get(compact.toUpperCase()), 'value');
    });
  }
});

describe('changing header fields', () => {
  it('set replaces all lines in the place of the first', () => {
    const headers = fields();
    headers.set('Via', 'SIP/2.0/UDP z');
    assert.deepEqual([...headers.entries()].slice(0, 3), [
      ['Via', 'SIP/2.0/UDP z'],
      ['Subject', 'one, two'],
      ['m', '"x, y" <sip:a,b@h>;q=1 , <sip:c@h>'],
    ]);
    headers.set('Expires', '60');
    assert.deepEqual([...headers.entries()].at(-1), ['Expires', '60']);
  });

  it('add appends, prepend comes first', () => {
    const headers = fields();
    headers.prepend('Via', 'SIP/2.0/UDP first');
    headers.add('Via', 'SIP/2.0/UDP last');
    assert.equal(headers.get('v'), 'SIP/2.0/UDP first');
    assert.equal(headers.getAll('v').at(-1), 'SIP/2.0/UDP last');
  });

  it('remove takes all lines, removeFirst one value', () => {
    const headers = fields();
    headers.removeFirst('Via');
    assert.deepEqual(headers.getAll('Via'), ['SIP/2.0/UDP b', 'SIP/2.0/TCP c']);
    headers.removeFirst('Via');
    assert.deepEqual(headers.getAll('Via'), ['SIP/2.0/TCP c']);
    headers.removeFirst('Contact');
    assert.deepEqual(headers.getAll('Contact'), ['<sip:c@h>']);
    headers.removeFirst('Subject');
    headers.removeFirst('Subject');
    assert.equal(headers.has('Subject'), false);
    headers.remove('V');
    assert.equal(headers.has('Via'), false);
    assert.equal(headers.size, 4);
  });

  it('a clone changes alone', () => {
    const headers = fields();
    const clone = headers.clone();
    clone.remove('Via');
    assert.equal(headers.has('Via'), true);
  });

  for (const [name, value] of [
    ['Subject', 'a\r\nVia: x'],
    ['Subject', 'a\nb'],
    ['Subject', 'a\rb'],
    ['Sub ject', 'a'],
    ['Subject:', 'a'],
    ['', 'a'],
  ] as const) {
    it(`refuses ${JSON.stringify([name, value])}, which would break the line`, () => {
      assert.throws(() => new HeaderFields([[name, value]]), RangeError);
      assert.throws(() => fields().set(name, value), RangeError);
      assert.throws(() => fields().prepend(name, value), RangeError);
    });
  }
});
