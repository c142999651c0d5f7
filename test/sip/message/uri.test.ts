import assert from 'node:assert/strict';
import { Uri } from '../../../src/sip/message/uri.js';

function parse(text: string): Uri {
  const result = Uri.parse(text);
  assert.ok(result.ok, result.ok ? '' : `${text}: ${result.error}`);
  return result.value;
}

describe('RFC 3261 §19.1.1: the parts of a SIP URI', () => {
  const rows: [string, Partial<Record<keyof Uri, unknown>>][] = [
    ['sip:alice@atlanta.com', { scheme: 'sip', user: 'alice', host: 'atlanta.com', port: undefined }],
    ['sip:alice:secretword@atlanta.com;transport=tcp', { user: 'alice', password: 'secretword', host: 'atlanta.com' }],
    ['sips:alice@atlanta.com?subject=project%20x&priority=urgent', { headers: 'subject=project%20x&priority=urgent' }],
    ['sip:+1-212-555-1212:1234@gateway.com;user=phone', { user: '+1-212-555-1212', password: '1234' }],
    ['sips:1212@gateway.com', { scheme: 'sips', user: '1212', host: 'gateway.com' }],
    ['sip:alice@192.0.2.4', { host: '192.0.2.4' }],
    ['sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com', { user: undefined, host: 'atlanta.com' }],
    ['sip:alice;day=tuesday@atlanta.com', { user: 'alice;day=tuesday', host: 'atlanta.com', params: [] }],
    ['SIP:Alice@AtLanTa.CoM', { scheme: 'sip', user: 'Alice', host: 'atlanta.com' }],
    ['sip:alice@[2001:DB8::1]:5061', { host: '[2001:db8::1]', port: 5061 }],
    ['sip:[::ffff:192.0.2.1]', { user: undefined, host: '[::ffff:192.0.2.1]' }],
    ['sip:!$()*+,-.;=?_~@sip.example', { user: '!$()*+,-.;=?_~', host: 'sip.example', headers: undefined, params: [] }],
    ['sip:user;par=u%40example.net@example.com', { user: 'user;par=u%40example.net', host: 'example.com' }],
    ['sip:a%zz%4@sip.example', { user: 'a%zz%4' }],
    ['sip:jürgen@sip.example', { user: 'jürgen' }],
    ['sip:a:@sip.example', { user: 'a', password: '' }],
    ['sip:a@sip_host.example', { host: 'sip_host.example' }],
    ['sip:a@sip.example.', { host: 'sip.example.' }],
    ['sip:a@sip.example:0', { port: 0 }],
    ['sip:a@sip.example:65535', { port: 65535 }],
    ['sip:a@h?', { headers: '' }],
  ];
  for (const [text, parts] of rows) {
    it(text, () => {
      const uri = parse(text);
      for (const [name, value] of Object.entries(parts)) {
        assert.deepEqual(uri[name as keyof Uri], value, name);
      }
      assert.equal(uri.toString(), text);
    });
  }
});

describe('RFC 3261 §19.1.1: parameters of a SIP URI', () => {
  it('keeps order, case and escapes, and finds names in any case', () => {
    const uri = parse('sip:a@h;Transport=TCP;lr;gr=b%20c;method=');
    assert.deepEqual(uri.params, [
      ['Transport', 'TCP'],
      ['lr', undefined],
      ['gr', 'b%20c'],
      ['method', ''],
    ]);
    assert.equal(uri.param('transport'), 'TCP');
    assert.equal(uri.param('LR'), '');
    assert.equal(uri.param('GR'), 'b%20c');
    assert.equal(uri.param('maddr'), undefined);
  });

  it('leaves out an empty parameter (COMPAT), also when written again', () => {
    assert.equal(parse('sip:a@h;;lr;').toString(), 'sip:a@h;lr');
  });

  it('takes no "?" of the headers for a parameter', () => {
    const uri = parse('sip:h;lr?to=a;b');
    assert.deepEqual(uri.params, [['lr', undefined]]);
    assert.equal(uri.headers, 'to=a;b');
  });
});

describe('URIs of other schemes', () => {
  const rows: [string, Partial<Record<keyof Uri, unknown>>][] = [
    ['tel:+1-201-555-0123', { scheme: 'tel', user: '+1-201-555-0123', host: '' }],
    ['tel:7042;phone-context=example.com', { user: '7042', params: [['phone-context', 'example.com']] }],
    ['tel:+358-555-1234567;postd=pp22', { user: '+358-555-1234567' }],
    ['im:romeo@example.net', { scheme: 'im', user: 'romeo', host: 'example.net' }],
    ['pres:Romeo@Example.NET', { scheme: 'pres', user: 'Romeo', host: 'example.net' }],
    ['im:romeo@example.net?subject=hi', { headers: 'subject=hi' }],
    ['xmpp:example.net', { user: undefined, host: 'example.net', path: undefined }],
    ['xmpp:romeo@example.net/or%20chard', { user: 'romeo', host: 'example.net', path: 'or%20chard' }],
    ['xmpp:romeo@example.net/a@b/c?message', { host: 'example.net', path: 'a@b/c', headers: 'message' }],
    ['xmpp:ji%C5%99i@%C4%8Dechy.example', { user: 'ji%C5%99i', host: '%c4%8dechy.example' }],
    ['http://example.com/x', { scheme: 'http', user: '//example.com/x', host: '' }],
    ['nobodyKnowsThisScheme:totallyopaquecontent', { scheme: 'nobodyknowsthisscheme', user: 'totallyopaquecontent' }],
    ['urn:service:sos', { scheme: 'urn', user: 'service:sos' }],
  ];
  for (const [text, parts] of rows) {
    it(text, () => {
      const uri = parse(text);
      for (const [name, value] of Object.entries(parts)) {
        assert.deepEqual(uri[name as keyof Uri], value, name);
      }
      assert.equal(uri.toString(), text);
      assert.equal(parse(uri.with({}).toString()).equals(uri), true);
    });
  }
});

describe('what is no URI', () => {
  for (const text of [
    '',
    'sip',
    'sip:',
    ':a@h',
    '1sip:a@h',
    's ip:a@h',
    'sip:@h',
    'sip::pw@h',
    'sip:a@',
    'sip:a@b@h',
    'sip:a@h;x=b@c',
    'sip:a b@h',
    'sip:a\tb@h',
    'sip:a\r\nb@h',
    'sip:a\u0000@h',
    'sip:a\u007f@h',
    'sip:a\u0085@h',
    'sip:"a"@h',
    'sip:<a>@h',
    '<sip:a@h>',
    'sip:a@h:',
    'sip:a@h:x',
    'sip:a@h:65536',
    'sip:a@h:99999999999999999999',
    'sip:a@h:5060x',
    'sip:a@h..example',
    'sip:a@.h',
    'sip:a@h/x',
    'sip:a@bücher.example',
    'sip:a@[2001:db8::1',
    'sip:a@[2001:db8::1::2]',
    'sip:a@[1:2:3]',
    'sip:a@[2001:db8:::1]',
    'sip:a@[::::192.0.2.1]',
    'sip:a@[::192.0.2.256]',
    'sip:a@[192.0.2.1::]',
    'sip:a@[1:2:3:4:5:6:7:8:9]',
    'sip:a@[1:2:3:4::5:6:7:8]',
    'sip:a@[]',
    'sip:a@[12345::]',
    'sip:a@[::1%25eth0]',
    'sip:a@2001:db8::1',
    'sip:a@h;=x',
    'sip:a@h;lr;LR',
    'tel:',
    'tel:+',
    'tel:hello',
    'tel:+1?x=y',
    'im:',
    'im:@h',
    'im:a@b@h',
    'xmpp:a@h:5222',
    'xmpp://guest@h/a@h',
  ]) {
    it(JSON.stringify(text), () => {
      const result = Uri.parse(text);
      assert.equal(result.ok, false);
      assert.ok(!result.ok && result.error.length > 0);
    });
  }

  it('more than 64 parameters', () => {
    const params = Array.from({ length: 65 }, (_, i) => `;p${i}`).join('');
    assert.equal(Uri.parse(`sip:h${params}`).ok, false);
    assert.equal(Uri.parse(`sip:h${params.slice(0, params.lastIndexOf(';'))}`).ok, true);
  });

  it('more than 16384 characters', () => {
    assert.equal(Uri.parse(`sip:${'a'.repeat(16_381)}`).ok, false);
    assert.equal(Uri.parse(`sip:${'a'.repeat(16_380)}`).ok, true);
  });
});

describe('building a URI', () => {
  it('puts all parts in their places', () => {
    const uri = Uri.build({
      scheme: 'SIP',
      user: 'a%20b',
      password: 'pw',
      host: '[2001:DB8::1]',
      port: 5080,
      params: [
        ['transport', 'tcp'],
        ['lr', undefined],
      ],
      headers: 'x=y',
    });
    assert.equal(uri.toString(), 'sip:a%20b:pw@[2001:db8::1]:5080;transport=tcp;lr?x=y');
    assert.deepEqual(parse(uri.toString()).params, uri.params);
  });

  it('changes parts and leaves the original as it was', () => {
    const uri = parse('sip:a@h:5070;transport=udp?x=y');
    assert.equal(uri.with({ user: 'b', port: undefined, headers: undefined }).toString(), 'sip:b@h;transport=udp');
    assert.equal(uri.withParam('transport', 'tcp').toString(), 'sip:a@h:5070;transport=tcp?x=y');
    assert.equal(uri.withParam('lr').toString(), 'sip:a@h:5070;transport=udp;lr?x=y');
    assert.equal(uri.withoutParam('Transport').toString(), 'sip:a@h:5070?x=y');
    assert.equal(uri.toString(), 'sip:a@h:5070;transport=udp?x=y');
  });

  it('throws on a part that was not escaped', () => {
    assert.throws(() => Uri.build({ scheme: 'sip', user: 'a b', host: 'h' }), RangeError);
    assert.throws(() => Uri.build({ scheme: 'sip', user: 'a', host: 'h\r\nVia: x' }), RangeError);
  });
});
