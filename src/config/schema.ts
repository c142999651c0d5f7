/** The configuration contract: every key that a configuration file may hold, with its default and its rule. */
import { z } from 'zod';

const domainName = z
  .string()
  .min(1)
  .max(253)
  .refine(
    (text) => !/[\s@/:]/.test(text),
    'is no domain name; write it without scheme, user or port, as in example.net',
  );

const LISTENER = /^(udp|tcp|tls|ws|wss):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/;
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/;

const portNumber = z.number().int().min(0).max(65535);
const octets = z
  .number()
  .int()
  .min(256)
  .max(64 * 1024 * 1024);
const count = z.number().int().min(1).max(10_000_000);
const milliseconds = z.number().int().min(1).max(86_400_000);

const listenAddress = z
  .string()
  .refine(
    (text) => validPort(ADDRESS.exec(text)?.[2]),
    'is no listening address; write ADDRESS:PORT, as in "127.0.0.1:5222" or "[::1]:5222"',
  );

const sipListener = z
  .string()
  .refine(
    (text) => validPort(LISTENER.exec(text)?.[3]),
    'is no SIP listener; write TRANSPORT:ADDRESS:PORT, as in "udp:127.0.0.1:5060" or "tcp:[::1]:5060"',
  )
  .refine((text) => !/^(tls|ws|wss):/.test(text), 'needs a transport of this version; udp or tcp');

const peerNetwork = z
  .string()
  .refine(
    (text) => /^[0-9A-Fa-f:.]+(\/\d{1,3})?$/.test(text),
    'is no network; write ADDRESS or ADDRESS/PREFIX, as in "192.0.2.0/24"',
  );

const storeUrl = z
  .string()
  .refine(
    (text) => text === 'memory:' || /^sqlite:.+/.test(text),
    'is no store of this version; write "memory:" or "sqlite:FILE", as in "sqlite:./data/verona.db"',
  );

const outboundProxy = z
  .string()
  .refine((text) => /^sips?:/.test(text), 'is no SIP URI; write it as in "sip:127.0.0.1:5070;transport=udp;lr"');

function validPort(text: string | undefined): boolean {
  return text !== undefined && Number(text) <= 65535;
}

const tlsFiles = z.strictObject({ cert: z.string().min(1), key: z.string().min(1) });

const component = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: portNumber.default(5347),
  /** The secret that the XMPP server shares with this component (XEP-0114 §3). */
  secret: z.string().min(1),
  /** One component stream for each; default: domains.sip and the domains of addresses.subdomains. */
  domains: z.array(domainName).min(1).optional(),
  /** Whom the confirming pings ask; default: the first of domains.xmpp. */
  pingTarget: domainName.optional(),
});

const server = z.strictObject({
  c2s: z
    .strictObject({
      listen: listenAddress.default('127.0.0.1:5222'),
      /** Absent: a self-signed certificate is made at first start, in dataDir. */
      tls: tlsFiles.optional(),
      requireTls: z.boolean().default(true),
    })
    .prefault({}),
  directTls: z.strictObject({ listen: listenAddress }).optional(),
  websocket: z.strictObject({ listen: listenAddress, path: z.string().default('/xmpp-websocket') }).optional(),
  s2s: z.strictObject({ listen: listenAddress }).optional(),
  components: z
    .strictObject({ listen: listenAddress, secrets: z.record(z.string(), z.string()).default({}) })
    .optional(),
  muc: z.strictObject({ domain: domainName }).optional(),
  accounts: z.strictObject({ registration: z.enum(['closed', 'open']).default('closed') }).prefault({}),
});

const sip = z.strictObject({
  listen: z.array(sipListener).min(1).default(['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060']),
  /** Host, or host:port, that Via carries instead of the listener's own address. */
  advertise: z.string().min(1).optional(),
  outboundProxy: outboundProxy.optional(),
  /** What to answer when the proxy challenges. */
  outboundProxyCredentials: z.strictObject({ username: z.string().min(1), password: z.string().min(1) }).optional(),
  registrar: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Default: the first of domains.sip. */
      realm: z.string().min(1).optional(),
      /** Offered in this order (RFC 8760 §2.4). */
      algorithms: z
        .array(z.enum(['SHA-256', 'MD5']))
        .min(1)
        .default(['SHA-256', 'MD5']),
      minExpiresSeconds: z.number().int().min(1).default(60),
      defaultExpiresSeconds: z.number().int().min(1).default(3600),
      maxExpiresSeconds: z.number().int().min(1).default(86400),
      maxContacts: count.default(10),
    })
    .prefault({}),
  trustedPeers: z.array(peerNetwork).default([]),
  dns: z.strictObject({ servers: z.array(z.string().min(1)).optional() }).prefault({}),
  timers: z
    .strictObject({
      t1Ms: milliseconds.default(500),
      t2Ms: milliseconds.default(4000),
      t4Ms: milliseconds.default(5000),
    })
    .prefault({}),
});

const addresses = z.strictObject({
  /** The second addressing mode: romeo\40example.net@sip.example.com (XEP-0106). */
  subdomains: z
    .array(z.strictObject({ domain: domainName, sip: z.union([z.literal('*'), z.array(domainName).min(1)]) }))
    .default([]),
  /** The domain in which tel: URIs live on the XMPP side; default: the first of domains.sip. */
  phone: z.strictObject({ domain: domainName.optional() }).prefault({}),
});

const messages = z.strictObject({
  /** The 2xx to a SIP MESSAGE that XMPP has taken: RFC 7572 §5 shows 200, RFC 3428 §7 wants 202 of a relay. */
  acceptCode: z.union([z.literal(200), z.literal(202)]).default(200),
  /** A failure that comes after the 2xx: one text message back, or silence. */
  lateFailure: z.enum(['notice', 'imdn-only']).default('notice'),
  /** A SIP MESSAGE whose Expires has passed: accepted and dropped, or delivered with its delay stamp. */
  expired: z.enum(['drop', 'deliver']).default('drop'),
  cpim: z.strictObject({ out: z.enum(['never', 'always']).default('never') }).prefault({}),
});

const errors = z.strictObject({
  /** `forbidden`, `item-not-found` … about a bare JID: 6xx by RFC 7247 §7.1 note 2, or 4xx where a proxy forks to other homes. */
  bareJid: z.enum(['6xx', '4xx']).default('6xx'),
});

const limits = z.strictObject({
  /** The largest MESSAGE request sent (RFC 3428 §8). */
  sipMessageOctets: octets.default(1300),
  /** The largest SIP message read. */
  sipReadOctets: octets.default(65_535),
  sipTransactions: count.default(100_000),
  sipConnections: count.default(10_000),
  /** The largest stanza written or read after authentication; at least 10000 (RFC 6120 §13.12.4). */
  stanzaOctets: octets.min(10_000).default(262_144),
  /** Messages that wait for one Request-URI (RFC 3428 §8). */
  pendingMessages: count.default(20),
  /** Stanzas that wait for the component stream. */
  componentQueueStanzas: count.default(10_000),
  componentQueueOctets: octets.default(8 * 1024 * 1024),
  /** How long a written stanza may stay unconfirmed before its SIP sender gets an error. */
  confirmTimeoutMs: milliseconds.default(5000),
  /** Messages kept for one account without a resource to take them, and their octets. */
  offlineMessages: count.default(1000),
  offlineOctets: octets.default(8 * 1024 * 1024),
  c2sConnections: count.default(10_000),
  c2sConnectionsPerAddress: count.default(1000),
  resourcesPerAccount: count.default(20),
  drainMs: milliseconds.max(10_000).default(8000),
});

const user = z.union([
  z.strictObject({ jid: z.string().min(3), password: z.string().min(1) }),
  z.strictObject({ aor: z.string().min(5), password: z.string().min(1) }),
]);

export const configSchema = z.strictObject({
  domains: z.strictObject({
    xmpp: z.array(domainName).min(1),
    sip: z.array(domainName).min(1),
  }),
  xmpp: z.strictObject({ component: component.optional(), server: server.optional() }).prefault({}),
  sip: sip.prefault({}),
  msrp: z.strictObject({ listen: z.string().min(1) }).optional(),
  addresses: addresses.prefault({}),
  messages: messages.prefault({}),
  errors: errors.prefault({}),
  /** Files laid over the tables of mappings/, row by row. */
  mappings: z.strictObject({ addresses: z.string().optional(), errors: z.string().optional() }).prefault({}),
  store: storeUrl.default('sqlite:./data/verona.db'),
  /** Where generated keys and certificates are kept. */
  dataDir: z.string().min(1).default('./data'),
  users: z.array(user).default([]),
  limits: limits.prefault({}),
  log: z
    .strictObject({
      level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
      format: z.enum(['json', 'pretty']).default('json'),
    })
    .prefault({}),
  http: z.strictObject({ listen: listenAddress }).optional(),
});

/** A checked configuration with every default filled in. */
export type Config = z.infer<typeof configSchema>;
