/** From a SIP URI to the addresses that may serve it, best first (RFC 3263 §4). NAPTR records are not asked for. */
import type { Random } from '../../base/random.js';
import { err, ok, type Result } from '../../base/result.js';
import type { Uri } from '../message/uri.js';
import { addressFamily, type Family, unbracketed } from './address.js';
import type { DnsAnswer, DnsQuestion, ServiceRecord } from './dns-answer.js';

export type HopTransport = 'udp' | 'tcp';

/** One place to send a request to. */
export interface Hop {
  readonly transport: HopTransport;
  /** Numeric, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface LocateOptions {
  /** What this element can send over, by preference; the order decides between transports that a domain offers alike. */
  readonly transports: readonly HopTransport[];
  /** Address families this element can send over, by preference. */
  readonly families: readonly Family[];
  /** For the weights of SRV records. */
  readonly random: Random;
  /** How many hops to return at most; default 8. */
  readonly maxHops?: number;
  /** How many SRV records of one name to follow; default 8. */
  readonly maxServices?: number;
}

export type LocateFailure =
  /** Nothing is found under the name. */
  | 'no-such-domain'
  /** The DNS did not answer. */
  | 'dns-failure'
  /** The URI asks for a transport or an address family that this element has not. */
  | 'unsupported';

export type Location = Result<readonly Hop[], LocateFailure>;

/** Asks with `yield`, is told the answers, and returns the hops. A URI with a numeric host asks nothing. */
export type Locating = Generator<DnsQuestion, Location, DnsAnswer>;

const DEFAULT_PORT = 5060;

export function* locate(uri: Uri, options: LocateOptions): Locating {
  const wanted = transportOf(uri, options);
  if (wanted === 'unsupported') return err('unsupported');
  const target = unbracketed(uri.param('maddr') || uri.host).toLowerCase();
  const search = new Search(options);
  const family = addressFamily(target);
  if (family !== undefined) {
    search.addAddress(wanted ?? defaultTransport(options), target, uri.port ?? DEFAULT_PORT);
  } else if (uri.port !== undefined) {
    yield* search.addHost(wanted ?? defaultTransport(options), target, uri.port); // RFC 3263 §4.2
  } else {
    yield* search.addServices(wanted === undefined ? options.transports : [wanted], target);
    // RFC 3263 §4.2: no SRV record at all, so the name is that of a host
    if (!search.servicesFound) yield* search.addHost(wanted ?? defaultTransport(options), target, DEFAULT_PORT);
  }
  return search.outcome(family !== undefined);
}

/** The transport that the URI demands; undefined when it leaves the choice (RFC 3263 §4.1). */
function transportOf(uri: Uri, options: LocateOptions): HopTransport | undefined | 'unsupported' {
  if (uri.scheme !== 'sip') return 'unsupported'; // sips needs TLS
  const text = uri.param('transport')?.toLowerCase();
  if (text === undefined) return undefined;
  return options.transports.find((transport) => transport === text) ?? 'unsupported';
}

/** RFC 3263 §4.1: UDP where neither the URI nor the DNS says otherwise. */
function defaultTransport(options: LocateOptions): HopTransport {
  return options.transports.includes('udp') ? 'udp' : 'tcp';
}

class Search {
  readonly #hops: Hop[] = [];
  #failed = false;
  #foreignFamily = false;
  servicesFound = false;

  constructor(private readonly options: LocateOptions) {}

  addAddress(transport: HopTransport, address: string, port: number): void {
    const family = addressFamily(address);
    if (family === undefined || this.#hops.length >= (this.options.maxHops ?? 8)) return;
    if (this.options.families.includes(family)) this.#hops.push({ transport, address, port });
    else this.#foreignFamily = true;
  }

  *addHost(transport: HopTransport, name: string, port: number): Generator<DnsQuestion, void, DnsAnswer> {
    if (addressFamily(name) !== undefined) return this.addAddress(transport, name, port);
    for (const family of this.options.families) {
      const answer = yield { type: family === 4 ? 'A' : 'AAAA', name };
      if (answer.kind === 'failed') this.#failed = true;
      if (answer.kind !== 'addresses') continue;
      for (const address of answer.addresses) this.addAddress(transport, address, port);
    }
  }

  *addServices(transports: readonly HopTransport[], domain: string): Generator<DnsQuestion, void, DnsAnswer> {
    for (const transport of transports) {
      const answer = yield { type: 'SRV', name: `_sip._${transport}.${domain}` };
      if (answer.kind === 'failed') this.#failed = true;
      if (answer.kind !== 'services') continue;
      this.servicesFound = true;
      const ordered = inOrderOfUse(answer.services, this.options.random);
      for (const { target, port } of ordered.slice(0, this.options.maxServices ?? 8)) {
        const name = target.replace(/\.$/, '').toLowerCase();
        if (name !== '') yield* this.addHost(transport, name, port); // RFC 2782: "." says that there is no service
      }
    }
  }

  outcome(numeric: boolean): Location {
    if (this.#hops.length > 0) return ok(this.#hops);
    if (this.#foreignFamily && numeric) return err('unsupported');
    return err(this.#failed ? 'dns-failure' : 'no-such-domain');
  }
}

/** SRV records in the order in which to try them (RFC 2782): by priority, among equals by weighted chance. */
export function inOrderOfUse(records: readonly ServiceRecord[], random: Random): ServiceRecord[] {
  // weight 0 stands first among equals, so that it has its small chance
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: ServiceRecord[] = [];
  while (left.length > 0) {
    const { priority } = left[0] as ServiceRecord;
    const equals = left.filter((record) => record.priority === priority);
    const total = equals.reduce((sum, record) => sum + record.weight, 0);
    let draw = Math.floor(random.fraction() * (total + 1));
    const chosen = equals.find((record) => {
      draw -= record.weight;
      return draw <= 0;
    }) as ServiceRecord;
    ordered.push(chosen);
    left.splice(left.indexOf(chosen), 1);
  }
  return ordered;
}
