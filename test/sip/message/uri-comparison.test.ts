import assert from 'node:assert/strict';
import { Uri } from '../../../src/sip/message/uri.js';

function parse(text: string): Uri {
  const result = Uri.parse(text);
  assert.ok(result.ok, text);
  return result.value;
}

const EQUIVALENT: [string, string][] = [
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
  ],
  [
    'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
  ],
];

const DIFFERENT: [string, string, string][] = [
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP', 'user names differ in case'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', 'ports can differ'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp', 'transports can differ'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp', 'ports and transports can differ'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', 'headers differ'],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4', 'a name is not its address'],
  ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off', 'equivalence is not transitive'],
  ['sip:alice@atlanta.com', 'sips:alice@atlanta.com', 'schemes differ'],
  ['sip:alice:a@atlanta.com', 'sip:alice:b@atlanta.com', 'passwords differ'],
  ['sip:alice:a@atlanta.com', 'sip:alice@atlanta.com', 'one has a password'],
  ['sip:alice@atlanta.com', 'sip:atlanta.com', 'one has a user'],
  ['sip:a@h;user=ip', 'sip:a@h', 'user in one alone, even if it is the default'],
  ['sip:a@h;ttl=1', 'sip:a@h', 'ttl in one alone'],
  ['sip:a@h;method=INVITE', 'sip:a@h', 'method in one alone'],
  ['sip:a@h;maddr=239.255.255.1', 'sip:a@h', 'maddr in one alone'],
  ['sip:a@h?x=1', 'sip:a@h?x=2', 'header values differ'],
  ['sip:a@h?x=1', 'sip:a@h?x=1&y=2', 'one has more headers'],
  ['sip:a%40b@h', 'sip:a%41b@h', 'escapes of different characters'],
  ['sip:m%26m@h', 'sip:m&m@h', 'a reserved character and its escape'],
  ['sip:a%3Bb@h', 'sip:a;b@h', 'a reserved character and its escape'],
];

describe('RFC 3261 §19.1.4: equivalent URIs', () => {
  for (const [a, b] of [
    ...EQUIVALENT,
    ['sip:a%2fb@h', 'sip:a%2Fb@h'],
    ['sip:a%5Eb@h', 'sip:a^b@h'],
    ['sip:j%C3%BCrgen@h', 'sip:jürgen@h'],
    ['sip:a%zb@h', 'sip:a%25zb@h'],
    ['sip:a@h;n%61me=v%61l', 'sip:a@h;name=val'],
    ['sip:a@h;lr', 'sip:a@h;LR='],
    ['sip:a@h?x=%61&%79=1', 'sip:a@h?Y=1&X=a'],
    ['sip:a@[2001:db8::1]', 'sip:a@[2001:0DB8:0:0::0001]'],
    ['sip:[::ffff:192.0.2.1]', 'sip:[::ffff:c000:201]'],
  ] as [string, string][]) {
    it(`${a} = ${b}`, () => {
      assert.equal(parse(a).equals(parse(b)), true);
      assert.equal(parse(b).equals(parse(a)), true);
      assert.equal(parse(a).equals(parse(a)), true);
    });
  }
});

describe('RFC 3261 §19.1.4: different URIs', () => {
  for (const [a, b, why] of DIFFERENT) {
    it(`${a} ≠ ${b}: ${why}`, () => {
      assert.equal(parse(a).equals(parse(b)), false);
      assert.equal(parse(b).equals(parse(a)), false);
    });
  }
});

describe('RFC 3966 §4: telephone numbers', () => {
  for (const [a, b, same] of [
    ['tel:+1-201-555-0123', 'tel:+1(201)555.0123', true],
    ['tel:+12015550123', 'tel:12015550123', false],
    ['tel:7042;phone-context=example.com', 'tel:7042;phone-context=EXAMPLE.com', true],
    ['tel:7042;phone-context=example.com', 'tel:7042', false],
    ['tel:7042;phone-context=+1-201', 'tel:7042;phone-context=+1201', true],
    ['tel:7042;a=1;phone-context=x.example', 'tel:7042;phone-context=x.example;A=1', true],
    ['tel:+1;ext=1-2', 'tel:+1;ext=12', true],
    ['tel:+1;ext=12', 'tel:+1;ext=13', false],
  ] as [string, string, boolean][]) {
    it(`${a} ${same ? '=' : '≠'} ${b}`, () => {
      assert.equal(parse(a).equals(parse(b)), same);
      assert.equal(parse(b).equals(parse(a)), same);
    });
  }
});

describe('im, pres, xmpp and unknown schemes compare by their parts', () => {
  for (const [a, b, same] of [
    ['im:romeo@example.net', 'im:r%6Fmeo@EXAMPLE.net', true],
    ['im:romeo@example.net', 'pres:romeo@example.net', false],
    ['xmpp:romeo@example.net/a', 'xmpp:romeo@example.net/%61', true],
    ['xmpp:romeo@example.net/a', 'xmpp:romeo@example.net', false],
    ['urn:service:sos', 'urn:service:sos', true],
    ['urn:service:sos', 'urn:service:fire', false],
  ] as [string, string, boolean][]) {
    it(`${a} ${same ? '=' : '≠'} ${b}`, () => assert.equal(parse(a).equals(parse(b)), same));
  }
});
