/** One counter of a family, already bound to its labels, so that a hot path only adds. */
export interface Counter {
  add(count?: number): void;
}

/** Metrics as rooms see them; `ops/` exposes them to Prometheus. Ask for counters once, at construction. */
export interface Metrics {
  /** A counter named `verona_<name>_total` with fixed labels. */
  counter(name: string, help: string, labels?: Readonly<Record<string, string>>): Counter;
  /** A gauge named `verona_<name>` whose value is read when metrics are collected. */
  gauge(name: string, help: string, read: () => number): void;
}

/** Metrics that nobody reads. */
export const noMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge() {},
};
