import assert from 'node:assert/strict';
import { NameAddr } from '../../../src/sip/message/name-addr.js';
import { MAX_PARAMETERS } from '../../../src/sip/message/parameters.js';

function parse(text: string): NameAddr {
  const result = NameAddr.parse(text);
  assert.ok(result.ok, result.ok ? '' : `${text}: ${result.error}`);
  return result.value;
}

describe('RFC 3261 §20.10, §20.20, §20.39: address values', () => {
  const rows: [text: string, displayName: string | undefined, uri: string, tag: string | undefined, written: string][] =
    [
      [
        '"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s',
        'A. G. Bell',
        'sip:agb@bell-telephone.com',
        'a48s',
        '"A. G. Bell" <sip:agb@bell-telephone.com>;tag=a48s',
      ],
      [
        'sip:+12125551212@server.phone2net.com;tag=887s',
        undefined,
        'sip:+12125551212@server.phone2net.com',
        '887s',
        '<sip:+12125551212@server.phone2net.com>;tag=887s',
      ],
      [
        'Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8',
        'Anonymous',
        'sip:c8oqz84zk7z@privacy.org',
        'hyh8',
        '"Anonymous" <sip:c8oqz84zk7z@privacy.org>;tag=hyh8',
      ],
      [
        'caller<sip:caller@example.com>;tag=323',
        'caller',
        'sip:caller@example.com',
        '323',
        '"caller" <sip:caller@example.com>;tag=323',
      ],
      ['<sip:a@h;lr>', undefined, 'sip:a@h;lr', undefined, '<sip:a@h;lr>'],
      ['sip:a@h', undefined, 'sip:a@h', undefined, '<sip:a@h>'],
      ['""<sip:a@h>', '', 'sip:a@h', undefined, '"" <sip:a@h>'],
      [
        '"J Rosenberg \\\\\\"" <sip:j@h>;tag=x',
        'J Rosenberg \\"',
        'sip:j@h',
        'x',
        '"J Rosenberg \\\\\\"" <sip:j@h>;tag=x',
      ],
      ['"<sip:x@y>" <sip:a@h>', '<sip:x@y>', 'sip:a@h', undefined, '"<sip:x@y>" <sip:a@h>'],
      [
        'Bell, Alexander <sip:a.g.bell@example.com>;tag=43',
        'Bell, Alexander',
        'sip:a.g.bell@example.com',
        '43',
        '"Bell, Alexander" <sip:a.g.bell@example.com>;tag=43',
      ],
      ['Jürgen <sip:j@h>', 'Jürgen', 'sip:j@h', undefined, '"Jürgen" <sip:j@h>'],
      ['<tel:+1-201-555-0123>;tag=1', undefined, 'tel:+1-201-555-0123', '1', '<tel:+1-201-555-0123>;tag=1'],
      [
        'sip:user1@domain.com;;tag=49394',
        undefined,
        'sip:user1@domain.com',
        '49394',
        '<sip:user1@domain.com>;tag=49394',
      ],
      ['<sip:a@h>\t;\ttag = 98asjd8', undefined, 'sip:a@h', '98asjd8', '<sip:a@h>;tag=98asjd8'],
    ];
  for (const [text, displayName, uri, tag, written] of rows) {
    it(text, () => {
      const address = parse(text);
      assert.equal(address.displayName, displayName);
      assert.equal(address.uri.toString(), uri);
      assert.equal(address.tag, tag);
      assert.equal(address.toString(), written);
      assert.equal(parse(written).toString(), written);
    });
  }
});

describe('RFC 3261 §20: without angle brackets', () => {
  it('parameters belong to the header', () => {
    const address = parse('sip:a@h;transport=tcp;tag=1');
    assert.equal(address.uri.param('transport'), undefined);
    assert.equal(address.param('transport'), 'tcp');
  });

  for (const text of ['sip:a@h?x=y', 'sip:a,b@h', 'sip:a;b@h', 'sip:a?b@h', 'sip:a@h b']) {
    it(`${text} is malformed`, () => assert.equal(NameAddr.parse(text).ok, false));
  }
});

describe('header parameters', () => {
  it('keep order, spelling and quotes', () => {
    const address = parse('<sip:a@h>;+sip.instance="<urn:uuid:1>;x=\\"";Q=0.5;expires=3600;pub-gruu');
    assert.deepEqual(address.params, [
      ['+sip.instance', '"<urn:uuid:1>;x=\\""'],
      ['Q', '0.5'],
      ['expires', '3600'],
      ['pub-gruu', undefined],
    ]);
    assert.equal(address.param('q'), '0.5');
    assert.equal(address.param('PUB-GRUU'), '');
    assert.equal(address.param('reg-id'), undefined);
  });

  it('can be set, replaced and removed', () => {
    const address = parse('<sip:a@h>;tag=1;x');
    assert.equal(address.withParam('Tag', '2').toString(), '<sip:a@h>;Tag=2;x');
    assert.equal(address.withParam('y').toString(), '<sip:a@h>;tag=1;x;y');
    assert.equal(address.withoutParam('TAG').toString(), '<sip:a@h>;x');
    assert.equal(address.toString(), '<sip:a@h>;tag=1;x');
  });

  it(`are at most ${MAX_PARAMETERS}`, () => {
    const params = Array.from({ length: MAX_PARAMETERS }, (_, i) => `;p${i}`).join('');
    assert.equal(NameAddr.parse(`<sip:a@h>${params}`).ok, true);
    assert.equal(NameAddr.parse(`<sip:a@h>${params};more`).ok, false);
  });
});

describe('what is no address value', () => {
  for (const text of [
    '',
    ' ',
    '"Mr. J. User <sip:j.user@example.com>',
    '"Watson, Thomas" < sip:t.watson@example.org >',
    '"x"',
    '"x" sip:a@h',
    'x" <sip:a@h>',
    'x> <sip:a@h>',
    '<sip:a@h',
    '<>',
    '<a@h>',
    'a@h',
    '<sip:a@h> x',
    '<sip:a@h>x=y',
    '<sip:a@h>;=y',
    '<sip:a@h>;x="y',
    '<sip:a@h>;tag=1;tag=2',
    '<sip:a@h>;tag=a,b',
    '<sip:a@h>;tag=a b',
    '<sip:a@h>, <sip:b@h>',
    '*',
  ]) {
    it(JSON.stringify(text), () => assert.equal(NameAddr.parse(text).ok, false));
  }
});
