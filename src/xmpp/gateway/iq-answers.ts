/** The gateway's answers to IQ requests: discovery (XEP-0030), ping (XEP-0199), version (XEP-0092), and no to everything else. */
import type { Element } from 'ltx';
import { discoInfo, discoItems } from '../stanza/disco.js';
import { errorReply } from '../stanza/error-reply.js';
import { stanzaError } from '../stanza/error-type.js';
import { FEATURE_JID_ESCAPING, NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION } from '../stanza/namespaces.js';
import { softwareVersionPayload } from '../stanza/software-version.js';
import { iqResult } from '../stanza/stanza.js';

export interface IqAnswersOptions {
  /** For XEP-0092. */
  readonly software: { readonly name: string; readonly version: string };
}

const DOMAIN_FEATURES = [NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, FEATURE_JID_ESCAPING];
const USER_FEATURES = [NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING];

/**
 * Every get and set is answered exactly once; results and errors never are (RFC 6120 §8.2.3, §8.3.1). Whether a SIP user
 * exists is not told: all are answered alike (XEP-0030 §8).
 */
export function iqAnswer(iq: Element, options: IqAnswersOptions): readonly Element[] {
  const { type } = iq.attrs as { type?: string };
  if (type === 'result' || type === 'error') return [];
  const payloads = iq.getChildElements();
  const [payload] = payloads;
  if ((type !== 'get' && type !== 'set') || !iq.attrs.id || payloads.length !== 1 || payload === undefined) {
    return [errorReply(iq, stanzaError('bad-request', 'a request has a type, an id and one payload'))]; // RFC 6120 §8.2.3
  }
  if (type === 'set') return [errorReply(iq, stanzaError('service-unavailable'))]; // RFC 6120 §8.4
  const asked = addresseeOf(String(iq.attrs.to ?? ''));
  const answer = asked === undefined ? undefined : result(iq, payload, asked, options);
  return [answer ?? errorReply(iq, stanzaError('service-unavailable'))]; // RFC 6120 §8.4
}

/** The domain, a SIP user, or one of that user's devices. Undefined: a resource of the domain, where nothing is (RFC 6120 §10.5.2). */
function addresseeOf(to: string): 'domain' | 'user' | 'device' | undefined {
  const slash = to.indexOf('/');
  const hasLocal = (slash < 0 ? to : to.slice(0, slash)).includes('@');
  if (hasLocal) return slash < 0 ? 'user' : 'device';
  return slash < 0 ? 'domain' : undefined;
}

/** The answer to a get, if its payload is one that we know. */
function result(
  iq: Element,
  payload: Element,
  asked: 'domain' | 'user' | 'device',
  options: IqAnswersOptions,
): Element | undefined {
  switch (`${payload.name} ${payload.getNS()}`) {
    case `query ${NS_DISCO_INFO}`:
      return hasNode(payload) ? unknownNode(iq) : iqResult(iq, discovered(asked, options));
    case `query ${NS_DISCO_ITEMS}`:
      return hasNode(payload) ? unknownNode(iq) : iqResult(iq, discoItems([]));
    case `ping ${NS_PING}`:
      return iqResult(iq);
    case `query ${NS_VERSION}`:
      return asked === 'domain' ? iqResult(iq, softwareVersionPayload(options.software)) : undefined;
    default:
      return undefined;
  }
}

/**
 * Identities from the registry of XEP-0030 §10: the gateway as XEP-0100 §6.1 has it, a user's account, and a device, which for all
 * that we know is a telephone.
 */
function discovered(asked: 'domain' | 'user' | 'device', { software }: IqAnswersOptions): Element {
  switch (asked) {
    case 'domain':
      return discoInfo([{ category: 'gateway', type: 'sip', name: `${software.name} SIP gateway` }], DOMAIN_FEATURES);
    case 'user':
      return discoInfo([{ category: 'account', type: 'registered' }], USER_FEATURES);
    case 'device':
      return discoInfo([{ category: 'client', type: 'phone' }], USER_FEATURES);
  }
}

function hasNode(query: Element): boolean {
  return query.attrs.node !== undefined && query.attrs.node !== '';
}

function unknownNode(iq: Element): Element {
  return errorReply(iq, stanzaError('item-not-found')); // XEP-0030 §3.2
}
