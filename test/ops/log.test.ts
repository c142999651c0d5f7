import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { type LogOptions, openLog } from '../../src/ops/log.js';
import { packagePath } from '../support/package-path.js';

/** A log and what it has written. */
function opened(options: Partial<LogOptions> = {}) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const log = openLog({ level: 'info', format: 'json', stream, ...options });
  return { log, lines: () => text.split('\n').slice(0, -1) };
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe('the log', () => {
  it('writes one JSON object a line, in order', async () => {
    const { log, lines } = opened();
    log.info('first', { callId: 'a@b', status: 200 });
    log.warn('second');
    await turnOfTheLoop();
    log.info('third');
    await turnOfTheLoop();
    const [first, second, third, ...others] = lines().map((line) => JSON.parse(line));
    assert.equal(first.message, 'first');
    assert.equal(first.level, 'info');
    assert.equal(first.callId, 'a@b');
    assert.equal(first.status, 200);
    assert.ok(!Number.isNaN(Date.parse(first.time)));
    assert.deepEqual([second.level, second.message, third.message], ['warn', 'second', 'third']);
    assert.deepEqual(others, []);
  });

  it('writes an error at once, after what came before it', () => {
    const { log, lines } = opened();
    log.info('before');
    log.error('now');
    assert.deepEqual(
      lines().map((line) => JSON.parse(line).message),
      ['before', 'now'],
    );
  });

  for (const [level, written] of [
    ['error', ['error']],
    ['warn', ['warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['debug', ['debug', 'info', 'warn', 'error']],
  ] as const) {
    it(`at level ${level} writes ${written.join(', ')}`, () => {
      const { log, lines } = opened({ level });
      log.debug('debug');
      log.info('info');
      log.warn('warn');
      log.error('error');
      assert.deepEqual(
        lines().map((line) => JSON.parse(line).message),
        written,
      );
      assert.equal(log.debugEnabled, level === 'debug');
    });
  }

  it('lets foreign text forge no line', () => {
    for (const format of ['json', 'pretty'] as const) {
      const { log, lines } = opened({ format });
      log.error('refused', { from: 'sip:a@b\n2024 info ready' });
      assert.equal(lines().length, 1);
    }
  });

  it('lets foreign text command no terminal, and reverse no line', () => {
    const foreign = 'sip:\u009b31m\u007f\u202egro.elpmaxe@a\u2028♥';
    for (const format of ['json', 'pretty'] as const) {
      const { log, lines } = opened({ format });
      log.error('refused', { from: foreign });
      const line = lines()[0] as string;
      assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\u202a-\u202e]/u);
      assert.ok(line.includes('♥'));
      if (format === 'json') assert.equal(JSON.parse(line).from, foreign);
    }
  });

  it('shortens long fields', () => {
    const { log, lines } = opened();
    log.error('refused', { from: 'x'.repeat(10_000) });
    assert.ok((lines()[0] as string).length < 1000);
  });

  it('loses no line when the process ends', () => {
    const program = `
      import { openLog } from ${JSON.stringify(packagePath('src/ops/log.ts'))};
      openLog({ level: 'info', format: 'json' }).info('last words');
      process.exit(0);`;
    const { stdout } = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], {
      cwd: packagePath('.'),
      encoding: 'utf8',
    });
    assert.match(stdout, /last words/);
  });
});
