/** How a request that comes back to this element is told apart from one that merely passes twice (RFC 5393 §4.2). */
import type { SipRequest } from '../message/message.js';
import type { Uri } from '../message/uri.js';
import { MAGIC_COOKIE } from '../transaction/matching.js';

/** The length of a mark in characters. */
const MARK_LENGTH = 7;

/**
 * A mark of what decides where this element routes a request: its target. It stands in the branch of what we send on, so a
 * request that returns for the same target is a loop, and one for another target a spiral, which is allowed.
 */
export function loopMark(target: Uri): string {
  const text = `${target.user ?? ''}@${target.host}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36).padStart(MARK_LENGTH, '0');
}

/** A branch that carries `mark` and, with a fresh `token`, is unique (RFC 3261 §8.1.1.7). */
export function markedBranch(mark: string, token: string): string {
  return `${MAGIC_COOKIE}${mark}.${token}`;
}

/** Whether `request` passed here before on its way to the same target. `isOwn` knows the sent-by values of this element. */
export function isLoop(request: SipRequest, isOwn: (sentBy: string) => boolean): boolean {
  for (const via of request.vias) {
    if (!isOwn(via.sentBy) || via.branch === undefined) continue;
    const start = MAGIC_COOKIE.length;
    if (via.branch.slice(start, start + MARK_LENGTH) === loopMark(request.requestUri)) return true;
  }
  return false;
}
