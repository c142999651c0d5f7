/** Finds who answers an IQ for the server or for an account (RFC 6121 §8.5.1, §8.5.2: the server answers, never delivers). */
import type { Element } from 'ltx';
import { err } from '../../base/result.js';
import type { Jid } from '../address/jid.js';
import { errorReply } from '../stanza/error-reply.js';
import { stanzaError } from '../stanza/error-type.js';
import { iqResult } from '../stanza/stanza.js';
import { type IqAnswer, type IqFeature, type IqRequest, payloadOf } from './iq-feature.js';
import { UNAVAILABLE } from './message-delivery.js';

export class IqService {
  readonly #features = new Map<string, IqFeature>();

  constructor(features: readonly IqFeature[]) {
    for (const feature of features) this.#features.set(keyOf(feature.name, feature.xmlns), feature);
  }

  /** The answer to a get or set addressed to the server (`to` has no localpart) or to a bare JID. */
  answer(iq: Element, from: Jid, to: Jid): Element {
    const payload = payloadOf(iq);
    const { type } = iq.attrs;
    if (payload === undefined || (type !== 'get' && type !== 'set')) {
      return errorReply(iq, stanzaError('bad-request')); // RFC 6120 §8.2.3
    }
    const answer = this.#ask({ type, payload, from, to });
    return answer.ok ? iqResult(iq, answer.value) : errorReply(iq, answer.error);
  }

  #ask(request: IqRequest): IqAnswer {
    const { payload, from, to } = request;
    const feature = this.#features.get(keyOf(payload.getName(), payload.getNS()));
    const answer =
      to.local === undefined
        ? to.resource === undefined && feature?.forServer?.(request)
        : from.bare.equals(to)
          ? feature?.forOwnAccount?.(request)
          : feature?.forOtherAccount?.(request);
    return answer || err(UNAVAILABLE); // RFC 6120 §8.4, RFC 6121 §8.5.2.1.3
  }
}

function keyOf(name: string, xmlns: string | undefined): string {
  return `${name} ${xmlns ?? ''}`;
}
