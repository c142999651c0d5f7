/** Which of several branches' outcomes speaks for the request (RFC 3261 §16.7 steps 5 and 6). */
import type { SipOutcome } from '../engine.js';

/** Collects the outcomes of the branches of one forked request; decides once. */
export class ResponseContext {
  #best: SipOutcome | undefined;
  #decided = false;

  constructor(private branchesLeft: number) {}

  /** One branch has ended. The outcome of the whole request, when this decides it; undefined before and after. */
  settle(outcome: SipOutcome): SipOutcome | undefined {
    this.branchesLeft--;
    if (this.#decided) return undefined;
    if (this.#best === undefined || rank(outcome) < rank(this.#best)) this.#best = outcome;
    // RFC 3261 §16.7 step 5: a 2xx at once. A 6xx waits: branches of a non-INVITE request cannot be cancelled
    if (!isSuccess(outcome) && this.branchesLeft > 0) return undefined;
    this.#decided = true;
    return this.#best;
  }
}

function isSuccess(outcome: SipOutcome): boolean {
  return outcome.kind === 'final' && outcome.response.status < 300;
}

/** Those that tell the sender how to send again (RFC 3261 §16.7 step 6). */
const INSTRUCTIVE: ReadonlySet<number> = new Set([401, 407, 415, 420, 484]);

/** Lower is better. The first of equals stays. */
function rank(outcome: SipOutcome): number {
  if (outcome.kind === 'local') return localRank(outcome.cause);
  const { status } = outcome.response;
  if (status < 300) return 0;
  if (status >= 600) return 10;
  const within = INSTRUCTIVE.has(status) ? 0 : status === 503 ? 2 : 1;
  return Math.floor(status / 100) * 10 + within;
}

/** RFC 3261 §16.7: a branch that timed out counts as 408, one whose transport failed as 503; after what peers really said. */
function localRank(cause: Extract<SipOutcome, { kind: 'local' }>['cause']): number {
  switch (cause) {
    case 'timeout':
    case 'too-large':
    case 'no-such-user':
    case 'not-registered':
      return 45;
    case 'transport-error':
    case 'no-such-domain':
    case 'overload':
    case 'draining':
      return 55;
  }
}
