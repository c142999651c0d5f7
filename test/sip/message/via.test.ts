import assert from 'node:assert/strict';
import { Via } from '../../../src/sip/message/via.js';

function parse(text: string): Via {
  const result = Via.parse(text);
  assert.ok(result.ok, result.ok ? '' : `${text}: ${result.error}`);
  return result.value;
}

describe('RFC 3261 §20.42: Via values', () => {
  const rows: [text: string, parts: Partial<Record<keyof Via, unknown>>, written: string][] = [
    [
      'SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7',
      { transport: 'UDP', host: 'erlang.bell-telephone.com', port: 5060, branch: 'z9hG4bK87asdks7', rport: undefined },
      'SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7',
    ],
    [
      'SIP/2.0/UDP 192.0.2.1:5060 ;received=192.0.2.207;branch=z9hG4bK77asjd',
      { received: '192.0.2.207', sentBy: '192.0.2.1:5060' },
      'SIP/2.0/UDP 192.0.2.1:5060;received=192.0.2.207;branch=z9hG4bK77asjd',
    ],
    [
      'SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1',
      { host: 'first.example.com', port: 4000, ttl: 16, maddr: '224.2.0.1' },
      'SIP/2.0/UDP first.example.com:4000;ttl=16;maddr=224.2.0.1;branch=z9hG4bKa7c6a8dlze.1',
    ],
    [
      'sip/2.0/tcp H.Example',
      { transport: 'TCP', host: 'h.example', port: undefined, sentBy: 'h.example' },
      'SIP/2.0/TCP h.example',
    ],
    [
      'SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks',
      { transport: 'WSS' },
      'SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks',
    ],
    ['SIP/2.0/UNKNOWN t4.example.com', { transport: 'UNKNOWN' }, 'SIP/2.0/UNKNOWN t4.example.com'],
    [
      'SIP/2.0/TCP [2001:DB8::9:1]:5061;received=2001:db8::9:255',
      { host: '[2001:db8::9:1]', port: 5061, received: '2001:db8::9:255' },
      'SIP/2.0/TCP [2001:db8::9:1]:5061;received=2001:db8::9:255',
    ],
    [
      'SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]',
      { received: '[2001:db8::9:255]' },
      'SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]',
    ],
    ['SIP/2.0/UDP h;rport;branch=z9hG4bK1', { rport: '' }, 'SIP/2.0/UDP h;rport;branch=z9hG4bK1'],
    ['SIP/2.0/UDP h;rport=', { rport: '' }, 'SIP/2.0/UDP h;rport='],
    ['SIP/2.0/UDP h;rport=1024', { rport: 1024 }, 'SIP/2.0/UDP h;rport=1024'],
    ['SIP/2.0/UDP h;rport=x;ttl=256', { rport: undefined, ttl: undefined }, 'SIP/2.0/UDP h;rport=x;ttl=256'],
    [
      'SIP/2.0/TCP user1pc.domain.com;;branch=z9hG4bK776sgdkse; received=1.2.3.4',
      { branch: 'z9hG4bK776sgdkse', received: '1.2.3.4' },
      'SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse;received=1.2.3.4',
    ],
  ];
  for (const [text, parts, written] of rows) {
    it(text, () => {
      const via = parse(text);
      for (const [name, value] of Object.entries(parts)) assert.equal(via[name as keyof Via], value, name);
      assert.equal(via.toString(), written);
      assert.equal(parse(written).toString(), written);
    });
  }

  it('of another version of SIP is read too: a 505 goes back along it', () => {
    const via = parse('sip / 7.0 / UDP c.example.com;branch=x');
    assert.equal(via.protocol, 'SIP/7.0');
    assert.equal(
      via.withParam('received', '192.0.2.1').toString(),
      'SIP/7.0/UDP c.example.com;branch=x;received=192.0.2.1',
    );
    assert.equal(parse('SIP/2.0/UDP c').protocol, 'SIP/2.0');
  });

  it('RFC 3581 §4: received and rport can be filled in', () => {
    const via = parse('SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff');
    assert.equal(
      via.withParam('received', '192.0.2.1').withParam('rport', '9988').toString(),
      'SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1',
    );
    assert.equal(via.withoutParam('rport').rport, undefined);
  });
});

describe('what is no Via value', () => {
  for (const text of [
    '',
    'SIP/2.0',
    'SIP/2.0/',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/2.0 UDP h',
    'SIP/2.0/UDP/x h',
    '/2.0/UDP h',
    'SIP//UDP h',
    'SIP/2.0/UDP h:',
    'SIP/2.0/UDP h:70000',
    'SIP/2.0/UDP h x',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP h;branch=a;branch=b',
    'SIP/2.0/UDP h;branch="a',
    'SIP/2.0/UDP h, SIP/2.0/UDP i',
  ]) {
    it(JSON.stringify(text), () => assert.equal(Via.parse(text).ok, false));
  }
});
