import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from './support/package-path.js';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(packagePath('docs')).map((name) => join('docs', name)),
];

describe('documents', () => {
  it('docs/architecture.md names only paths that exist', () => {
    const text = readFileSync(packagePath('docs/architecture.md'), 'utf8');
    const paths = [...text.matchAll(/`((?:src|test|mappings|config|docs)\/[^`*\s]*)`/g)].map(
      (match) => match[1] as string,
    );
    assert.ok(paths.length > 30);
    assert.deepEqual(
      paths.filter((path) => !existsSync(packagePath(path))),
      [],
    );
  });

  it('every link between documents leads somewhere', () => {
    const broken = documents.flatMap((name) => {
      const text = readFileSync(packagePath(name), 'utf8');
      const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] as string);
      return targets
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(packagePath(join(name, '..', target))))
        .map((target) => `${name}: ${target}`);
    });
    assert.deepEqual(broken, []);
  });

  it('the scripts that README and CONTRIBUTING name exist', () => {
    const { scripts } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const name of ['README.md', 'CONTRIBUTING.md']) {
      for (const [, script] of readFileSync(packagePath(name), 'utf8').matchAll(/npm run ([a-z:]+)/g)) {
        assert.ok(scripts[script as string], `${name}: npm run ${script}`);
      }
    }
  });
});
