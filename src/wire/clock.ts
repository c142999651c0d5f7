/** The clock and the timers of the machine, as rooms below see them. */
import type { Scheduler, Timer } from '../base/time.js';

/** The longest delay that setTimeout takes; longer ones would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Real time. `now` never runs backwards, so that deadlines stay in order when somebody sets the machine's clock: a step back is
 * not followed, a step ahead is.
 */
export class SystemScheduler implements Scheduler {
  #origin = Date.now() - performance.now();

  now(): number {
    const steady = this.#origin + performance.now();
    const wall = Date.now();
    if (wall - steady < STEP_MS) return Math.floor(steady);
    this.#origin += wall - steady;
    return wall;
  }

  after(delayMs: number, wake: () => void): Timer {
    return new SystemTimer(delayMs, wake);
  }
}

/** Differences of the two clocks below this are their drift, not a step. */
const STEP_MS = 100;

class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout;

  constructor(
    private remainingMs: number,
    private readonly wake: () => void,
  ) {
    this.#timeout = this.#arm();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #arm(): NodeJS.Timeout {
    if (this.remainingMs <= MAX_DELAY_MS) return setTimeout(this.wake, Math.max(0, Math.ceil(this.remainingMs)));
    return setTimeout(() => {
      this.remainingMs -= MAX_DELAY_MS;
      this.#timeout = this.#arm();
    }, MAX_DELAY_MS);
  }
}
