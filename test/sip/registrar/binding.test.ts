import assert from 'node:assert/strict';
import { NameAddr } from '../../../src/sip/message/name-addr.js';
import { canonicalAor } from '../../../src/sip/registrar/aor.js';
import {
  applyRegistration,
  type Binding,
  type BindingRules,
  contactValue,
  type Registration,
} from '../../../src/sip/registrar/binding.js';
import { devicesMeant } from '../../../src/sip/registrar/device.js';
import { readFlow, receivedFrom } from '../../../src/sip/registrar/flow.js';
import { request, uri } from '../../support/sip-messages.js';

const NOW = Date.UTC(2026, 0, 1);
const RULES: BindingRules = {
  minExpiresSeconds: 60,
  defaultExpiresSeconds: 3600,
  maxExpiresSeconds: 86_400,
  maxContacts: 3,
};

function contact(text: string): NameAddr {
  const parsed = NameAddr.parse(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function registration(contacts: readonly string[] | '*', parts: Partial<Registration> = {}): Registration {
  return {
    callId: 'reg-1',
    cseq: 1,
    contacts: contacts === '*' ? '*' : contacts.map(contact),
    expiresSeconds: undefined,
    ...parts,
  };
}

function apply(current: readonly Binding[], change: Registration, now = NOW): readonly Binding[] {
  const outcome = applyRegistration(current, change, now, RULES);
  assert.ok(outcome.ok, outcome.ok ? '' : `${outcome.error.status} ${outcome.error.reason}`);
  return outcome.value;
}

function refusal(current: readonly Binding[], change: Registration): number {
  const outcome = applyRegistration(current, change, NOW, RULES);
  assert.ok(!outcome.ok);
  return outcome.error.status;
}

const seconds = (bindings: readonly Binding[]) => bindings.map(({ expiresAt }) => (expiresAt - NOW) / 1000);

describe('RFC 3261 §10.3: what a REGISTER does to bindings', () => {
  for (const [what, contacts, expiresSeconds, expected] of [
    ['nothing said', ['<sip:a@192.0.2.1>'], undefined, [3600]],
    ['the Expires header field', ['<sip:a@192.0.2.1>'], 600, [600]],
    ['the expires parameter wins', ['<sip:a@192.0.2.1>;expires=120'], 600, [120]],
    ['each Contact its own', ['<sip:a@192.0.2.1>;expires=120', '<sip:b@192.0.2.1>'], 600, [120, 600]],
    ['too long is shortened', ['<sip:a@192.0.2.1>;expires=4294967295'], undefined, [86_400]],
    ['malformed counts as an hour', ['<sip:a@192.0.2.1>;expires=soon'], 600, [3600]],
    ['removal of what is not there', ['<sip:a@192.0.2.1>;expires=0'], undefined, []],
  ] as const) {
    it(`expiry: ${what}`, () => {
      assert.deepEqual(seconds(apply([], registration(contacts, { expiresSeconds }))), expected);
    });
  }

  it('shorter than the minimum is 423 with Min-Expires', () => {
    const outcome = applyRegistration([], registration(['<sip:a@192.0.2.1>;expires=59']), NOW, RULES);
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.status, 423);
    assert.deepEqual(outcome.error.headers, [['Min-Expires', '60']]);
  });

  it('one Contact that fails leaves all as they were', () => {
    assert.equal(refusal([], registration(['<sip:a@192.0.2.1>', '<sip:b@192.0.2.1>;expires=5'])), 423);
  });

  it('Contacts that are equal as URIs are one binding (RFC 3261 §19.1.4)', () => {
    const first = apply([], registration(['<sip:a@Phone.example:5060;transport=UDP>']));
    const second = apply(first, registration(['<sip:a@phone.example:5060;transport=udp>;expires=300'], { cseq: 2 }));
    assert.deepEqual(seconds(second), [300]);
  });

  it('Contacts that differ are several', () => {
    const first = apply([], registration(['<sip:a@192.0.2.1:5060>']));
    const second = apply(first, registration(['<sip:a@192.0.2.1:5061>'], { callId: 'reg-2' }));
    assert.deepEqual(
      second.map((binding) => binding.contact),
      ['sip:a@192.0.2.1:5060', 'sip:a@192.0.2.1:5061'],
    );
  });

  it('an older CSeq of the same Call-ID is refused, of another Call-ID taken', () => {
    const first = apply([], registration(['<sip:a@192.0.2.1>'], { cseq: 5 }));
    assert.equal(refusal(first, registration(['<sip:a@192.0.2.1>'], { cseq: 5 })), 400);
    assert.equal(refusal(first, registration(['<sip:a@192.0.2.1>;expires=0'], { cseq: 4 })), 400);
    assert.equal(apply(first, registration(['<sip:a@192.0.2.1>'], { cseq: 1, callId: 'reg-2' })).length, 1);
  });

  it('* with Expires 0 removes all', () => {
    const first = apply([], registration(['<sip:a@192.0.2.1>', '<sip:b@192.0.2.1>']));
    assert.deepEqual(apply(first, registration('*', { cseq: 2, expiresSeconds: 0 })), []);
  });

  it('* with an older CSeq removes nothing', () => {
    const first = apply([], registration(['<sip:a@192.0.2.1>'], { cseq: 9 }));
    assert.equal(refusal(first, registration('*', { cseq: 9, expiresSeconds: 0 })), 400);
  });

  for (const expiresSeconds of [undefined, 60]) {
    it(`* with Expires ${expiresSeconds ?? 'absent'} is 400`, () => {
      assert.equal(refusal([], registration('*', { expiresSeconds })), 400);
    });
  }

  it('no Contact changes nothing', () => {
    const first = apply([], registration(['<sip:a@192.0.2.1>']));
    assert.deepEqual(apply(first, registration([], { cseq: 1 })), first);
  });

  it('Contacts are bounded, and old ones can still be refreshed', () => {
    const three = apply([], registration(['<sip:a@192.0.2.1>', '<sip:b@192.0.2.1>', '<sip:c@192.0.2.1>']));
    assert.equal(refusal(three, registration(['<sip:d@192.0.2.1>'], { cseq: 2 })), 403);
    assert.equal(apply(three, registration(['<sip:a@192.0.2.1>'], { cseq: 2 })).length, 3);
    const swapped = apply(three, registration(['<sip:a@192.0.2.1>;expires=0', '<sip:d@192.0.2.1>'], { cseq: 2 }));
    assert.equal(swapped.length, 3);
  });

  it('expired bindings make room', () => {
    const three = apply([], registration(['<sip:a@192.0.2.1>', '<sip:b@192.0.2.1>', '<sip:c@192.0.2.1>']));
    const later = apply(three, registration(['<sip:d@192.0.2.1>'], { cseq: 2 }), NOW + 3_600_000);
    assert.deepEqual(
      later.map((binding) => binding.contact),
      ['sip:d@192.0.2.1'],
    );
  });

  for (const [q, status] of [
    ['0.5', 200],
    ['1', 200],
    ['1.000', 200],
    ['0', 200],
    ['1.1', 400],
    ['2', 400],
    ['0.1234', 400],
    ['high', 400],
  ] as const) {
    it(`q=${q}: ${status}`, () => {
      const outcome = applyRegistration([], registration([`<sip:a@192.0.2.1>;q=${q}`]), NOW, RULES);
      assert.equal(outcome.ok ? 200 : outcome.error.status, status);
      if (outcome.ok) assert.equal(outcome.value[0]?.q, Number(q));
    });
  }

  it('a Contact of another scheme is refused', () => {
    assert.equal(refusal([], registration(['<mailto:romeo@example.net>'])), 400);
  });

  it('the listing tells what is left of each', () => {
    const [binding] = apply(
      [],
      registration(['<sip:a@192.0.2.1>;q=0.7;+sip.instance="<urn:uuid:1>";expires=100'], {
        receivedFrom: 'udp:203.0.113.1:4000',
        userAgent: 'Phone/1',
      }),
    );
    assert.ok(binding !== undefined);
    assert.equal(binding.instance, '<urn:uuid:1>');
    assert.equal(binding.receivedFrom, 'udp:203.0.113.1:4000');
    assert.equal(
      contactValue(binding, NOW + 10_500),
      '<sip:a@192.0.2.1>;q=0.7;+sip.instance="<urn:uuid:1>";expires=90',
    );
  });
});

describe('RFC 3261 §10.3 step 5: the canonical AOR', () => {
  for (const [text, aor] of [
    ['sip:romeo@example.net', 'sip:romeo@example.net'],
    ['sips:romeo@example.net', 'sip:romeo@example.net'],
    ['sip:romeo@EXAMPLE.NET:5061;transport=tcp', 'sip:romeo@example.net'],
    ['sip:Romeo@example.net', 'sip:Romeo@example.net'],
    ['sip:%72omeo@example.net', 'sip:romeo@example.net'],
    ['sip:r%26j@example.net', 'sip:r&j@example.net'],
    ['sip:r%c3%a9@example.net', 'sip:r%C3%A9@example.net'],
    ['sip:a%40b@example.net', 'sip:a%40b@example.net'],
    ['sip:a%3ab@example.net', 'sip:a%3Ab@example.net'],
    ['sip:example.net', undefined],
    ['tel:+15551234', undefined],
    ['im:romeo@example.net', undefined],
  ] as const) {
    it(`${text}: ${aor ?? 'none'}`, () => {
      assert.equal(canonicalAor(uri(text)), aor);
    });
  }
});

describe('RFC 5627 §3.1: which device a gr parameter means', () => {
  const bindings = apply(
    [],
    registration([
      '<sip:a@192.0.2.1>;+sip.instance="<urn:uuid:1>"',
      '<sip:b@192.0.2.1>;+sip.instance="<urn:uuid:2>"',
      '<sip:c@192.0.2.1;gr=balcony>',
    ]),
  );
  for (const [target, meant] of [
    ['sip:romeo@example.net;gr=urn:uuid:2', ['b']],
    ['sip:romeo@example.net;gr=balcony', ['c']],
    ['sip:romeo@example.net;gr=unknown', ['a', 'b', 'c']],
    ['sip:romeo@example.net;gr', ['a', 'b', 'c']],
    ['sip:romeo@example.net', ['a', 'b', 'c']],
  ] as const) {
    it(`${target}: ${meant.join(', ')}`, () => {
      assert.deepEqual(
        devicesMeant(uri(target), bindings).map((binding) => binding.uri.user),
        meant,
      );
    });
  }
});

describe('RFC 3581 §1: where a phone behind a NAT is reached', () => {
  for (const [what, via, contactText, source, expected] of [
    ['no NAT', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1', 'sip:a@192.0.2.1', 'udp 192.0.2.1 5060', undefined],
    [
      'no NAT, no port',
      'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport',
      'sip:a@192.0.2.1',
      'udp 192.0.2.1 5060',
      undefined,
    ],
    [
      'other address',
      'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1',
      'sip:a@10.0.0.1',
      'udp 192.0.2.1 4000',
      'udp:192.0.2.1:4000',
    ],
    [
      'name in Via',
      'SIP/2.0/UDP pc.test:5060;branch=z9hG4bK1',
      'sip:a@pc.test',
      'udp 192.0.2.1 5060',
      'udp:192.0.2.1:5060',
    ],
    [
      'other port, rport',
      'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport',
      'sip:a@192.0.2.1',
      'udp 192.0.2.1 4000',
      'udp:192.0.2.1:4000',
    ],
    [
      'other port, no rport',
      'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1',
      'sip:a@192.0.2.1',
      'udp 192.0.2.1 4000',
      undefined,
    ],
    [
      'private Contact',
      'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1',
      'sip:a@10.0.0.1',
      'udp 192.0.2.1 5060',
      'udp:192.0.2.1:5060',
    ],
    [
      'IPv6',
      'SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1',
      'sip:a@[2001:DB8:0::1]',
      'udp 2001:db8::1 5060',
      undefined,
    ],
    [
      'TCP',
      'SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK1',
      'sip:a@192.0.2.1',
      'tcp 192.0.2.1 40000',
      'tcp:192.0.2.1:40000',
    ],
    [
      'IPv6 TCP',
      'SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK1',
      'sip:a@[2001:db8::1]',
      'tcp 2001:db8::1 40000',
      'tcp:[2001:db8::1]:40000',
    ],
    [
      'through a proxy',
      'SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK2, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1',
      'sip:a@10.0.0.1',
      'udp 198.51.100.1 5060',
      undefined,
    ],
  ] as const) {
    it(`${what}: ${expected ?? 'its Contact'}`, () => {
      const [transport, address, port] = source.split(' ') as ['udp' | 'tcp', string, string];
      const register = request({ method: 'REGISTER', via, headers: [['Contact', `<${contactText}>`]] });
      const flow = receivedFrom(register, { transport, address, port: Number(port) });
      assert.equal(flow, expected);
      if (flow !== undefined) assert.deepEqual(readFlow(flow), { transport, address, port: Number(port) });
    });
  }

  for (const text of ['', 'udp:192.0.2.1', 'sctp:192.0.2.1:5060', 'udp:name:5060', 'udp:192.0.2.1:123456']) {
    it(`"${text}" is no flow`, () => {
      assert.equal(readFlow(text), undefined);
    });
  }
});
