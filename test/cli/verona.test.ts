import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../support/package-path.js';

const PROGRAM = packagePath('dist/src/cli/main.js');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Command {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  #out = '';
  #err = '';
  #watch: (() => void)[] = [];

  constructor(args: readonly string[], input = '', environment: Record<string, string> = {}) {
    this.process = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...environment } });
    this.process.stdout?.on('data', (chunk) => this.#saw(() => (this.#out += chunk)));
    this.process.stderr?.on('data', (chunk) => this.#saw(() => (this.#err += chunk)));
    this.process.stdin?.end(input);
    this.ended = new Promise((resolve) =>
      this.process.on('close', (code) => resolve({ code, out: this.#out, err: this.#err })),
    );
  }

  /** Resolves once standard output matches. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.#out);
        if (match !== null) resolve(match);
      };
      this.#watch.push(look);
      look();
      void this.ended.then(({ out, err }) => reject(new Error(`ended without ${pattern}: ${out}${err}`)));
    });
  }

  #saw(add: () => void): void {
    add();
    for (const look of this.#watch) look();
  }
}

describe('the verona command', function () {
  this.timeout(20_000);
  let folder: string;
  let config: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'verona-cli-'));
    config = join(folder, 'verona.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        domains: { xmpp: ['example.com'], sip: ['example.net'] },
        xmpp: { server: { c2s: { listen: '127.0.0.1:0' } } },
        sip: { listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'] },
        store: `sqlite:${join(folder, 'verona.db')}`,
        dataDir: folder,
        http: { listen: '127.0.0.1:0' },
      }),
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('--version ends with 0', async () => {
    const { code, out } = await new Command(['--version']).ended;
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });

  for (const args of [['nonsense'], ['run', '--nonsense'], ['user'], ['user', 'add']]) {
    it(`wrong usage ends with 2: verona ${args.join(' ')}`, async () => {
      assert.equal((await new Command(args).ended).code, 2);
    });
  }

  it('a missing configuration ends with 1 and one line', async () => {
    const { code, err } = await new Command(['run', '--config', join(folder, 'absent.yaml')]).ended;
    assert.equal(code, 1);
    assert.match(err, /^verona: .*absent\.yaml: does not exist; give a configuration with --config FILE.*\n$/);
  });

  it('check tells what it has looked at', async () => {
    const { code, out } = await new Command(['check', '--config', config]).ended;
    assert.equal(code, 0, out);
    assert.match(out, /ok {4}mappings/);
  });

  it('check fails, with a remedy, for a port that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, out } = await new Command(['check', '--config', config], '', {
      VERONA_HTTP_LISTEN: `127.0.0.1:${port}`,
    }).ended;
    other.close();
    assert.equal(code, 1);
    assert.match(out, new RegExp(`FAIL {2}http\\.listen 127\\.0\\.0\\.1:${port}: .*choose another port`));
  });

  it('check fails for an XMPP server that is not there', async () => {
    const component = join(folder, 'component.yaml');
    writeFileSync(
      component,
      JSON.stringify({
        domains: { xmpp: ['a.example'], sip: ['b.example'] },
        xmpp: { component: { port: 1, secret: 'x' } },
        sip: { listen: ['udp:127.0.0.1:0'] },
        store: 'memory:',
      }),
    );
    const { code, out } = await new Command(['check', '--config', component]).ended;
    assert.equal(code, 1);
    assert.match(out, /FAIL {2}XMPP server at 127\.0\.0\.1:1: .*ECONNREFUSED.*; start it, or correct xmpp\.component/);
  });

  it('user add, list, passwd, del keep users of both sides', async () => {
    const run = (args: string[], input = '') => new Command(['user', ...args, '--config', config], input).ended;
    assert.match((await run(['add', 'juliet@example.com'], 'balcony\n')).out, /^added juliet@example\.com\n$/);
    assert.match(
      (await run(['add', 'sip:romeo@example.net', '--password', 'orchard'])).out,
      /^added sip:romeo@example\.net\n$/,
    );
    const twin = await run(['add', 'sip:Romeo@example.net'], 'x\n');
    assert.equal(twin.code, 1);
    assert.match(twin.err, /differs from sip:Romeo@example\.net in case alone/);
    const twice = await run(['add', 'juliet@example.com'], 'x\n');
    assert.equal(twice.code, 1);
    assert.match(twice.err, /exists; use "verona user passwd/);
    assert.equal((await run(['list'])).out, 'juliet@example.com\nsip:romeo@example.net\n');
    assert.equal((await run(['passwd', 'romeo@example.net'], 'ladder\n')).code, 0);
    assert.equal((await run(['del', 'juliet@example.com'])).code, 0);
    assert.equal((await run(['del', 'juliet@example.com'])).code, 1);
    assert.equal((await run(['add', 'someone@elsewhere.example'], 'x\n')).code, 2);
    assert.equal((await run(['add', 'x@example.com'], '\n')).code, 2);
    assert.equal((await run(['list'])).out, 'sip:romeo@example.net\n');
  });

  it('run logs ready, answers /healthz /readyz /metrics, and ends with 0 on SIGTERM', async () => {
    const gateway = new Command(['run', '--config', config]);
    const [line] = await gateway.until(/\{[^\n]*"message":"ready"[^\n]*\}/);
    const http = /http:(127\.0\.0\.1:\d+)/.exec(line)?.[1];
    const get = async (path: string) => {
      const response = await fetch(`http://${http}${path}`);
      return { status: response.status, text: await response.text() };
    };
    assert.deepEqual(await get('/healthz'), { status: 200, text: 'ok\n' });
    assert.deepEqual(await get('/readyz'), { status: 200, text: 'ready\n' });
    assert.match(
      (await get('/metrics')).text,
      /^verona_messages_total\{direction="sip-to-xmpp",outcome="delivered"\} 0$/m,
    );
    assert.equal((await get('/absent')).status, 404);
    const began = Date.now();
    gateway.process.kill('SIGTERM');
    const { code, out } = await gateway.ended;
    assert.equal(code, 0);
    assert.match(out, /"message":"stopped"/);
    assert.ok(Date.now() - began < 10_000);
  });

  it('/readyz is 503 while the XMPP server is away, and SIGTERM still ends with 0', async () => {
    const gateway = new Command(['run', '--config', config], '', {
      VERONA_XMPP: '{ component: { host: 127.0.0.1, port: 1, secret: x } }',
      VERONA_LOG_LEVEL: 'debug',
    });
    await gateway.until(/"component not connected"/);
    gateway.process.kill('SIGTERM');
    const { code, out } = await gateway.ended;
    assert.equal(code, 0);
    assert.doesNotMatch(out, /"message":"ready"/);
  });

  it('run in a taken port ends with 1 and one line', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, err } = await new Command(['run', '--config', config], '', {
      VERONA_SIP_LISTEN: `tcp:127.0.0.1:${port}`,
    }).ended;
    other.close();
    assert.equal(code, 1);
    assert.match(err, new RegExp(`^verona: 127\\.0\\.0\\.1:${port} is in use; .*\\n$`));
  });

  it('demo --once shows both directions and both errors, and ends with 0', async () => {
    const { code, out } = await new Command(['demo', '--once']).ended;
    assert.equal(code, 0);
    for (const part of [
      'MESSAGE sip:juliet@example.com',
      '<body>Art thou not Juliet',
      'Content-Language: en',
      '403 Forbidden',
      'message type=error',
      '<item-not-found',
    ]) {
      assert.ok(out.includes(part), part);
    }
  });
});
