/** The gateway's answers to IQ requests: discovery (XEP-0030), ping (XEP-0199), version (XEP-0092), and no to everything else. */
import { Element } from 'ltx';
import { discoInfo, discoItems } from '../stanza/disco.js';
import { errorReply } from '../stanza/error-reply.js';
import { stanzaError } from '../stanza/error-type.js';
import { FEATURE_JID_ESCAPING, NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION } from '../stanza/namespaces.js';
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
  const isDomain = !String(iq.attrs.to ?? '').includes('@');
  switch (payload.getNS()) {
    case NS_DISCO_INFO:
      return [discovered(iq, payload, isDomain)];
    case NS_DISCO_ITEMS:
      return [hasNode(payload) ? unknownNode(iq) : iqResult(iq, discoItems([]))];
    case NS_PING:
      return [iqResult(iq)];
    case NS_VERSION:
      return [isDomain ? iqResult(iq, version(options.software)) : errorReply(iq, stanzaError('service-unavailable'))];
    default:
      return [errorReply(iq, stanzaError('service-unavailable'))]; // RFC 6120 §8.4
  }
}

function discovered(iq: Element, query: Element, isDomain: boolean): Element {
  if (hasNode(query)) return unknownNode(iq);
  if (isDomain)
    return iqResult(iq, discoInfo([{ category: 'gateway', type: 'sip', name: 'SIP gateway' }], DOMAIN_FEATURES)); // XEP-0100 §6.1
  const isDevice = String(iq.attrs.to).includes('/');
  const identity = isDevice ? { category: 'client', type: 'phone' } : { category: 'account', type: 'registered' };
  return iqResult(iq, discoInfo([identity], USER_FEATURES));
}

function hasNode(query: Element): boolean {
  return query.attrs.node !== undefined && query.attrs.node !== '';
}

function unknownNode(iq: Element): Element {
  return errorReply(iq, stanzaError('item-not-found')); // XEP-0030 §3.2
}

function version(software: IqAnswersOptions['software']): Element {
  const query = new Element('query', { xmlns: NS_VERSION });
  query.c('name').t(software.name);
  query.c('version').t(software.version);
  return query;
}
