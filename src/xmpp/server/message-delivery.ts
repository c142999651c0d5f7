/** Where a message for a local account goes: the rules of RFC 6121 §8.5 as a function of the account's resources. */
import { stanzaError } from '../stanza/error-type.js';

export type MessageType = 'normal' | 'chat' | 'groupchat' | 'headline' | 'error';

/** What the rules look at in a connected resource. */
export interface Resource {
  readonly available: boolean;
  readonly priority: number;
}

export type Delivery<R extends Resource> =
  /** To these, unchanged: `to` is never rewritten (RFC 6121 §8.5.2). */
  | { readonly kind: 'deliver'; readonly resources: readonly R[] }
  /** Offline, if the account exists; else `service-unavailable`. */
  | { readonly kind: 'store' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'ignore' };

/** What the sender of a refused message hears; the same whether the account or only the resource is missing (RFC 6121 §11). */
export const UNAVAILABLE = stanzaError('service-unavailable');

const STORE = { kind: 'store' } as const;
const REFUSE = { kind: 'refuse' } as const;
const IGNORE = { kind: 'ignore' } as const;

/** An absent or unknown type is `normal` (RFC 6121 §5.2.2). */
export function messageType(text: string | undefined): MessageType {
  switch (text) {
    case 'chat':
    case 'groupchat':
    case 'headline':
    case 'error':
      return text;
    default:
      return 'normal';
  }
}

/**
 * Table 1 of RFC 6121 §8.5, with its choices made: bounce rather than silence where a sender waits for an answer, the
 * most available resources rather than all.
 * @param addressed `match` is the resource of the full JID when it is connected
 */
export function messageDelivery<R extends Resource>(
  type: MessageType,
  addressed: { readonly form: 'bare' } | { readonly form: 'full'; readonly match: R | undefined },
  resources: readonly R[],
): Delivery<R> {
  if (addressed.form === 'full') {
    if (addressed.match !== undefined) return { kind: 'deliver', resources: [addressed.match] }; // §8.5.3.1
    if (type === 'normal' || type === 'groupchat') return REFUSE; // §8.5.3.2.1
  }
  switch (type) {
    case 'normal':
    case 'chat': // §8.5.3.2.1: to a resource that is gone as if to the bare JID
      return toMostAvailable(resources);
    case 'groupchat':
      return REFUSE; // §8.5.2.1.1
    case 'headline':
      return addressed.form === 'full' ? IGNORE : toAllNonNegative(resources);
    case 'error':
      return IGNORE;
  }
}

/** Nothing goes to a resource of negative priority by a bare JID (RFC 6121 §8.5.2.1.1). */
function toMostAvailable<R extends Resource>(resources: readonly R[]): Delivery<R> {
  let best: R[] = [];
  for (const resource of resources) {
    if (!resource.available || resource.priority < 0) continue;
    const lead = best[0];
    if (lead === undefined || resource.priority > lead.priority) best = [resource];
    else if (resource.priority === lead.priority) best.push(resource);
  }
  return best.length > 0 ? { kind: 'deliver', resources: best } : STORE;
}

function toAllNonNegative<R extends Resource>(resources: readonly R[]): Delivery<R> {
  const listening = resources.filter((resource) => resource.available && resource.priority >= 0);
  return listening.length > 0 ? { kind: 'deliver', resources: listening } : IGNORE;
}
