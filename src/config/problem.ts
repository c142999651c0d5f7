/** A mistake in a configuration, told so that its author can mend it. */
export interface ConfigProblem {
  /** `warning`: the start goes on. */
  readonly severity: 'error' | 'warning';
  /** The file, or `environment`. */
  readonly file: string;
  /** From 1; absent where no line is to blame. */
  readonly line?: number;
  /** The key as a path, as in `sip.listen[0]`; empty for the whole file. */
  readonly key: string;
  /** What is wrong. */
  readonly text: string;
  /** What to do. */
  readonly remedy: string;
}

/** One line: `FILE:LINE: KEY: what is wrong; what to do`. */
export function describeProblem(problem: ConfigProblem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const key = problem.key === '' ? '' : ` ${problem.key}:`;
  return `${place}:${key} ${problem.text}; ${problem.remedy}`;
}
