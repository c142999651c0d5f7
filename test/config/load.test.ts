import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { variableName, variables } from '../../src/config/environment.js';
import { configJsonSchema } from '../../src/config/json-schema.js';
import { loadConfig } from '../../src/config/load.js';
import { describeProblem } from '../../src/config/problem.js';
import { packagePath } from '../support/package-path.js';

const MINIMAL = 'domains: { xmpp: [example.com], sip: [example.net] }\nxmpp: { server: {} }\n';

function problems(text: string, environment: Record<string, string> = {}): string[] {
  const loaded = loadConfig(text, 'verona.yaml', environment);
  return loaded.ok ? loaded.value.warnings.map(describeProblem) : loaded.error.map(describeProblem);
}

describe('configuration', () => {
  it('fills in every default', () => {
    const loaded = loadConfig(MINIMAL, 'verona.yaml', {});
    assert.ok(loaded.ok);
    assert.equal(loaded.value.config.limits.sipMessageOctets, 1300);
    assert.equal(loaded.value.config.xmpp.server?.c2s.requireTls, true);
    assert.deepEqual(loaded.value.config.sip.trustedPeers, []);
    assert.deepEqual(loaded.value.warnings, []);
  });

  it('is frozen', () => {
    const loaded = loadConfig(MINIMAL, 'verona.yaml', {});
    assert.ok(loaded.ok);
    assert.throws(() => (loaded.value.config.domains.sip as string[]).push('x'), TypeError);
  });

  for (const [title, text, expected] of [
    ['broken YAML', 'domains: [', /^verona\.yaml:1: is not valid YAML/],
    ['a list instead of keys', '- a', /^verona\.yaml:1: is not a YAML mapping/],
    ['a duplicate key', `${MINIMAL}xmpp: {}\n`, /^verona\.yaml:3: is not valid YAML: .*unique.*; keep one of the two/],
    [
      'an unknown key with a near name',
      `${MINIMAL}sip:\n  outboundProxi: x\n`,
      /^verona\.yaml:4: sip\.outboundProxi: is not a known key; did you mean "outboundProxy"\?/,
    ],
    [
      'an unknown key with no near name',
      `${MINIMAL}log:\n  zzzzzzzz: 1\n`,
      /^verona\.yaml:4: log\.zzzzzzzz: is not a known key; remove it; known here: level, format/,
    ],
    ['a missing key', 'xmpp: { server: {} }\n', /^verona\.yaml:1: domains: is missing; add it/],
    [
      'a wrong kind',
      `${MINIMAL}limits:\n  drainMs: "long"\n`,
      /^verona\.yaml:4: limits\.drainMs: is text; write a number/,
    ],
    [
      'a number below its least',
      `${MINIMAL}limits:\n  stanzaOctets: 9999\n`,
      /^verona\.yaml:4: limits\.stanzaOctets: 9999 is too small; the least is 10000/,
    ],
    [
      'a number above its most',
      `${MINIMAL}limits: { drainMs: 20000 }\n`,
      /limits\.drainMs: 20000 is too large; the most is 10000/,
    ],
    [
      'a value that is not known',
      `${MINIMAL}log:\n  level: loud\n`,
      /^verona\.yaml:4: log\.level: "loud" is not known; write one of: error, warn, info, debug/,
    ],
    [
      'a bad SIP listener',
      `${MINIMAL}sip:\n  listen: ["upd:127.0.0.1:5060"]\n`,
      /^verona\.yaml:4: sip\.listen\[0\]: is no SIP listener; write/,
    ],
    [
      'a listener of a later version',
      `${MINIMAL}sip:\n  listen: ["tls:127.0.0.1:5061"]\n`,
      /sip\.listen\[0\]: needs a transport of this version; udp or tcp/,
    ],
    ['a port beyond 65535', `${MINIMAL}http: { listen: "127.0.0.1:70000" }\n`, /http\.listen: is no listening address/],
    ['a bad proxy', `${MINIMAL}sip: { outboundProxy: "http://x" }\n`, /sip\.outboundProxy: is no SIP URI/],
    ['a bad network', `${MINIMAL}sip: { trustedPeers: [anyone] }\n`, /sip\.trustedPeers\[0\]: is no network/],
    ['a store of a later version', `${MINIMAL}store: "redis://127.0.0.1"\n`, /store: is no store of this version/],
    [
      'a domain with a port',
      'domains: { xmpp: ["example.com:5222"], sip: [example.net] }\nxmpp: { server: {} }\n',
      /domains\.xmpp\[0\]: is no domain name/,
    ],
    ['a user without password', `${MINIMAL}users: [{ jid: a@example.com }]\n`, /users\[0\]: has none of the forms/],
    [
      'neither component nor server',
      'domains: { xmpp: [a.example], sip: [b.example] }\n',
      /xmpp: has neither component nor server/,
    ],
    [
      'both component and server',
      'domains: { xmpp: [a.example], sip: [b.example] }\nxmpp:\n  component: { secret: x }\n  server: {}\n',
      /^verona\.yaml:4: xmpp\.server: stands beside xmpp\.component/,
    ],
    [
      'a domain on both sides',
      'domains: { xmpp: [a.example], sip: [A.example] }\nxmpp: { server: {} }\n',
      /domains\.sip\[0\]: stands in domains\.xmpp too/,
    ],
    [
      'a component domain that is not ours',
      'domains: { xmpp: [a.example], sip: [b.example] }\nxmpp: { component: { secret: x, domains: [c.example] } }\n',
      /xmpp\.component\.domains\[0\]: is no domain of the SIP side/,
    ],
    [
      'numbers in an XMPP domain',
      `${MINIMAL}addresses: { phone: { domain: EXAMPLE.com } }\n`,
      /addresses\.phone\.domain: stands in domains\.xmpp too/,
    ],
    [
      'a realm of two domains',
      'domains: { xmpp: [a.example], sip: [b.example, c.example] }\nxmpp: { server: {} }\nsip: { registrar: { realm: C.example } }\n',
      /sip\.registrar\.realm: is the realm of another of domains\.sip/,
    ],
    [
      'an account outside its domain',
      `${MINIMAL}users: [{ jid: a@elsewhere.example, password: x }]\n`,
      /users\[0\]\.jid: is no account of domains\.xmpp/,
    ],
    [
      'phones that differ in case alone',
      `${MINIMAL}users: [{ aor: "sip:a@example.net", password: x }, { aor: "sip:A@example.net", password: x }]\n`,
      /users\[1\]\.aor: is there already, perhaps in other case; remove one of the two/,
    ],
    [
      'a phone outside its domain',
      `${MINIMAL}users: [{ aor: "sip:a@elsewhere.example", password: x }]\n`,
      /users\[0\]\.aor: is no address of domains\.sip/,
    ],
  ] as const) {
    it(`${title} is told with file, line, key and remedy`, () => {
      assert.match(problems(text).join('\n'), expected);
    });
  }

  it('every mistake is told at once', () => {
    assert.equal(problems(`${MINIMAL}nonsense: 1\nlog: { level: loud }\nstore: x\n`).length, 3);
  });

  it('a key of a later version is a warning, never silently ignored', () => {
    const told = problems(
      'domains: { xmpp: [a.example], sip: [b.example] }\nxmpp: { server: { muc: { domain: rooms.a.example } } }\nmsrp: { listen: "tcp:127.0.0.1:2855" }\n',
    );
    assert.match(told.join('\n'), /xmpp\.server\.muc: is not available in this version/);
    assert.match(told.join('\n'), /msrp: is not available in this version/);
  });
});

describe('environment', () => {
  it('names each key of the contract', () => {
    for (const name of [
      'VERONA_DOMAINS_SIP',
      'VERONA_XMPP_COMPONENT_SECRET',
      'VERONA_SIP_OUTBOUND_PROXY',
      'VERONA_SIP_REGISTRAR_ENABLED',
      'VERONA_STORE',
      'VERONA_LOG_LEVEL',
      'VERONA_HTTP_LISTEN',
    ]) {
      assert.ok(variables().has(name), name);
    }
    assert.equal(variableName(['limits', 'sipMessageOctets']), 'VERONA_LIMITS_SIP_MESSAGE_OCTETS');
  });

  it('no two keys share a name', () => {
    const seen = new Set([...variables().values()].map((variable) => variable.path.join('.')));
    assert.equal(seen.size, variables().size);
  });

  it('overrides text, numbers, booleans, lists and groups', () => {
    const loaded = loadConfig('domains: { xmpp: [a.example], sip: [b.example] }\n', 'verona.yaml', {
      VERONA_XMPP_COMPONENT: '{ host: 127.0.0.9 }',
      VERONA_XMPP_COMPONENT_SECRET: '0123',
      VERONA_XMPP_COMPONENT_PORT: '5348',
      VERONA_SIP_REGISTRAR_ENABLED: 'false',
      VERONA_SIP_TRUSTED_PEERS: '127.0.0.1/32, ::1/128',
      VERONA_DOMAINS_SIP: '["c.example"]',
    });
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.error.map(describeProblem).join('\n'));
    const { config } = loaded.value;
    assert.deepEqual(config.xmpp.component, { host: '127.0.0.9', port: 5348, secret: '0123' });
    assert.equal(config.sip.registrar.enabled, false);
    assert.deepEqual(config.sip.trustedPeers, ['127.0.0.1/32', '::1/128']);
    assert.deepEqual(config.domains.sip, ['c.example']);
  });

  it('a bad value is told with its variable', () => {
    assert.match(
      problems(MINIMAL, { VERONA_LOG_LEVEL: 'loud' }).join('\n'),
      /^environment: VERONA_LOG_LEVEL \(log\.level\): "loud" is not known/,
    );
  });

  it('an unknown variable is a warning', () => {
    assert.match(
      problems(MINIMAL, { VERONA_SERVICE_HOST: '10.0.0.1' }).join('\n'),
      /VERONA_SERVICE_HOST: names no configuration key/,
    );
  });
});

describe('shipped configuration', () => {
  it('config/verona.yaml is valid without a warning', () => {
    assert.deepEqual(problems(readFileSync(packagePath('config/verona.yaml'), 'utf8')), []);
  });

  it('config/verona.schema.json is the schema of the code (npx verona check --print-schema)', () => {
    assert.equal(readFileSync(packagePath('config/verona.schema.json'), 'utf8'), configJsonSchema());
  });

  it('docs/configuration.md tells every key', () => {
    const text = readFileSync(packagePath('docs/configuration.md'), 'utf8');
    const missing = [...variables().values()]
      .map((variable) => variable.path.join('.'))
      .filter((path) => !text.includes(`\`${path}\``));
    assert.deepEqual(missing, []);
  });
});
