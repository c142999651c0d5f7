import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AddressFailureKind } from '../../../src/interwork/address/address-failure.js';
import {
  type AnswerContext,
  addressedBy,
  sipAnswerFor,
  sipAnswerForAddress,
  sipAnswerForDelivery,
  sipAnswerForLink,
} from '../../../src/interwork/error/sip-status.js';
import { loadErrorTables } from '../../../src/interwork/error/tables.js';
import type { SipAnswer } from '../../../src/sip/engine.js';
import { errorType } from '../../../src/xmpp/stanza/error-type.js';
import type { Condition, StanzaError } from '../../../src/xmpp/stanza/stanza-error.js';
import { packagePath } from '../../support/package-path.js';
import { mapOf } from '../address/maps.js';
import { TABLE_2 } from './rfc-7247-tables.js';

const loaded = loadErrorTables(readFileSync(packagePath('mappings/errors.yaml'), 'utf8'), 'errors.yaml');
assert.ok(loaded.ok);
const TABLES = loaded.value;
const ALLOW = ['MESSAGE', 'OPTIONS', 'REGISTER'];

function context(more: Partial<AnswerContext> = {}): AnswerContext {
  return { map: mapOf(), method: 'MESSAGE', allow: ALLOW, ...more };
}

function error(condition: Condition, more: Partial<StanzaError> = {}): StanzaError {
  return { condition, type: errorType(condition), ...more };
}

function header(answer: SipAnswer, name: string): string | undefined {
  return answer.headers?.find(([key]) => key === name)?.[1];
}

describe('RFC 7247 §7.1, Table 2: stanza error condition to SIP status', () => {
  const challenge = 'Digest realm="example.com", nonce="84a4cc6f"';
  for (const [condition, full, bare] of TABLE_2) {
    for (const [addressed, status] of [
      ['full', full],
      ['bare', bare],
    ] as const) {
      it(`7247-7.1-1: ${condition} about a ${addressed} JID is ${status}`, () => {
        const answer = sipAnswerFor(error(condition), addressed, context({ method: 'SUBSCRIBE', challenge }), TABLES);
        assert.equal(answer.status, status);
      });
    }
  }

  it('the address that an error is about is the from of its stanza', () => {
    assert.equal(addressedBy('juliet@example.com/balcony'), 'full');
    assert.equal(addressedBy('juliet@example.com'), 'bare');
    assert.equal(addressedBy('example.com'), 'bare');
  });
});

describe('RFC 7247 §7.1 note 3: gone and redirect', () => {
  for (const [title, address, status, contact] of [
    ['an IRI', 'xmpp:romeo@afterlife.example.net', 301, '<sip:romeo@afterlife.example.net>'],
    ['white space around it', ' \n xmpp:romeo@afterlife.example.net \t', 301, '<sip:romeo@afterlife.example.net>'],
    ['an IRI with a device', 'xmpp:o%5C27malley@example.com/x%20y', 301, "<sip:o'malley@example.com;gr=x%20y>"],
    ['a query is passed over', 'xmpp:romeo@example.com?message;body=hi', 301, '<sip:romeo@example.com>'],
    [
      'a SIP URI as it is',
      'sip:romeo@example.org:5070;transport=tcp',
      301,
      '<sip:romeo@example.org:5070;transport=tcp>',
    ],
    ['COMPAT: a bare JID', 'romeo@afterlife.example.net', 301, '<sip:romeo@afterlife.example.net>'],
    ['no address', undefined, 410, undefined],
    ['white space alone', ' \n ', 410, undefined],
    ['an address that SIP cannot use', 'mailto:romeo@example.net', 410, undefined],
    ['an IRI that is none', 'xmpp:@', 410, undefined],
    ['a SIP URI that is none', 'sip:a b>;tag=1', 410, undefined],
    ['a JID that is none', 'a b@example.com', 410, undefined],
    ['an address without end', `xmpp:${'a'.repeat(100_000)}`, 410, undefined],
  ] as const) {
    it(`7247-7.1-4: ${title} is ${status}`, () => {
      const sent = address === undefined ? error('gone') : error('gone', { address });
      const answer = sipAnswerFor(sent, 'bare', context(), TABLES);
      assert.equal(answer.status, status);
      assert.equal(header(answer, 'Contact'), contact);
    });
  }

  it('redirect is 302, with a Contact if there is one', () => {
    const to = sipAnswerFor(error('redirect', { address: 'xmpp:romeo@example.com' }), 'full', context(), TABLES);
    assert.deepEqual([to.status, header(to, 'Contact')], [302, '<sip:romeo@example.com>']);
    const nowhere = sipAnswerFor(error('redirect'), 'full', context(), TABLES);
    assert.deepEqual([nowhere.status, header(nowhere, 'Contact')], [302, undefined]);
  });

  it('no address can add to the Contact', () => {
    for (const address of ['sip:a@example.org>,<sip:mallory@example.org', 'sip:a@example.org\r\nX: y']) {
      assert.equal(sipAnswerFor(error('gone', { address }), 'full', context(), TABLES).status, 410);
    }
  });
});

describe('RFC 3261 §21: what a status must carry', () => {
  it('405 carries Allow', () => {
    const answer = sipAnswerFor(error('feature-not-implemented'), 'full', context(), TABLES);
    assert.equal(header(answer, 'Allow'), 'MESSAGE, OPTIONS, REGISTER');
  });
  for (const [condition, status, name] of [
    ['not-authorized', 401, 'WWW-Authenticate'],
    ['registration-required', 407, 'Proxy-Authenticate'],
  ] as const) {
    it(`${condition} is ${status} with its challenge, 403 without`, () => {
      const challenge = 'Digest realm="example.com", nonce="84a4cc6f"';
      const with_ = sipAnswerFor(error(condition), 'full', context({ method: 'SUBSCRIBE', challenge }), TABLES);
      assert.deepEqual([with_.status, header(with_, name)], [status, challenge]);
      const without = sipAnswerFor(error(condition), 'full', context({ method: 'SUBSCRIBE' }), TABLES);
      assert.deepEqual([without.status, without.headers], [403, []]);
    });
  }
  for (const method of ['MESSAGE', 'NOTIFY']) {
    it(`a ${method} never hears 407`, () => {
      const answer = sipAnswerFor(
        error('registration-required'),
        'full',
        context({ method, challenge: 'Digest' }),
        TABLES,
      );
      assert.deepEqual([answer.status, answer.headers], [403, []]);
    });
  }
});

describe('RFC 7247 §7.1 notes: what the stanza does not say', () => {
  for (const [condition, full, bare] of [
    ['forbidden', 403, 403],
    ['item-not-found', 404, 404],
    ['not-acceptable', 406, 406],
    ['recipient-unavailable', 480, 480],
    ['feature-not-implemented', 405, 501],
  ] as const) {
    it(`where a proxy forks to other homes, ${condition} is ${full} and ${bare}`, () => {
      const forking = context({ bareJid: '4xx' });
      assert.equal(sipAnswerFor(error(condition), 'full', forking, TABLES).status, full);
      assert.equal(sipAnswerFor(error(condition), 'bare', forking, TABLES).status, bare);
    });
  }
  it('7247-7.1-6: service-unavailable is 403, or 405 with Allow when a feature was lacking, never 503', () => {
    assert.equal(sipAnswerFor(error('service-unavailable'), 'bare', context(), TABLES).status, 403);
    const lacked = sipAnswerFor(error('service-unavailable'), 'bare', context({ lacked: true }), TABLES);
    assert.deepEqual([lacked.status, header(lacked, 'Allow')], [405, 'MESSAGE, OPTIONS, REGISTER']);
    assert.equal(sipAnswerFor(error('service-unavailable'), 'bare', context({ unusable: true }), TABLES).status, 403);
  });
  it('7247-7.1-5: remote-server-not-found is 408 when the name could not be resolved', () => {
    const answer = sipAnswerFor(error('remote-server-not-found'), 'bare', context({ unresolvable: true }), TABLES);
    assert.equal(answer.status, 408);
  });
  for (const [method, midDialog, status] of [
    ['INVITE', true, 491],
    ['UPDATE', true, 491],
    ['INVITE', false, 400],
    ['MESSAGE', true, 400],
  ] as const) {
    it(`unexpected-request after ${method} ${midDialog ? 'inside' : 'outside'} a dialog is ${status}`, () => {
      assert.equal(
        sipAnswerFor(error('unexpected-request'), 'full', context({ method, midDialog }), TABLES).status,
        status,
      );
    });
  }
  it('an error stanza without an error is 500', () => {
    assert.equal(sipAnswerFor(undefined, 'full', context(), TABLES).status, 500);
  });
});

describe('7247-7-2: the text of a stanza error', () => {
  const said = (text: string, more: Partial<AnswerContext> = {}, lang?: string) =>
    sipAnswerFor(error('forbidden', { text, ...(lang === undefined ? {} : { lang }) }), 'full', context(more), TABLES)
      .reason;

  it('is the Reason-Phrase', () => assert.equal(said('Not you'), 'Not you'));
  it('starts no header field', () => assert.equal(said('No\r\nX: y'), 'No X: y'));
  it('is left out when it is in a language that the sender does not read', () => {
    assert.equal(said('Nein', { acceptLanguage: 'en, fr' }, 'de'), undefined);
    assert.equal(said('Nein', { acceptLanguage: 'en, de' }, 'de'), 'Nein');
    assert.equal(said('Nein', {}, 'de'), 'Nein');
  });
  it('without text the usual phrase is used', () => assert.equal(said('\n'), undefined));
});

describe('interwork/error: why the link did not take a stanza', () => {
  for (const [cause, unusable, status, retryAfter] of [
    ['link-down', false, 480, '30'],
    ['link-down', true, 503, '30'],
    ['queue-full', false, 500, '10'],
    ['queue-full', true, 500, '10'],
    ['unconfirmed', false, 504, undefined],
    ['too-large', false, 413, undefined],
  ] as const) {
    it(`${cause}${unusable ? ', no link stands' : ''}: ${status}${retryAfter === undefined ? '' : ' with Retry-After'}`, () => {
      const answer = sipAnswerForLink(cause, context({ unusable }), TABLES);
      assert.deepEqual([answer.status, header(answer, 'Retry-After')], [status, retryAfter]);
    });
  }
  it('a delivery failure is answered by whichever side said so', () => {
    const refused = { kind: 'refused', error: error('item-not-found'), from: 'juliet@example.com' } as const;
    assert.equal(sipAnswerForDelivery(refused, context(), TABLES).status, 604);
    assert.equal(sipAnswerForDelivery({ ...refused, from: 'juliet@example.com/x' }, context(), TABLES).status, 404);
    assert.equal(sipAnswerForDelivery({ kind: 'local', cause: 'unconfirmed' }, context(), TABLES).status, 504);
  });
});

describe('interwork/error: an address that cannot be mapped, told to SIP', () => {
  const answers: Readonly<Record<AddressFailureKind, readonly [sender: number, recipient: number]>> = {
    malformed: [400, 400],
    unmappable: [403, 404],
    scheme: [416, 416],
    sips: [480, 480],
    'wrong-side': [403, 482],
  };
  for (const [kind, [sender, recipient]] of Object.entries(answers)) {
    it(`${kind}: ${sender} about the sender, ${recipient} about the recipient`, () => {
      const failure = { kind: kind as AddressFailureKind, text: 'found x' };
      assert.equal(sipAnswerForAddress(failure, 'sender', context(), TABLES).status, sender);
      assert.equal(sipAnswerForAddress(failure, 'recipient', context(), TABLES).status, recipient);
      assert.equal(sipAnswerForAddress({ ...failure, party: 'sender' }, 'recipient', context(), TABLES).status, sender);
    });
  }
  it('RFC 5630 §5.1.2: a sips request hears why, in a Warning', () => {
    const answer = sipAnswerForAddress(
      { kind: 'sips', text: 'x' },
      'recipient',
      context({ agent: 'gw.example.com' }),
      TABLES,
    );
    assert.equal(header(answer, 'Warning'), '380 gw.example.com "SIPS Not Allowed"');
  });
  it('the others hear what was found', () => {
    const answer = sipAnswerForAddress({ kind: 'malformed', text: 'a "%" alone' }, 'recipient', context(), TABLES);
    assert.equal(answer.reason, "a '%25' alone");
  });
});
