/** Stream headers between a client and a server (RFC 6120 §4.7, §4.8). */
import { Element } from 'ltx';
import { err, ok, type Result } from '../../base/result.js';
import { Jid } from '../address/jid.js';
import { serializeXml } from '../xml/serialize-xml.js';
import { NS_CLIENT, NS_STREAMS } from './namespaces.js';
import type { StreamError } from './stream-error.js';

/** What a client said of itself when it opened a stream. */
export interface ClientHeader {
  /** The hosted domain that it wants (RFC 6120 §4.7.2). */
  readonly to: string;
  /** Whom it claims to be, bare; not proven by anything (RFC 6120 §4.7.1). */
  readonly from: Jid | undefined;
  /** Default language of the stanzas that follow (RFC 6120 §4.7.4). */
  readonly lang: string | undefined;
}

/** The domain of a header's `to`, canonical, when we serve it. */
export function hostedDomain(header: Element, domains: ReadonlySet<string>): string | undefined {
  const to = attribute(header, 'to');
  // COMPAT: old clients write the root's dot or capitals; both name the same domain.
  const jid = to === undefined ? undefined : Jid.parse(to.replace(/\.$/, ''));
  return jid?.ok && jid.value.local === undefined && domains.has(jid.value.domain) ? jid.value.domain : undefined;
}

/** Checks the opening tag of a client's stream, in the order in which a fault hides the next one. */
export function readClientHeader(header: Element, domains: ReadonlySet<string>): Result<ClientHeader, StreamError> {
  if (header.getName() !== 'stream' || header.getNS() !== NS_STREAMS) {
    return err({ condition: 'invalid-namespace', text: `expected a stream header in ${NS_STREAMS}` });
  }
  if (header.findNS() !== NS_CLIENT) {
    return err({ condition: 'invalid-namespace', text: `expected the content namespace ${NS_CLIENT}` });
  }
  const to = hostedDomain(header, domains);
  if (to === undefined) return err({ condition: 'host-unknown' });
  const version = checkVersion(attribute(header, 'version'));
  if (version !== undefined) return err(version);

  const fromText = attribute(header, 'from');
  const from = fromText === undefined || fromText === '' ? undefined : Jid.parse(fromText);
  if (from !== undefined && (!from.ok || from.value.domain !== to)) {
    return err({ condition: 'invalid-from', text: `expected an address of ${to}` });
  }
  return ok({ to, from: from?.value.bare, lang: attribute(header, 'xml:lang') });
}

/**
 * The text of our own opening tag, XML declaration included (RFC 6120 §11.5).
 * @param to mirrors the `from` of the peer's header, if there was one
 */
export function serverHeader(attributes: { from: string; id: string; to: string | undefined }): string {
  const header = new Element('stream:stream', {
    xmlns: NS_CLIENT,
    'xmlns:stream': NS_STREAMS,
    id: attributes.id,
    from: attributes.from,
    ...(attributes.to !== undefined && { to: attributes.to }),
    version: '1.0',
    'xml:lang': 'en',
  });
  return `<?xml version='1.0'?>${openingTag(header)}`;
}

/** The text of a client's opening tag. */
export function clientHeader(attributes: { to: string; from: string | undefined }): string {
  const header = new Element('stream:stream', {
    xmlns: NS_CLIENT,
    'xmlns:stream': NS_STREAMS,
    to: attributes.to,
    ...(attributes.from !== undefined && { from: attributes.from }),
    version: '1.0',
    'xml:lang': 'en',
  });
  return `<?xml version='1.0'?>${openingTag(header)}`;
}

export const CLOSING_TAG = '</stream:stream>';

/** An element without children, left open. */
function openingTag(element: Element): string {
  return serializeXml(element).replace(/\/>$/, '>');
}

/** The lower version of both sides holds, so that any 1.x is fine for us (RFC 6120 §4.7.5). */
function checkVersion(version: string | undefined): StreamError | undefined {
  // COMPAT: a stream without version is of before RFC 3920 and could only authenticate by XEP-0078.
  if (version === undefined) return { condition: 'unsupported-version', text: 'expected version 1.0, found none' };
  const parts = /^(\d{1,9})\.(\d{1,9})$/.exec(version);
  if (parts !== null && Number(parts[1]) === 1) return undefined;
  return { condition: 'unsupported-version', text: 'expected version 1.0' };
}

function attribute(element: Element, name: string): string | undefined {
  const value: unknown = element.attrs[name];
  return typeof value === 'string' ? value : undefined;
}
