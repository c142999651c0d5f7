/** Timestamps of the Internet (RFC 3339), as CPIM (RFC 3862 §4.4), PIDF and XMPP (XEP-0082 §3.2) write them. */

const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60))(\.\d{1,20})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch, or undefined when `text` is no date-time (RFC 3339 §5.6). */
export function parseDateTime(text: string): number | undefined {
  const parts = DATE_TIME.exec(text);
  if (parts === null) return undefined;
  const [, date, time, fraction = '', offset = 'Z'] = parts;
  // RFC 3339 §5.7: a leap second is second 60; the scale here has none, so it falls on the second before.
  const seconds = time?.endsWith(':60') ? `${time.slice(0, -2)}59` : time;
  const value = Date.parse(`${date}T${seconds}${fraction.slice(0, 4)}${offset.toUpperCase()}`);
  return Number.isNaN(value) || !isInCalendar(date as string) ? undefined : value;
}

/** Whether the month has that day; `Date.parse` counts on into the next month. */
function isInCalendar(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

/** `milliseconds` since the epoch in UTC, as in `2015-06-01T12:00:00Z`; with a fraction only where there is one. */
export function formatDateTime(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}
