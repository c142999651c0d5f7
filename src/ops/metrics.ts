/** Metrics in Prometheus form (prom-client) behind the `Metrics` that rooms see. */
import { collectDefaultMetrics, Gauge, Counter as PromCounter, Registry } from 'prom-client';
import type { Counter, Metrics } from '../base/metrics.js';

/** The process's metrics, and their exposition for /metrics. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #families = new Map<string, PromCounter>();
  readonly #counters: BoundCounter[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  counter(name: string, help: string, labels: Readonly<Record<string, string>> = {}): Counter {
    const full = `verona_${name}_total`;
    let family = this.#families.get(full);
    if (family === undefined) {
      family = new PromCounter({ name: full, help, labelNames: Object.keys(labels), registers: [this.#registry] });
      this.#families.set(full, family);
    }
    const bound = new BoundCounter(family.labels(labels));
    this.#counters.push(bound);
    return bound;
  }

  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `verona_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** The exposition text and its content type. */
  async exposition(): Promise<{ readonly text: string; readonly contentType: string }> {
    for (const counter of this.#counters) counter.flush();
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}

/** Adds to a plain number on the hot path; Prometheus sees it when metrics are collected. */
class BoundCounter implements Counter {
  #pending = 0;

  constructor(private readonly target: { inc(count: number): void }) {
    target.inc(0);
  }

  add(count = 1): void {
    this.#pending += count;
  }

  flush(): void {
    if (this.#pending > 0) this.target.inc(this.#pending);
    this.#pending = 0;
  }
}
