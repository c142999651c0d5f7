/** Asks the DNS for what `sip/locate` wants to know, with a bounded memory of answers. */
import { promises as dns } from 'node:dns';
import type { Clock } from '../base/time.js';
import type { DnsAnswer, DnsQuestion, DnsSource } from '../sip/locate/dns-answer.js';

export interface DnsOptions {
  /** Resolvers as `address` or `address:port`; default: those of the system. */
  readonly servers?: readonly string[];
  /** How long one try may take; default 2000 ms, and two tries. */
  readonly timeoutMs?: number;
  /** Answers remembered at most; the oldest goes first. Default 10000. */
  readonly maxEntries?: number;
  /** Bounds for the time to live that records name; default 1 s to 3600 s. */
  readonly minTtlSeconds?: number;
  readonly maxTtlSeconds?: number;
  /** How long SRV answers live, since the system does not tell theirs; default 60 s. */
  readonly serviceTtlSeconds?: number;
  /** How long "there is none" lives (RFC 2308); default 30 s. */
  readonly negativeTtlSeconds?: number;
  /** How long a failure lives, so that a dead resolver is not asked for each message; default 2 s. */
  readonly failureTtlSeconds?: number;
}

interface Remembered {
  readonly answer: DnsAnswer;
  readonly until: number;
}

interface Fresh {
  readonly answer: DnsAnswer;
  readonly ttlSeconds: number;
}

export class DnsResolver implements DnsSource {
  readonly #memory = new Map<string, Remembered>();
  readonly #asking = new Map<string, Promise<DnsAnswer>>();
  readonly #resolver: dns.Resolver;
  readonly #options: Required<Omit<DnsOptions, 'servers'>>;
  /** The system's own resolvers also know its hosts file. */
  readonly #hostsFile: boolean;

  constructor(
    private readonly clock: Clock,
    options: DnsOptions = {},
  ) {
    this.#options = {
      timeoutMs: options.timeoutMs ?? 2000,
      maxEntries: options.maxEntries ?? 10_000,
      minTtlSeconds: options.minTtlSeconds ?? 1,
      maxTtlSeconds: options.maxTtlSeconds ?? 3600,
      serviceTtlSeconds: options.serviceTtlSeconds ?? 60,
      negativeTtlSeconds: options.negativeTtlSeconds ?? 30,
      failureTtlSeconds: options.failureTtlSeconds ?? 2,
    };
    this.#resolver = new dns.Resolver({ timeout: this.#options.timeoutMs, tries: 2 });
    this.#hostsFile = options.servers === undefined || options.servers.length === 0;
    if (!this.#hostsFile) this.#resolver.setServers(options.servers as string[]);
  }

  cached(question: DnsQuestion): DnsAnswer | undefined {
    const remembered = this.#memory.get(keyOf(question));
    if (remembered === undefined || remembered.until <= this.clock.now()) return undefined;
    return remembered.answer;
  }

  query(question: DnsQuestion): Promise<DnsAnswer> {
    const key = keyOf(question);
    const known = this.cached(question);
    if (known !== undefined) return Promise.resolve(known);
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(question).then(({ answer, ttlSeconds }) => {
        this.#asking.delete(key);
        this.#remember(key, answer, ttlSeconds);
        return answer;
      });
      this.#asking.set(key, asking);
    }
    return asking;
  }

  /** Gives up on open questions; they end as failed. */
  close(): void {
    this.#resolver.cancel();
  }

  async #ask(question: DnsQuestion): Promise<Fresh> {
    const loopback = loopbackAnswer(question);
    if (loopback !== undefined) return { answer: loopback, ttlSeconds: this.#options.maxTtlSeconds };
    try {
      return question.type === 'SRV' ? await this.#services(question.name) : await this.#addresses(question);
    } catch (error) {
      const fresh = this.#failure(error);
      if (this.#hostsFile && question.type !== 'SRV') return this.#lookUpHost(question, fresh);
      return fresh;
    }
  }

  async #services(name: string): Promise<Fresh> {
    const records = await this.#resolver.resolveSrv(name);
    const services = records.map(({ priority, weight, port, name: target }) => ({ priority, weight, port, target }));
    if (services.length === 0) return this.#none();
    return { answer: { kind: 'services', services }, ttlSeconds: this.#options.serviceTtlSeconds };
  }

  async #addresses({ type, name }: DnsQuestion): Promise<Fresh> {
    const records =
      type === 'A'
        ? await this.#resolver.resolve4(name, { ttl: true })
        : await this.#resolver.resolve6(name, { ttl: true });
    if (records.length === 0) return this.#none();
    const ttl = Math.min(...records.map((record) => record.ttl));
    const { minTtlSeconds, maxTtlSeconds } = this.#options;
    return {
      answer: { kind: 'addresses', addresses: records.map((record) => record.address) },
      ttlSeconds: Math.min(Math.max(ttl, minTtlSeconds), maxTtlSeconds),
    };
  }

  /** The hosts file, for names that the DNS does not know: containers are often introduced that way. */
  async #lookUpHost({ type, name }: DnsQuestion, otherwise: Fresh): Promise<Fresh> {
    try {
      const found = await dns.lookup(name, { all: true, family: type === 'A' ? 4 : 6 });
      if (found.length === 0) return otherwise;
      return {
        answer: { kind: 'addresses', addresses: found.map((entry) => entry.address) },
        ttlSeconds: this.#options.serviceTtlSeconds,
      };
    } catch {
      return otherwise;
    }
  }

  #none(): Fresh {
    return { answer: { kind: 'none' }, ttlSeconds: this.#options.negativeTtlSeconds };
  }

  #failure(error: unknown): Fresh {
    const code = (error as { code?: unknown }).code;
    // REFUSED: the resolver does not serve this name, which tells as much as its absence
    if (code === dns.NOTFOUND || code === dns.NODATA || code === dns.REFUSED || code === dns.BADNAME) {
      return this.#none();
    }
    return { answer: { kind: 'failed' }, ttlSeconds: this.#options.failureTtlSeconds };
  }

  #remember(key: string, answer: DnsAnswer, ttlSeconds: number): void {
    this.#memory.delete(key);
    this.#memory.set(key, { answer, until: this.clock.now() + ttlSeconds * 1000 });
    if (this.#memory.size <= this.#options.maxEntries) return;
    const oldest = this.#memory.keys().next();
    if (!oldest.done) this.#memory.delete(oldest.value);
  }
}

function keyOf(question: DnsQuestion): string {
  return `${question.type} ${question.name.toLowerCase()}`;
}

/** RFC 6761 §6.3: `localhost` is this machine, whatever a resolver says. */
function loopbackAnswer({ type, name }: DnsQuestion): DnsAnswer | undefined {
  if (!/(^|\.)localhost\.?$/i.test(name)) return undefined;
  if (type === 'SRV') return { kind: 'none' };
  return { kind: 'addresses', addresses: [type === 'A' ? '127.0.0.1' : '::1'] };
}
