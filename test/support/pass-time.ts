import type { FakeScheduler } from './fake-scheduler.js';

/** Moves time on in small steps, letting promises settle after each. */
export async function passTime(scheduler: FakeScheduler, ms: number, stepMs = 100): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    scheduler.advance(Math.min(stepMs, ms - passed));
    await new Promise(setImmediate);
  }
}
