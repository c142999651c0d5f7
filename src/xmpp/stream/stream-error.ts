/** Stream errors (RFC 6120 §4.9): each ends its stream. */
import { Element } from 'ltx';
import { NS_STREAM_ERRORS } from './namespaces.js';

/** The defined conditions (RFC 6120 §4.9.3). */
export const STREAM_CONDITIONS = [
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const;

export type StreamCondition = (typeof STREAM_CONDITIONS)[number];

export interface StreamError {
  readonly condition: StreamCondition;
  /** For people (RFC 6120 §4.9.2). */
  readonly text?: string;
  /** An application condition: its name and namespace (RFC 6120 §4.9.4). */
  readonly application?: { readonly name: string; readonly xmlns: string };
}

/** The `<stream:error/>` element; the prefix is the one that our stream headers declare. */
export function streamErrorElement(error: StreamError): Element {
  const element = new Element('stream:error');
  element.c(error.condition, { xmlns: NS_STREAM_ERRORS });
  if (error.text !== undefined) element.c('text', { xmlns: NS_STREAM_ERRORS, 'xml:lang': 'en' }).t(error.text);
  if (error.application !== undefined) element.c(error.application.name, { xmlns: error.application.xmlns });
  return element;
}
