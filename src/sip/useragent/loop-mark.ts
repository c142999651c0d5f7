/** How a request that comes back to this element is told apart from one that merely passes twice (RFC 5393 §4.2). */
import { joined } from '../../base/own-text.js';
import type { SipRequest } from '../message/message.js';
import type { Uri } from '../message/uri.js';
import { MAGIC_COOKIE } from '../transaction/matching.js';

/** The length of a mark in characters. */
const MARK_LENGTH = 7;

/**
 * How often a request may pass here for different targets. RFC 5393 §3 shows how forking multiplies a request on each pass, though
 * none of them is a loop; registered Contacts that lead back here could do so, and nothing useful passes this often.
 */
const MAX_PASSES = 3;

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

/** A branch that carries `marks`, one behind the other, and with a fresh `token` is unique (RFC 3261 §8.1.1.7). */
export function markedBranch(marks: string, token: string): string {
  return joined(`${MAGIC_COOKIE}${marks}.${token}`);
}

/**
 * The marks that this element put into the Vias of `request`, one behind the other. A B2BUA leaves the Vias behind, so
 * it must carry on what they told. `isOwn` knows the sent-by values of this element.
 */
export function marksIn(request: SipRequest, isOwn: (sentBy: string) => boolean): string {
  let marks = '';
  for (const via of request.vias) {
    if (via.branch === undefined || !isOwn(via.sentBy)) continue;
    const end = via.branch.indexOf('.');
    const length = end - MAGIC_COOKIE.length;
    if (length > 0 && length % MARK_LENGTH === 0) marks += via.branch.slice(MAGIC_COOKIE.length, end);
  }
  return marks;
}

/** Whether `request` passed here before on its way to the same target, or too often on its way to others. */
export function isLoop(request: SipRequest, isOwn: (sentBy: string) => boolean): boolean {
  const marks = marksIn(request, isOwn);
  if (marks === '') return false;
  if (marks.length >= MAX_PASSES * MARK_LENGTH) return true;
  const mark = loopMark(request.requestUri);
  for (let at = 0; at < marks.length; at += MARK_LENGTH) {
    if (marks.startsWith(mark, at)) return true;
  }
  return false;
}
