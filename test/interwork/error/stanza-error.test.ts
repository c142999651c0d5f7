import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AddressFailureKind } from '../../../src/interwork/address/address-failure.js';
import {
  type Discretion,
  stanzaErrorFor,
  stanzaErrorForAddress,
  stanzaErrorForLocal,
} from '../../../src/interwork/error/stanza-error.js';
import { loadErrorTables } from '../../../src/interwork/error/tables.js';
import type { LocalCause } from '../../../src/sip/engine.js';
import { HeaderFields, SipResponse } from '../../../src/sip/message/message.js';
import { reasonPhrase } from '../../../src/sip/message/status.js';
import type { StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import { packagePath } from '../../support/package-path.js';
import { mapOf } from '../address/maps.js';
import { TABLE_3 } from './rfc-7247-tables.js';

const loaded = loadErrorTables(readFileSync(packagePath('mappings/errors.yaml'), 'utf8'), 'errors.yaml');
assert.ok(loaded.ok);
const TABLES = loaded.value;

function errorFor(
  status: number,
  contacts: readonly string[] = [],
  discretion?: Discretion,
  reason?: string,
): StanzaError {
  const headers = new HeaderFields();
  for (const contact of contacts) headers.add('Contact', contact);
  const response = new SipResponse(status, reason ?? reasonPhrase(status), headers);
  return stanzaErrorFor(response, TABLES, mapOf({ phone: { domain: 'example.net' } }), discretion);
}

describe('RFC 7247 §7.2, Table 3: SIP status to stanza error condition', () => {
  for (const [status, condition, type] of TABLE_3) {
    it(`7247-7.2-1: ${status} is ${condition} of type ${type}`, () => {
      const error = errorFor(status);
      assert.deepEqual([error.condition, error.type], [condition, type]);
    });
  }

  it('7247-7.2-2: every status from 300 to 699 has a condition', () => {
    const classes = ['redirect', 'bad-request', 'internal-server-error', 'recipient-unavailable'];
    const listed = new Set(TABLE_3.map(([status]) => status));
    for (let status = 300; status < 700; status++) {
      if (!listed.has(status)) assert.equal(errorFor(status).condition, classes[Math.floor(status / 100) - 3]);
    }
  });

  it('7247-7-1: a provisional or positive response has none, and asking for one is our own mistake', () => {
    for (const status of [100, 180, 200, 202]) assert.throws(() => errorFor(status), RangeError);
  });
});

describe('RFC 7247 §7.2 note 1: the new address', () => {
  for (const [title, contacts, address] of [
    ['a SIP URI', ['<sip:romeo@afterlife.example.net>'], 'xmpp:romeo@afterlife.example.net'],
    [
      'the first that maps',
      ['<http://example.net/>', "<sip:o'malley@example.net;gr=x%20y>"],
      'xmpp:o%5C27malley@example.net/x%20y',
    ],
    ['an xmpp URI', ['<xmpp:romeo@example.net>'], 'xmpp:romeo@example.net'],
    ['a number', ['<tel:+1-555-1234>'], 'xmpp:+15551234@example.net'],
    ['other scripts stay', ['<sip:f%C3%BC@xn--bcher-kva.example>'], 'xmpp:fü@bücher.example'],
    ['nothing that maps', ['<http://example.net/>'], undefined],
    ['a device at an IP address', ['<sip:romeo@192.0.2.1:5062>'], undefined],
    ['a device at an IPv6 address', ['<sip:romeo@[2001:db8::1]>'], undefined],
    ['no Contact', [], undefined],
    ['every Contact', ['*'], undefined],
    ['a malformed Contact', ['<sip:romeo@'], undefined],
  ] as const) {
    it(`7247-7.2-3: 301 to ${title}: gone ${address === undefined ? 'without address' : `to ${address}`}`, () => {
      const error = errorFor(301, contacts);
      assert.equal(error.condition, 'gone');
      assert.equal(error.address, address);
    });
  }
  it('7247-7.2-4: 410 never has one', () =>
    assert.equal(errorFor(410, ['<sip:romeo@example.org>']).address, undefined));
  for (const status of [300, 302]) {
    it(`${status}: redirect with the address, if there is one`, () => {
      assert.equal(errorFor(status, ['<sip:romeo@example.org>']).address, 'xmpp:romeo@example.org');
      assert.equal(errorFor(status).address, undefined);
    });
  }
  it('305: its Contact is a proxy, not an address', () => {
    assert.equal(errorFor(305, ['<sip:proxy.example.org;lr>']).address, undefined);
  });
  it('a Contact teaches no spelling', () => {
    const map = mapOf();
    const headers = new HeaderFields();
    headers.add('Contact', '<sip:ROMEO@example.net>');
    const error = stanzaErrorFor(new SipResponse(301, 'Moved Permanently', headers), TABLES, map);
    assert.equal(error.address, 'xmpp:romeo@example.net');
    assert.ok(map.spelling.empty);
  });
  it('only so many Contacts are tried', () => {
    const contacts = [...Array.from({ length: 30 }, () => '<http://example.net/>'), '<sip:romeo@example.org>'];
    assert.equal(errorFor(301, contacts).address, undefined);
  });
});

describe('7247-7-2: the Reason-Phrase', () => {
  for (const [title, status, reason, text, lang] of [
    ['the usual one', 404, 'Not Found', '404 Not Found', 'en'],
    ['another one has no known language', 404, 'Niemand hier', '404 Niemand hier', undefined],
    ['none', 404, '', '404', 'en'],
    ['one that would break XML', 500, 'a\u0000b\u0008c', '500 a b c', undefined],
    ['a long one', 500, 'x'.repeat(10_000), `500 ${'x'.repeat(195)}…`, undefined],
  ] as const) {
    it(title, () => {
      const error = errorFor(status, [], undefined, reason);
      assert.equal(error.text, text);
      assert.equal(error.lang, lang);
    });
  }
});

describe('RFC 6120 §8.3.3: what a sender without entitlement may not learn', () => {
  for (const status of [430, 480, 486, 487, 600, 603, 607]) {
    it(`${status} tells about presence`, () => {
      const hidden = errorFor(status, [], { hide: 'presence' });
      assert.deepEqual(hidden, { condition: 'service-unavailable', type: 'cancel' });
      assert.equal(errorFor(status).condition, 'recipient-unavailable');
    });
  }
  for (const status of [404, 410, 484, 485, 604]) {
    it(`${status} tells that there is no such user`, () => {
      assert.deepEqual(errorFor(status, [], { hide: 'existence' }), {
        condition: 'service-unavailable',
        type: 'cancel',
      });
      assert.notEqual(errorFor(status, [], { hide: 'presence' }).condition, 'service-unavailable');
    });
  }
  for (const status of [400, 403, 408, 415, 481, 500, 606]) {
    it(`${status} tells neither`, () => {
      assert.notEqual(errorFor(status, [], { hide: 'existence' }).condition, 'service-unavailable');
    });
  }
});

describe('interwork/error: why a SIP request ended without a final response', () => {
  const conditions: Readonly<Record<LocalCause, readonly [condition: string, type: string]>> = {
    timeout: ['remote-server-timeout', 'wait'],
    'transport-error': ['remote-server-timeout', 'wait'],
    'no-such-domain': ['remote-server-not-found', 'cancel'],
    'no-such-user': ['item-not-found', 'cancel'],
    'not-registered': ['recipient-unavailable', 'wait'],
    'too-large': ['policy-violation', 'modify'],
    overload: ['resource-constraint', 'wait'],
    draining: ['resource-constraint', 'wait'],
  };
  for (const [cause, [condition, type]] of Object.entries(conditions)) {
    it(`${cause}: ${condition} of type ${type}`, () => {
      const error = stanzaErrorForLocal(cause as LocalCause, TABLES);
      assert.deepEqual([error.condition, error.type, error.lang], [condition, type, 'en']);
      assert.ok((error.text ?? '').length > 10);
    });
  }
  it('presence and existence are hidden as in a response', () => {
    const hidden = { condition: 'service-unavailable', type: 'cancel' };
    assert.deepEqual(stanzaErrorForLocal('not-registered', TABLES, { hide: 'presence' }), hidden);
    assert.deepEqual(stanzaErrorForLocal('no-such-user', TABLES, { hide: 'existence' }), hidden);
    assert.equal(stanzaErrorForLocal('no-such-user', TABLES, { hide: 'presence' }).condition, 'item-not-found');
    assert.equal(stanzaErrorForLocal('timeout', TABLES, { hide: 'existence' }).condition, 'remote-server-timeout');
  });
});

describe('interwork/error: an address that cannot be mapped, told to XMPP', () => {
  const conditions: Readonly<Record<AddressFailureKind, readonly [sender: string, recipient: string]>> = {
    malformed: ['jid-malformed', 'jid-malformed'],
    unmappable: ['jid-malformed', 'jid-malformed'],
    scheme: ['jid-malformed', 'jid-malformed'],
    sips: ['not-acceptable', 'not-acceptable'],
    'wrong-side': ['not-allowed', 'remote-server-not-found'],
  };
  for (const [kind, [sender, recipient]] of Object.entries(conditions)) {
    it(`${kind}: ${sender} about the sender, ${recipient} about the recipient`, () => {
      const failure = { kind: kind as AddressFailureKind, text: 'found x' };
      assert.equal(stanzaErrorForAddress(failure, 'sender', TABLES).condition, sender);
      assert.equal(stanzaErrorForAddress(failure, 'recipient', TABLES).condition, recipient);
      assert.equal(stanzaErrorForAddress({ ...failure, party: 'sender' }, 'recipient', TABLES).condition, sender);
      assert.equal(stanzaErrorForAddress(failure, 'recipient', TABLES).text, 'found x');
    });
  }
});
