/** Passwords and shared secrets of a test run: made anew each time, so that none is in the tree. */
import { randomBytes } from 'node:crypto';

export function secret(): string {
  return randomBytes(12).toString('hex');
}
