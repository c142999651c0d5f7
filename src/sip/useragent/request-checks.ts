/** What a user agent server checks of a request before it looks at its meaning (RFC 3261 §8.2). */
import type { SipAnswer } from '../engine.js';
import type { SipRequest } from '../message/message.js';
import { isLoop } from './loop-mark.js';

/** The methods that this version serves. */
export const METHODS: readonly string[] = ['MESSAGE', 'OPTIONS', 'REGISTER'];
const ALLOW = METHODS.join(', ');

/** The option tags that this version supports (RFC 3261 §8.2.2.3, §19.2). */
const OPTION_TAGS: ReadonlySet<string> = new Set();

/** Schemes of a Request-URI: RFC 3428 §5 leaves im: to its sender, accepting it does no harm. */
const SCHEMES: ReadonlySet<string> = new Set(['sip', 'sips', 'im']);

/**
 * The refusal that `request` earns, or undefined when it may be served. `isOwn` knows the sent-by values of this element.
 * ACK and CANCEL do not come here.
 */
export function checkRequest(request: SipRequest, isOwn: (sentBy: string) => boolean): SipAnswer | undefined {
  const { method } = request;
  if (!METHODS.includes(method)) return { status: 405, headers: [['Allow', ALLOW]] }; // RFC 3261 §8.2.1
  if (!SCHEMES.has(request.requestUri.scheme)) return { status: 416 }; // RFC 3261 §8.2.2.1
  if (isLoop(request, isOwn)) return { status: 482 }; // RFC 3261 §16.3 item 4
  // RFC 3261 §12.2.2: there is no dialog here that a To tag could name
  if (method !== 'REGISTER' && request.to.tag !== undefined) return { status: 481 };
  const unknown = request.headers.getAll('Require').filter((tag) => !OPTION_TAGS.has(tag.toLowerCase()));
  if (unknown.length > 0) return { status: 420, headers: [['Unsupported', unknown.join(', ')]] }; // RFC 3261 §8.2.2.3
  // RFC 7332 §5: a MESSAGE goes on from here; OPTIONS and REGISTER end here, whatever is left of their hops
  if (method === 'MESSAGE' && request.maxForwards === 0) return { status: 483 };
  return undefined;
}

/** What an OPTIONS hears (RFC 3261 §11.2). `accept`: the body types that the core behind takes. */
export function capabilities(accept: readonly string[]): SipAnswer {
  return {
    status: 200,
    headers: [
      ['Allow', ALLOW],
      ['Accept', accept.join(', ')],
      ['Accept-Encoding', 'identity'],
      ['Accept-Language', '*'],
      ['Supported', [...OPTION_TAGS].join(', ')],
    ],
  };
}
