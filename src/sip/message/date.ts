/** The value of Date: a moment in Greenwich Mean Time, in one fixed format (RFC 3261 §20.17, RFC 1123). */
import { readNumber } from './characters.js';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Milliseconds since the Unix epoch, as in "Sat, 13 Nov 2010 23:29:00 GMT". */
export function formatSipDate(at: number): string {
  const date = new Date(at);
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits).join(':');
  const day = `${DAYS[date.getUTCDay()]}, ${twoDigits(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]}`;
  return `${day} ${String(date.getUTCFullYear()).padStart(4, '0')} ${time} GMT`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** Milliseconds since the Unix epoch; undefined when `text` is no SIP-date, whose time zone is always GMT. */
export function parseSipDate(text: string): number | undefined {
  // "Sat, 13 Nov 2010 23:29:00 GMT": every part has its place.
  if (text.length !== 29 || text.slice(25).toUpperCase() !== ' GMT') return undefined;
  if (text.slice(3, 5) !== ', ' || text[7] !== ' ' || text[11] !== ' ' || text[16] !== ' ') return undefined;
  if (text[19] !== ':' || text[22] !== ':' || indexOfName(DAYS, text.slice(0, 3)) < 0) return undefined;
  const month = indexOfName(MONTHS, text.slice(8, 11));
  const day = readNumber(text, 5, 7, 31);
  const year = readNumber(text, 12, 16, 9999);
  const hour = readNumber(text, 17, 19, 23);
  const minute = readNumber(text, 20, 22, 59);
  const second = readNumber(text, 23, 25, 60); // 60 is a leap second
  if (month < 0 || day < 1 || year < 0 || hour < 0 || minute < 0 || second < 0) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCDate() !== day) return undefined; // no 31st of February
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

function indexOfName(names: readonly string[], name: string): number {
  const lower = name.toLowerCase();
  return names.findIndex((candidate) => candidate.toLowerCase() === lower);
}
