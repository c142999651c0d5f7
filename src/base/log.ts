/** What a log line may hold beside its message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The log as rooms see it; `ops/` writes it with winston. Messages are fixed texts, facts go into `fields`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** True when debug lines are written: guards building fields on hot paths. */
  readonly debugEnabled: boolean;
}

/** A log that drops everything. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  debugEnabled: false,
};
