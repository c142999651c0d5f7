/** A real program that a test runs as a peer: its process, its output, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface PeerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Replaces the environment; without it the peer gets PATH, HOME and the language only. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Waiter {
  readonly matches: (line: string) => boolean;
  readonly found: (line: string) => void;
  readonly failed: (error: Error) => void;
}

const OUTPUT_LINES = 5000;
const STOP_GRACE_MS = 5000;
const running = new Set<PeerProcess>();

/** Whatever ends the test run ends its peers with it. */
process.once('exit', () => {
  for (const peer of running) peer.signal('SIGKILL');
});
for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** Stops every peer that still runs: what a failed test has left behind. */
export async function stopRunningPeers(): Promise<void> {
  await Promise.all([...running].map((peer) => peer.stop()));
}

/** A running program. Standard output and error are read line by line; `describe()` shows the last of them. */
export class PeerProcess {
  readonly name: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<(line: string) => void>();
  #exit: Exit | undefined;

  private constructor(options: PeerOptions) {
    this.name = options.name;
    // a process group of its own, so that a program's children end with it
    this.#child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env ?? { ...plainEnvironment() },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(this);
    this.#child.stdin?.on('error', () => {}); // the program may end before it has read everything
    this.#read(this.#child.stdout);
    this.#read(this.#child.stderr);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#take(String(error));
        this.#ended({ code: 127, signal: null }, resolve);
      });
      this.#child.once('close', (code, signal) => this.#ended({ code, signal }, resolve));
    });
  }

  static start(options: PeerOptions): PeerProcess {
    return new PeerProcess(options);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What the program has written so far, oldest line first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Calls `listener` for each line to come. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Waits for a line that was or will be written; fails when the program ends, or after `timeoutMs`, and then says `what`. */
  line(
    wanted: RegExp | ((line: string) => boolean),
    timeoutMs = 15_000,
    from = 0,
    what = String(wanted),
  ): Promise<string> {
    const matches = wanted instanceof RegExp ? (line: string) => wanted.test(line) : wanted;
    const earlier = this.#lines.slice(from).find(matches);
    if (earlier !== undefined) return Promise.resolve(earlier);
    if (this.#exit !== undefined) return Promise.reject(this.failure(`ended before writing ${what}`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => waiter.failed(this.failure(`wrote no ${what} in ${timeoutMs} ms`)), timeoutMs);
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        matches,
        found: (line) => {
          done();
          resolve(line);
        },
        failed: (error) => {
          done();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** Repeats `attempt` until it answers something else than `undefined`; fails as `line` does. */
  async until<T>(what: string, attempt: () => Promise<T | undefined> | T | undefined, timeoutMs = 15_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await attempt();
      if (found !== undefined) return found;
      if (this.#exit !== undefined) throw this.failure(`ended before ${what}`);
      if (Date.now() > deadline) throw this.failure(`${what}: not in ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  /** Signals the program and the children of its group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exit !== undefined || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, constants.signals[signal]);
    } catch {
      // gone already
    }
  }

  /** Ends the program: SIGTERM, after five seconds SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    const killer = setTimeout(() => this.signal('SIGKILL'), STOP_GRACE_MS);
    const exit = await this.exited;
    clearTimeout(killer);
    return exit;
  }

  /** An error that carries the end of what the program wrote. */
  failure(text: string): Error {
    return new Error(`${this.name} ${text}\n${this.describe()}`);
  }

  /** The end of what the program wrote, for failure messages. */
  describe(count = 40): string {
    const state = this.#exit === undefined ? 'running' : `ended with ${this.#exit.signal ?? this.#exit.code}`;
    return [`--- ${this.name} (${state}), last lines:`, ...this.#lines.slice(-count)].join('\n');
  }

  #read(stream: NodeJS.ReadableStream | null): void {
    if (stream === null) return;
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#take(part);
    });
    stream.on('end', () => {
      if (rest !== '') this.#take(rest);
    });
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > OUTPUT_LINES) this.#lines.splice(0, OUTPUT_LINES / 2);
    for (const waiter of [...this.#waiters]) if (waiter.matches(line)) waiter.found(line);
    for (const listener of this.#listeners) listener(line);
  }

  #ended(exit: Exit, resolve: (exit: Exit) => void): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    running.delete(this);
    for (const waiter of [...this.#waiters]) waiter.failed(this.failure('ended early'));
    resolve(exit);
  }
}

/** What a peer inherits: where programs are, and nothing that changes how it works. */
export function plainEnvironment(home = '/nonexistent'): Record<string, string> {
  return { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin`, HOME: home, LANG: 'C.UTF-8' };
}
