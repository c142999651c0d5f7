import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CONDITIONS } from '../../../src/xmpp/stanza/stanza-error.js';
import { packagePath } from '../../support/package-path.js';

/** The one table that may pair a condition with a status; everything else asks `interwork/error`. */
const THE_PLACE = ['mappings/errors.yaml'];

/** Pairs that are none, each with its reason. */
const NO_PAIRS: Readonly<Record<string, string>> = {
  'src/xmpp/stanza/error-reply.ts': "XEP-0086 §3: XMPP's own numbers of before RFC 3920; they are no SIP statuses",
};

/** Lines that stand this close to each other count as one saying. */
const NEAR = 1;

const CONDITION = new RegExp(`(['"\`])(?:${CONDITIONS.join('|')})\\1`);
const BARE_CONDITION = new RegExp(`(?<![\\w-])(?:${CONDITIONS.join('|')})(?![\\w-])`);
const STATUS = /(?<![\w.#-])[3-6]\d\d(?![\w.%-])/;

/** Source text without comments; strings keep their content and line breaks stay, so that line numbers hold. */
function withoutComments(source: string): string {
  return source.replace(
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (whole, quoted: string | undefined) => quoted ?? whole.replace(/[^\n]/g, ''),
  );
}

/** The lines on which a condition and a status stand together or next to each other. */
function pairsIn(text: string, condition: RegExp): number[] {
  const lines = text.split('\n');
  const statusLines = lines.flatMap((line, index) => (STATUS.test(line) ? [index] : []));
  return lines.flatMap((line, index) =>
    condition.test(line) && statusLines.some((other) => Math.abs(other - index) <= NEAR) ? [index + 1] : [],
  );
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('RFC 7247 §7: one place pairs conditions with statuses', () => {
  it('the search finds pairs in every spelling', () => {
    for (const source of [
      "const TABLE = { 'item-not-found': 404 };",
      "case 404: return 'item-not-found';",
      "if (status === 603)\n  return error('forbidden');",
      "404: { condition: 'gone' },",
      "respond(480); // why\nfail('recipient-unavailable');",
    ]) {
      assert.notDeepEqual(pairsIn(withoutComments(source), CONDITION), [], source);
    }
  });

  it('the search passes over comments, other numbers, and what stands apart', () => {
    for (const source of [
      "// 404 becomes 'item-not-found'\nreturn table.get(status);",
      "/* 'gone' is 410 */",
      "fail('resource-constraint', { afterMs: 1500 });",
      "send('gone', 0x404);",
      "respond(415);\n\n\nfail('not-acceptable');",
    ]) {
      assert.deepEqual(pairsIn(withoutComments(source), CONDITION), [], source);
    }
  });

  it('no file of src/ holds such a pair', () => {
    const root = packagePath('.');
    const found = filesBelow(packagePath('src'), '.ts')
      .filter((path) => NO_PAIRS[relative(root, path)] === undefined)
      .flatMap((path) =>
        pairsIn(withoutComments(readFileSync(path, 'utf8')), CONDITION).map(
          (line) => `${relative(root, path)}:${line}`,
        ),
      );
    assert.deepEqual(found, [], 'ask interwork/error instead, or add the row to mappings/errors.yaml');
  });

  it('no other table of mappings/ holds such a pair', () => {
    const root = packagePath('.');
    const found = filesBelow(packagePath('mappings'), '.yaml')
      .filter((path) => !THE_PLACE.includes(relative(root, path)))
      .flatMap((path) => {
        const text = readFileSync(path, 'utf8').replace(/#[^\n]*/g, '');
        return pairsIn(text, BARE_CONDITION).map((line) => `${relative(root, path)}:${line}`);
      });
    assert.deepEqual(found, []);
  });
});
