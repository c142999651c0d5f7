/** What the server answers by itself: one feature a file, each giving its answers as values (RFC 6120 §8.2.3). */
import type { Element } from 'ltx';
import { err, type Result } from '../../base/result.js';
import type { Jid } from '../address/jid.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import { UNAVAILABLE } from './message-delivery.js';

/** An IQ get or set for the server or for an account, checked: it has an id and exactly one payload. */
export interface IqRequest {
  readonly type: 'get' | 'set';
  readonly payload: Element;
  readonly from: Jid;
  readonly to: Jid;
}

/** The payload of the result, or none; or the error. */
export type IqAnswer = Result<Element | undefined, StanzaError>;

export interface IqFeature {
  /** The payload that it answers: element name and namespace. */
  readonly name: string;
  readonly xmlns: string;
  /** What it adds to disco#info of the server and of an account (XEP-0030 §3.1). */
  readonly serverFeatures?: readonly string[];
  readonly accountFeatures?: readonly string[];
  /** Asked of the server's domain. */
  forServer?(request: IqRequest): IqAnswer;
  /** Asked of an account by that account itself. */
  forOwnAccount?(request: IqRequest): IqAnswer;
  /** Asked of an account by somebody else: what does not depend on whether the account exists. */
  forOtherAccount?(request: IqRequest): IqAnswer;
}

/** The one payload of a well-formed get or set, else undefined (RFC 6120 §8.2.3). */
export function payloadOf(iq: Element): Element | undefined {
  const children = iq.getChildElements();
  return iq.attrs.id && children.length === 1 ? children[0] : undefined;
}

/** An answer to `get` alone; a `set` of the same payload is nothing that we know (RFC 6120 §8.4). */
export function readOnly(answer: (request: IqRequest) => IqAnswer): (request: IqRequest) => IqAnswer {
  return (request) => (request.type === 'get' ? answer(request) : err(UNAVAILABLE));
}
