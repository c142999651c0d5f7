/** Delayed delivery: when a stanza was first sent (XEP-0203), in the date format of XMPP, a profile of RFC 3339 (XEP-0082). */
import { Element } from 'ltx';
import { formatDateTime, parseDateTime } from '../../documents/date-time.js';
import { NS_DELAY, NS_LEGACY_DELAY } from './namespaces.js';

export interface Delay {
  /** Milliseconds since the Unix epoch. */
  readonly stampMs: number;
  /** Who delayed the stanza. */
  readonly from: string | undefined;
}

/**
 * The stamp of a stanza that was first sent at `stampMs`, in milliseconds since the Unix epoch.
 * @param from who delayed it; absent where the sender itself wrote the time
 */
export function delayStamp(stampMs: number, from?: string): Element {
  return new Element('delay', { xmlns: NS_DELAY, ...(from !== undefined && { from }), stamp: formatDateTime(stampMs) });
}

/** The stanza's delay stamp, if it has a legible one; the older format counts where the newer is absent. */
export function readDelay(stanza: Element): Delay | undefined {
  const element = stanza.getChild('delay', NS_DELAY) ?? stanza.getChild('x', NS_LEGACY_DELAY);
  if (element === undefined) return undefined;
  const { stamp, from } = element.attrs as Record<string, unknown>;
  const stampMs = typeof stamp === 'string' ? parseDateTime(modernized(stamp)) : undefined;
  return stampMs === undefined ? undefined : { stampMs, from: typeof from === 'string' ? from : undefined };
}

/** `20020910T23:08:25`, as XEP-0091 §2 writes it, in the newer format; any other text as it is. */
function modernized(stamp: string): string {
  const legacy = /^(\d{4})(\d{2})(\d{2})T(\d{2}:\d{2}:\d{2})$/.exec(stamp);
  return legacy === null ? stamp : `${legacy[1]}-${legacy[2]}-${legacy[3]}T${legacy[4]}Z`;
}
