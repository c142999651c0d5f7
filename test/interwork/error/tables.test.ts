import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ErrorTables, loadErrorTables, overrideErrorTables } from '../../../src/interwork/error/tables.js';
import { errorType } from '../../../src/xmpp/stanza/error-type.js';
import { CONDITIONS } from '../../../src/xmpp/stanza/stanza-error.js';
import { packagePath } from '../../support/package-path.js';
import { TYPES } from './rfc-7247-tables.js';

const TEXT = readFileSync(packagePath('mappings/errors.yaml'), 'utf8');

function defaults(): ErrorTables {
  const tables = loadErrorTables(TEXT, 'mappings/errors.yaml');
  assert.ok(tables.ok, tables.ok ? '' : tables.error);
  return tables.value;
}

function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

describe('interwork/error: mappings/errors.yaml', () => {
  it('loads, complete and frozen', () => {
    const tables = defaults();
    assert.deepEqual(Object.keys(tables.conditions).sort(), [...CONDITIONS].sort());
    assert.ok(Object.isFrozen(tables));
    assert.ok(Object.isFrozen(tables.conditions.gone));
  });

  it('names a section in every row', () => {
    const tables = defaults();
    const { types: _, ...sections } = tables;
    const rows = [
      ...Object.values(sections.conditions),
      ...Object.values(sections.statuses),
      ...Object.values(sections.classes),
      ...Object.values(sections.localCauses),
      ...Object.values(sections.linkCauses),
      ...Object.values(sections.addressFailures),
      sections.privacy,
      sections.noCondition,
    ];
    assert.ok(rows.length > 90);
    for (const row of rows) assert.match(row.section, /^RFC \d+ §\d+(\.\d+)*$/);
  });

  for (const [condition, type] of TYPES) {
    it(`RFC 6120 §8.3.3: ${condition} is of type ${type}`, () => {
      assert.equal(defaults().types[condition], type);
    });
  }
});

describe('interwork/error: the types of mappings/errors.yaml', () => {
  it('are those of the XMPP side', () => {
    for (const condition of CONDITIONS) assert.equal(defaults().types[condition], errorType(condition), condition);
  });
});

describe('interwork/error: mistakes in a table are told with file, line, key and remedy', () => {
  const broken: readonly (readonly [title: string, from: string, to: string, expected: RegExp])[] = [
    ['an unknown condition', 'conflict:                {', 'conflicts:               {', /conditions\.conflicts?: /],
    [
      'an unknown key',
      '{ status: 400, section: RFC 7247 §7.1 }',
      '{ stauts: 400, section: x }',
      /stauts: is not a known key; remove it/,
    ],
    [
      'a status that is none',
      'internal-server-error:   { status: 500',
      'internal-server-error:   { status: 99',
      /conditions\.internal-server-error\.status: 99 is too small; the least is 300/,
    ],
    [
      'a status of the wrong kind',
      'noCondition: { status: 500',
      'noCondition: { status: often',
      /noCondition\.status: is text; write a number/,
    ],
    [
      'an unknown condition for a status',
      '300: { condition: redirect',
      '300: { condition: moved',
      /statuses\.300\.condition: "moved" is not known; write one of: bad-request/,
    ],
    ['a missing section', '  draining:        {', '  dreining:        {', /localCauses\.draining: is missing; add it/],
    [
      'a status that needs more headers',
      'unconfirmed: { status: 504',
      'unconfirmed: { status: 423',
      /linkCauses\.unconfirmed\.status: needs a header field .*; choose another status/,
    ],
    [
      '503 for service-unavailable',
      'service-unavailable:     { status: 403',
      'service-unavailable:     { status: 503',
      /conditions\.service-unavailable\.status: 503 would stop all traffic/,
    ],
    [
      'two statuses',
      'conflict:                { status: 400',
      'conflict:                { status: 400, full: 400, bare: 400',
      /conditions\.conflict: does not say one status; write "status", or both/,
    ],
    [
      'no unchallenged answer',
      'status: 401, unchallenged: 403',
      'status: 401',
      /conditions\.not-authorized: leaves no answer .*; write "unchallenged"/,
    ],
  ];
  for (const [title, from, to, expected] of broken) {
    it(title, () => {
      assert.ok(TEXT.includes(from), `the table no longer holds ${from}`);
      const text = TEXT.replace(from, to);
      const loaded = loadErrorTables(text, 'my/errors.yaml');
      assert.ok(!loaded.ok);
      assert.match(loaded.error, expected);
      assert.match(loaded.error, /^my\/errors\.yaml:\d+: /);
    });
  }

  it('the line is that of the key', () => {
    const text = TEXT.replace('300: { condition: redirect', '300: { condition: moved');
    const loaded = loadErrorTables(text, 'e.yaml');
    assert.ok(!loaded.ok);
    assert.equal(loaded.error.split(':')[1], String(lineOf(text, 'condition: moved')));
  });

  it('broken YAML is told with its line', () => {
    const loaded = loadErrorTables('types:\n  gone: [\n', 'e.yaml');
    assert.ok(!loaded.ok);
    assert.match(loaded.error, /^e\.yaml:\d+: is not valid YAML: /);
  });

  it('every mistake is told, not the first alone', () => {
    const text = TEXT.replace('300: { condition: redirect', '300: { condition: moved').replace(
      'noCondition: { status: 500',
      'noCondition: { status: 7',
    );
    const loaded = loadErrorTables(text, 'e.yaml');
    assert.ok(!loaded.ok);
    assert.equal(loaded.error.split('\n').length, 2);
  });
});

describe("interwork/error: an operator's file laid over the table", () => {
  it('changes what it names and leaves the rest', () => {
    const base = defaults();
    const own = overrideErrorTables(
      base,
      'conditions:\n  service-unavailable: { status: 405 }\nstatuses:\n  403: { condition: not-allowed }\n  607: { condition: not-allowed, section: ours }\n',
      'own.yaml',
    );
    assert.ok(own.ok, own.ok ? '' : own.error);
    assert.equal(own.value.conditions['service-unavailable'].status, 405);
    assert.equal(own.value.conditions['service-unavailable'].lacked, 405);
    assert.equal(own.value.statuses[403]?.condition, 'not-allowed');
    assert.equal(own.value.statuses[607]?.condition, 'not-allowed');
    assert.deepEqual(own.value.statuses[404], base.statuses[404]);
    assert.equal(base.statuses[403]?.condition, 'forbidden');
  });

  it('an empty file changes nothing', () => {
    const base = defaults();
    const own = overrideErrorTables(base, '# nothing yet\n', 'own.yaml');
    assert.ok(own.ok);
    assert.deepEqual(own.value, base);
  });

  it("mistakes are told with the operator's file and line", () => {
    const own = overrideErrorTables(defaults(), '\nstatuses:\n  404:\n    condition: lost\n', 'own.yaml');
    assert.ok(!own.ok);
    assert.match(own.error, /^own\.yaml:4: statuses\.404\.condition: "lost" is not known/);
  });
});
