import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'ltx';
import type { Result } from '../../src/base/result.js';
import type { AddressFailure } from '../../src/interwork/address/address-failure.js';
import { AddressMap } from '../../src/interwork/address/address-map.js';
import { refusesSips } from '../../src/interwork/address/direction.js';
import type { Owner } from '../../src/interwork/address/localpart-escaping.js';
import { type DnsFacts, protocolFor } from '../../src/interwork/address/route.js';
import { jidFromUri } from '../../src/interwork/address/sip-to-xmpp.js';
import { loadAddressTables } from '../../src/interwork/address/tables.js';
import { uriFromJid } from '../../src/interwork/address/xmpp-to-sip.js';
import {
  type AnswerContext,
  addressedBy,
  sipAnswerFor,
  sipAnswerForAddress,
} from '../../src/interwork/error/sip-status.js';
import { stanzaErrorFor, stanzaErrorForAddress } from '../../src/interwork/error/stanza-error.js';
import { loadErrorTables } from '../../src/interwork/error/tables.js';
import { HeaderFields, SipRequest, SipResponse } from '../../src/sip/message/message.js';
import { parseSip } from '../../src/sip/message/parse.js';
import { reasonPhrase } from '../../src/sip/message/status.js';
import { Uri } from '../../src/sip/message/uri.js';
import { checkRequest } from '../../src/sip/useragent/request-checks.js';
import { Jid } from '../../src/xmpp/address/jid.js';
import { readStanzaError } from '../../src/xmpp/stanza/error-reply.js';
import { packagePath } from '../support/package-path.js';

interface Vector {
  readonly id: string;
  readonly section: string;
  readonly title: string;
  readonly owner: Owner;
  readonly input: Record<string, unknown>;
  readonly output: Record<string, unknown>;
  readonly output_canonicalised?: { readonly sip?: string; readonly xmpp?: string };
}

const VECTORS = (
  JSON.parse(readFileSync(packagePath('test/conformance/vectors/rfc7247.json'), 'utf8')) as { vectors: Vector[] }
).vectors;

const run = new Set<string>();

function each(prefix: string, check: (vector: Vector) => void): void {
  for (const vector of VECTORS.filter(({ id }) => id.startsWith(prefix))) {
    run.add(vector.id);
    it(`${vector.id}: ${vector.title}`, () => check(vector));
  }
}

function value<T>(result: Result<T, unknown>): T {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error));
  return result.value;
}

const ADDRESS_TABLES = value(
  loadAddressTables(readFileSync(packagePath('mappings/addresses.yaml'), 'utf8'), 'mappings/addresses.yaml'),
);
const ERROR_TABLES = value(
  loadErrorTables(readFileSync(packagePath('mappings/errors.yaml'), 'utf8'), 'mappings/errors.yaml'),
);

function freshMap(): AddressMap {
  return new AddressMap(ADDRESS_TABLES, {
    xmppDomains: ['xmpp.example', 'a.xmpp.example', 'example.com'],
    sipDomains: ['sip.example', 'gw.sip.example', 'example.net'],
  });
}

function context(method: string, more: Partial<AnswerContext> = {}): AnswerContext {
  return { map: freshMap(), method, allow: ['MESSAGE', 'OPTIONS', 'REGISTER'], ...more };
}

/** A URI as text to a JID; a text that is no URI is malformed. */
function toJid(text: string, owner: Owner, map: AddressMap): Result<Jid, AddressFailure> {
  const uri = Uri.parse(text);
  if (!uri.ok) return { ok: false, error: { kind: 'malformed', text: uri.error } };
  return jidFromUri(uri.value, map, { foreignOwner: owner });
}

/** A JID as text to a URI; a text that is no JID is malformed. */
function toUri(
  text: string,
  owner: Owner,
  map: AddressMap,
  scheme: 'sip' | 'im' | 'pres',
): Result<Uri, AddressFailure> {
  const jid = Jid.parse(text);
  if (!jid.ok) return { ok: false, error: { kind: 'malformed', text: jid.error } };
  return uriFromJid(jid.value, map, { scheme, foreignOwner: owner });
}

describe('RFC 7247 §6.4: SIP to XMPP addresses', () => {
  each('7247-s2x-', (vector) => {
    const mapped = toJid(String(vector.input.sip), vector.owner, freshMap());
    if (vector.output.error !== undefined) {
      assert.ok(!mapped.ok, 'must have no JID');
      const answer = sipAnswerForAddress(mapped.error, 'recipient', context('MESSAGE'), ERROR_TABLES);
      assert.ok((vector.output.sip_status as number[]).includes(answer.status), `answered ${answer.status}`);
      return;
    }
    // Localparts are canonicalized (step 6), so the expected JID is the canonical form of the one printed (RFC 7622 §3.3).
    const expected = value(Jid.parse(String((vector.output_canonicalised ?? vector.output).xmpp)));
    assert.equal(value(mapped).toString(), expected.toString());
  });
});

/**
 * Vectors whose JID holds an upper-case letter that RFC 7622 §3.3 folds (step 2 of 6.5), without naming the canonicalized
 * result: the SIP spelling comes back when the gateway has seen it, which is done here first.
 */
const SPELLING_SEEN: Readonly<Record<string, string>> = { '7247-x2s-38': 'sip:a%5C2Fb@sip.example' };

describe('RFC 7247 §6.5: XMPP to SIP addresses', () => {
  each('7247-x2s-', (vector) => {
    const map = freshMap();
    const seen = SPELLING_SEEN[vector.id];
    if (seen !== undefined) value(toJid(seen, vector.owner, map));
    const scheme = vector.input.scheme as 'sip' | 'im' | 'pres';
    const mapped = toUri(String(vector.input.xmpp), vector.owner, map, scheme);
    if (vector.output.error !== undefined) {
      assert.ok(!mapped.ok, 'must have no URI');
      const error = stanzaErrorForAddress(mapped.error, 'recipient', ERROR_TABLES);
      assert.ok((vector.output.xmpp_condition as string[]).includes(error.condition), error.condition);
      return;
    }
    assert.equal(value(mapped).toString(), (vector.output_canonicalised ?? vector.output).sip);
  });
});

describe('RFC 7247 §6.4, §6.5: round trips', () => {
  each('7247-rt-', (vector) => {
    const map = freshMap();
    if (vector.owner === 'sip') {
      const jid = value(toJid(String(vector.input.sip), 'sip', map));
      assert.equal(jid.toString(), vector.output.xmpp);
      assert.equal(value(uriFromJid(jid, map)).toString(), vector.output.sip);
    } else {
      const uri = value(toUri(String(vector.input.xmpp), 'xmpp', map, 'sip'));
      assert.equal(uri.toString(), vector.output.sip);
      assert.equal(value(jidFromUri(uri, map)).toString(), vector.output.xmpp);
    }
  });
});

interface Case {
  readonly when: Readonly<Record<string, string | number>>;
  readonly sip_status: number;
  readonly sip: string;
}

/** Header fields that RFC 3261 §21 wants with a status. */
const COMPULSORY: Readonly<Record<number, string>> = {
  301: 'Contact',
  401: 'WWW-Authenticate',
  405: 'Allow',
  407: 'Proxy-Authenticate',
};

function contextOf(when: Case['when']): AnswerContext {
  const dialog = when.context === 'INVITE or UPDATE inside a dialog';
  return context(dialog ? 'INVITE' : 'SUBSCRIBE', {
    midDialog: dialog,
    lacked: when.preference === 2,
    unresolvable: when.cause === 'server cannot be resolved',
    challenge: 'Digest realm="example.com", nonce="84a4cc6f"',
  });
}

describe('RFC 7247 §7.1, Table 2: stanza errors to SIP', () => {
  each('7247-err-x2s-', (vector) => {
    const stanza = parse(String(vector.input.xmpp).replace('<presence', "<presence xmlns='jabber:client'"));
    const error = readStanzaError(stanza);
    assert.ok(error !== undefined);
    assert.equal(error.condition, vector.input.condition);
    assert.equal(addressedBy(String(stanza.attrs.from)), 'full');
    for (const one of vector.output.cases as Case[]) {
      const address = one.when.character_data === 'present' ? 'xmpp:romeo@afterlife.example.net' : undefined;
      const sent = address === undefined ? error : { ...error, address };
      const both = one.when.address === 'full-jid' ? (['full'] as const) : (['bare'] as const);
      for (const addressed of one.when.address === 'any' ? (['full', 'bare'] as const) : both) {
        const answer = sipAnswerFor(sent, addressed, contextOf(one.when), ERROR_TABLES);
        assert.equal(answer.status, one.sip_status, JSON.stringify(one.when));
        assert.equal(`SIP/2.0 ${answer.status} ${answer.reason ?? reasonPhrase(answer.status)}`, one.sip);
        const header = COMPULSORY[answer.status];
        if (header !== undefined)
          assert.ok(
            answer.headers?.some(([name]) => name === header),
            `${header} is missing`,
          );
        if (address !== undefined) {
          assert.deepEqual(answer.headers, [['Contact', '<sip:romeo@afterlife.example.net>']]);
        }
      }
    }
  });
});

describe('RFC 7247 §7.2, Table 3: SIP responses to stanza errors', () => {
  each('7247-err-s2x-', (vector) => {
    const data = vector.output.character_data;
    for (const status of vector.input.sample_statuses as number[]) {
      const headers = new HeaderFields();
      if (data !== undefined) headers.add('Contact', '<sip:romeo@afterlife.example.net>');
      const error = stanzaErrorFor(new SipResponse(status, reasonPhrase(status), headers), ERROR_TABLES, freshMap());
      assert.equal(error.condition, vector.output.condition);
      assert.equal(error.type, vector.output.error_type);
      const printed = parse(String(vector.output.xmpp));
      assert.equal(error.type, printed.attrs.type);
      const condition = printed.getChild(error.condition);
      assert.equal(error.address ?? '', condition?.getText() ?? 'absent');
    }
  });
});

describe('RFC 7247 §8: security', () => {
  each('7247-sec-', (vector) => {
    const request = value(parseSip(Buffer.from(String(vector.input.sip))));
    assert.ok(request instanceof SipRequest);
    const refusal = refusesSips(request.requestUri, request.to.uri);
    const answer =
      refusal === undefined
        ? checkRequest(request, () => false)
        : sipAnswerForAddress(refusal, 'recipient', context('MESSAGE', { agent: 'gateway' }), ERROR_TABLES);
    assert.ok(answer !== undefined, 'must be refused');
    assert.ok((vector.output.sip_status as number[]).includes(answer.status), `answered ${answer.status}`);
    const recommended = vector.output.recommended as { sip_status: number; header: string } | undefined;
    if (recommended === undefined) return;
    assert.equal(answer.status, recommended.sip_status);
    assert.deepEqual(
      answer.headers?.map(([name, text]) => `${name}: ${text}`),
      [recommended.header],
    );
  });
});

describe('RFC 7247 §5: the protocol of a remote domain', () => {
  each('7247-route-', (vector) => {
    const facts: { -readonly [Fact in keyof DnsFacts]: DnsFacts[Fact] } = {};
    for (const [name, found] of Object.entries(vector.input.dns as Record<string, string>)) {
      facts[name.startsWith('_xmpp-server') ? 'xmppServer' : 'sip'] = found === 'present' ? 'present' : 'absent';
    }
    const to = vector.input.to;
    const domain =
      typeof to === 'string' ? value(Jid.parse(to)).domain : value(Uri.parse(String(vector.input.request_uri))).host;
    assert.deepEqual(protocolFor(domain, facts, typeof to === 'string' ? 'xmpp' : 'sip'), {
      kind: 'protocol',
      protocol: vector.output.protocol,
    });
  });
});

it('every RFC 7247 vector was run', () => {
  assert.equal(VECTORS.length, 233);
  assert.deepEqual(
    VECTORS.map(({ id }) => id).filter((id) => !run.has(id)),
    [],
  );
});
