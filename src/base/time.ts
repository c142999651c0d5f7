/** Time as it is passed in: nothing below `wire/` reads a clock or sets a timer of its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A timer that was set and can be taken back. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** A clock that can also wake its caller. */
export interface Scheduler extends Clock {
  /** Calls `wake` once, `delayMs` milliseconds from now. */
  after(delayMs: number, wake: () => void): Timer;
}
