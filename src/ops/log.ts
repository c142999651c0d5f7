/** The log: winston behind the `Log` that rooms see; one line an event, JSON or for people. */
import { createLogger, format, type Logger, transports } from 'winston';
import type { Log, LogFields } from '../base/log.js';

export interface LogOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly format: 'json' | 'pretty';
  /** Default: standard output. */
  readonly stream?: NodeJS.WritableStream;
}

const MAX_FIELD_LENGTH = 500;

/** A log that writes lines to `options.stream`. Control characters of foreign text never reach the line as they are. */
export function openLog(options: LogOptions): Log {
  const logger = createLogger({
    level: options.level,
    format: options.format === 'json' ? jsonLine : prettyLine,
    transports: [new transports.Stream({ stream: options.stream ?? process.stdout })],
  });
  return new WinstonLog(logger, options.level === 'debug');
}

class WinstonLog implements Log {
  constructor(
    private readonly logger: Logger,
    readonly debugEnabled: boolean,
  ) {}

  debug(message: string, fields?: LogFields): void {
    if (this.debugEnabled) this.logger.debug(message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.logger.info(message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.logger.warn(message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.logger.error(message, fields);
  }
}

const LINE = Symbol.for('message');

const jsonLine = format((info) => {
  const { level, message, ...fields } = info;
  const line: Record<string, unknown> = { time: new Date().toISOString(), level, message };
  for (const key in fields) line[key] = shorten((fields as Record<string, unknown>)[key]);
  info[LINE] = JSON.stringify(line);
  return info;
})();

const prettyLine = format((info) => {
  const { level, message, ...fields } = info;
  let line = `${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${message}`;
  for (const key in fields) {
    const value = shorten((fields as Record<string, unknown>)[key]);
    if (value !== undefined) line += ` ${key}=${printable(String(value))}`;
  }
  info[LINE] = line;
  return info;
})();

function shorten(value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_FIELD_LENGTH ? `${value.slice(0, MAX_FIELD_LENGTH)}…` : value;
}

/** Text of a peer as one word: quoted where it holds spaces or control characters, so that it forges no line. */
function printable(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}
