/** Delayed delivery: when a stanza was first sent (XEP-0203), in the date format of XMPP (XEP-0082). */
import { Element } from 'ltx';
import { NS_DELAY, NS_LEGACY_DELAY } from './namespaces.js';

export interface Delay {
  /** Milliseconds since the Unix epoch. */
  readonly stampMs: number;
  /** Who delayed the stanza. */
  readonly from: string | undefined;
}

/** XEP-0082 §3.2; fractions of any length. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,20})?(Z|[+-]\d{2}:\d{2})$/;
const LEGACY_DATE_TIME = /^(\d{4})(\d{2})(\d{2})T(\d{2}:\d{2}:\d{2})$/;

/**
 * The stamp of a stanza that was first sent at `stampMs`.
 * @param from who delayed it
 */
export function delayStamp(stampMs: number, from: string): Element {
  return new Element('delay', { xmlns: NS_DELAY, from, stamp: formatDateTime(stampMs) });
}

/** The stanza's delay stamp, if it has a legible one; the older format counts where the newer is absent. */
export function readDelay(stanza: Element): Delay | undefined {
  const element = stanza.getChild('delay', NS_DELAY) ?? stanza.getChild('x', NS_LEGACY_DELAY);
  if (element === undefined) return undefined;
  const { stamp, from } = element.attrs as Record<string, unknown>;
  const stampMs = typeof stamp === 'string' ? parseDateTime(stamp) : undefined;
  return stampMs === undefined ? undefined : { stampMs, from: typeof from === 'string' ? from : undefined };
}

/** A DateTime in UTC with milliseconds (XEP-0082 §3.2). */
export function formatDateTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Milliseconds since the Unix epoch of a DateTime, or of the legacy format (XEP-0082 §3.2, §4); undefined for another text. */
export function parseDateTime(text: string): number | undefined {
  const legacy = LEGACY_DATE_TIME.exec(text);
  if (legacy !== null) return parseDateTime(`${legacy[1]}-${legacy[2]}-${legacy[3]}T${legacy[4]}Z`);
  const parts = DATE_TIME.exec(text);
  if (parts === null) return undefined;
  const [, date, time, fraction, zone] = parts;
  const timeMs = Date.parse(`${date}T${time}${(fraction ?? '').slice(0, 4)}${zone}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
