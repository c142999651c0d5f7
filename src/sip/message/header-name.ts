/** Header names: case, compact forms (RFC 3261 §7.3.3 and the IANA registry) and which headers hold lists (§7.3.1). */

const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact', // RFC 3841
  b: 'referred-by', // RFC 3892
  c: 'content-type',
  d: 'request-disposition', // RFC 3841
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact', // RFC 3841
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info', // RFC 4474
  o: 'event', // RFC 6665
  r: 'refer-to', // RFC 3515
  s: 'subject',
  t: 'to',
  u: 'allow-events', // RFC 6665
  v: 'via',
  x: 'session-expires', // RFC 4028
  y: 'identity', // RFC 8224
};

/** Headers whose value is a comma-separated list, so that one line may hold several values (RFC 3261 §7.3.1). */
const LISTS: ReadonlySet<string> = new Set([
  'accept',
  'accept-contact',
  'accept-encoding',
  'accept-language',
  'accept-resource-priority',
  'alert-info',
  'allow',
  'allow-events',
  'call-info',
  'contact',
  'content-encoding',
  'content-language',
  'diversion',
  'error-info',
  'feature-caps',
  'geolocation',
  'history-info',
  'in-reply-to',
  'p-access-network-info',
  'p-asserted-identity',
  'p-associated-uri',
  'p-early-media',
  'p-preferred-identity',
  'p-visited-network-id',
  'path',
  'permission-missing',
  'proxy-require',
  'reason',
  'record-route',
  'recv-info',
  'reject-contact',
  'request-disposition',
  'require',
  'resource-priority',
  'route',
  'security-client',
  'security-server',
  'security-verify',
  'service-route',
  'supported',
  'trigger-consent',
  'unsupported',
  'via',
  'warning',
]);

/** Spellings that peers use, so that a usual header costs one look-up. */
const KEYS = new Map<string, string>();
for (const name of [
  ...LISTS,
  ...Object.values(COMPACT),
  'authorization',
  'authentication-info',
  'contact',
  'content-disposition',
  'cseq',
  'date',
  'expires',
  'max-forwards',
  'mime-version',
  'min-expires',
  'organization',
  'priority',
  'proxy-authenticate',
  'proxy-authorization',
  'reply-to',
  'retry-after',
  'server',
  'sip-etag',
  'sip-if-match',
  'subscription-state',
  'timestamp',
  'user-agent',
  'www-authenticate',
]) {
  KEYS.set(name, name);
  KEYS.set(
    name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
    name,
  );
}
for (const [letter, name] of Object.entries(COMPACT)) {
  KEYS.set(letter, name);
  KEYS.set(letter.toUpperCase(), name);
}
for (const [spelling, name] of [
  ['Call-ID', 'call-id'],
  ['CSeq', 'cseq'],
  ['WWW-Authenticate', 'www-authenticate'],
  ['SIP-ETag', 'sip-etag'],
  ['SIP-If-Match', 'sip-if-match'],
  ['MIME-Version', 'mime-version'],
] as const) {
  KEYS.set(spelling, name);
}

/** The key of a usual spelling, or undefined when the name needs a closer look. */
export function knownHeaderKey(name: string): string | undefined {
  return KEYS.get(name);
}

/** The full name in lower case, compact forms undone: what two spellings of one header have in common. */
export function headerKey(name: string): string {
  const known = KEYS.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  return KEYS.get(lower) ?? lower;
}

/** Whether a header, told by its key, holds a comma-separated list. */
export function isListHeader(key: string): boolean {
  return LISTS.has(key);
}
