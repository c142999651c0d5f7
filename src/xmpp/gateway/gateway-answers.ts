/** What the gateway answers by itself to a stanza for one of its SIP domains, in both shapes (RFC 6120 §8.2.3, RFC 6121 §4.3.2). */
import type { Element } from 'ltx';
import { type IqAnswersOptions, iqAnswer } from './iq-answers.js';
import { presenceAnswer } from './presence-answers.js';

/** Gives the answers to a stanza, perhaps none; undefined for a stanza that is the business of a behaviour. */
export type GatewayAnswers = (stanza: Element) => readonly Element[] | undefined;

/** The answers of a gateway with these options. */
export function gatewayAnswers(options: IqAnswersOptions): GatewayAnswers {
  return (stanza) => {
    if (stanza.name === 'iq') return iqAnswer(stanza, options);
    if (stanza.name === 'presence') return presenceAnswer(stanza);
    return undefined;
  };
}
