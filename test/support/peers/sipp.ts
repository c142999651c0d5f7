/** SIPp: a SIP user agent that follows a scenario, and keeps every message that it sent or received. */
import { readFile } from 'node:fs/promises';
import { packagePath } from '../package-path.js';
import { type Exit, PeerProcess, plainEnvironment } from './peer.js';
import { accepts, freeSipPort, holdsUdp } from './ports.js';
import { TemporaryFolder } from './temporary-folder.js';

export interface SippOptions {
  /** A file of test/interop/sipp/, or an absolute path. */
  readonly scenario: string;
  readonly transport?: 'udp' | 'tcp';
  /** Where requests go; a user agent server needs none. */
  readonly remote?: { readonly host: string; readonly port: number };
  readonly port?: number;
  /** How many calls, that is messages, to make or answer before it ends. */
  readonly calls?: number;
  /** Calls a second. */
  readonly rate?: number;
  /** The [service] of the scenario: the user part that requests are for. */
  readonly user?: string;
  /** The final response of a user agent server, in place of the scenario's 200 OK: as in "486 Busy Here". */
  readonly answer?: string;
  /** Values for the [names] of the scenario. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly authentication?: { readonly username: string; readonly password: string };
  /** Whether SIPp retransmits by itself and absorbs retransmissions; default: yes. */
  readonly retransmissions?: boolean;
  readonly timeoutSeconds?: number;
}

/** A SIP message of the conversation. */
export interface TracedMessage {
  readonly direction: 'sent' | 'received';
  readonly startLine: string;
  /** The status of a response. */
  readonly status: number | undefined;
  readonly method: string;
  readonly callId: string;
  readonly body: string;
  readonly text: string;
  header(name: string): string | undefined;
}

const DEFAULT_TIMEOUT_S = 25;

export class Sipp {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly process: PeerProcess;
  readonly #folder: TemporaryFolder;

  private constructor(port: number, process: PeerProcess, folder: TemporaryFolder) {
    this.port = port;
    this.process = process;
    this.#folder = folder;
  }

  /** Starts a scenario that waits for requests, and waits until its port is open. */
  static async server(options: SippOptions): Promise<Sipp> {
    const sipp = await Sipp.#start(options);
    const open = () => (options.transport === 'tcp' ? accepts(sipp.port) : holdsUdp(sipp.port));
    await sipp.process.until('listening', open);
    return sipp;
  }

  /** Starts a scenario that sends requests. */
  static client(options: SippOptions & { readonly remote: object }): Promise<Sipp> {
    return Sipp.#start(options);
  }

  /** Runs a scenario that sends requests to its end; fails when the other side did not do what the scenario says. */
  static async run(options: SippOptions & { readonly remote: object }): Promise<readonly TracedMessage[]> {
    const sipp = await Sipp.client(options);
    try {
      return await sipp.finished();
    } finally {
      await sipp.stop();
    }
  }

  /** Runs a scenario that sends one request; returns the final response. */
  static async outcome(options: SippOptions & { readonly remote: object }): Promise<TracedMessage> {
    const messages = await Sipp.run(options);
    const final = messages.findLast(({ direction, status }) => direction === 'received' && (status ?? 0) >= 200);
    if (final === undefined) throw new Error(`sipp ${options.scenario} got no final response`);
    return final;
  }

  /** Waits for the end of the scenario; returns the messages. */
  async finished(): Promise<readonly TracedMessage[]> {
    const exit = await this.process.exited;
    const messages = await this.messages();
    if (exit.code !== 0) throw await this.#failure(exit, messages);
    return messages;
  }

  /** The messages so far. */
  async messages(): Promise<readonly TracedMessage[]> {
    return parseTrace(await readFile(`${this.#folder.path}/messages`, 'utf8').catch(() => ''));
  }

  /** Waits for a message that the trace has or will have. */
  message(what: string, wanted: (message: TracedMessage) => boolean, timeoutMs?: number): Promise<TracedMessage> {
    return this.process.until(what, async () => (await this.messages()).find(wanted), timeoutMs);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.#folder.remove();
  }

  static async #start(options: SippOptions): Promise<Sipp> {
    const folder = await TemporaryFolder.make('sipp');
    const port = options.port ?? (await freeSipPort());
    const { scenario, transport = 'udp', remote, calls = 1, rate, user, keys = {}, authentication } = options;
    const script = await readFile(
      scenario.startsWith('/') ? scenario : packagePath(`test/interop/sipp/${scenario}`),
      'utf8',
    );
    // SIPp takes no variable for a status: it is written into a copy of the scenario
    const copy = script.replaceAll('SIP/2.0 200 OK', `SIP/2.0 ${options.answer ?? '200 OK'}`);
    await folder.write('scenario.xml', copy);
    const process = PeerProcess.start({
      name: `sipp ${scenario}`,
      command: 'sipp',
      args: [
        ...(remote === undefined ? [] : [`${remote.host}:${remote.port}`]),
        ...['-sf', 'scenario.xml'],
        ...['-t', transport === 'tcp' ? 't1' : 'u1', '-i', '127.0.0.1', '-p', String(port), '-ci', '127.0.0.1'],
        ...['-m', String(calls), '-nostdin', '-nd', '-timeout', String(options.timeoutSeconds ?? DEFAULT_TIMEOUT_S)],
        ...['-timeout_error', '-trace_msg', '-message_file', 'messages', '-trace_err', '-error_file', 'errors'],
        ...(user === undefined ? [] : ['-s', user]),
        ...(options.retransmissions === false ? ['-nr'] : []),
        ...(rate === undefined ? [] : ['-r', String(rate)]),
        ...(authentication === undefined ? [] : ['-au', authentication.username, '-ap', authentication.password]),
        ...Object.entries(keys).flatMap(([name, value]) => ['-key', name, value]),
      ],
      cwd: folder.path,
      env: { ...plainEnvironment(folder.path), TERM: 'dumb' },
    });
    return new Sipp(port, process, folder);
  }

  async #failure(exit: Exit, messages: readonly TracedMessage[]): Promise<Error> {
    const errors = await readFile(`${this.#folder.path}/errors`, 'utf8').catch(() => '');
    const talk = messages.map(({ direction, startLine }) => `${direction} ${startLine}`).join('\n');
    return new Error(`${this.process.name} ended with ${exit.signal ?? exit.code}\n${talk}\n${errors.slice(-4000)}`);
  }
}

const TRACE_HEAD = /-{47} .*\n(?:UDP|TCP) message (sent|received) (?:\(|\[).*:\n\n/g;

/** Reads SIPp's message trace. */
export function parseTrace(trace: string): readonly TracedMessage[] {
  const heads = [...trace.matchAll(TRACE_HEAD)];
  return heads.map((head, index) => {
    const text = trace.slice(head.index + head[0].length, heads[index + 1]?.index);
    return traced(head[1] === 'sent' ? 'sent' : 'received', text);
  });
}

function traced(direction: 'sent' | 'received', trace: string): TracedMessage {
  const [head = '', ...rest] = trace.split(/\r\n\r\n/);
  const [startLine = '', ...fields] = head.split(/\r?\n/);
  const header = (name: string) => {
    const field = fields.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return field?.slice(name.length + 1).trim();
  };
  const length = Number(header('Content-Length') ?? 0);
  // what follows is SIPp's own
  const body = Buffer.from(rest.join('\r\n\r\n')).subarray(0, length).toString();
  const status = /^SIP\/2\.0 (\d{3})/.exec(startLine)?.[1];
  return {
    direction,
    startLine,
    status: status === undefined ? undefined : Number(status),
    method: header('CSeq')?.split(/\s+/)[1] ?? '',
    callId: header('Call-ID') ?? '',
    body,
    text: `${head}\r\n\r\n${body}`,
    header,
  };
}
