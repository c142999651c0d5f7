/** The registrar (RFC 3261 §10.3): keeps the bindings of our users, in memory and, before it says 200, in the store. */
import type { Log } from '../../base/log.js';
import type { Counter, Metrics } from '../../base/metrics.js';
import type { Clock } from '../../base/time.js';
import type { SipAnswer } from '../engine.js';
import type { SipRequest } from '../message/message.js';
import {
  applyRegistration,
  type Binding,
  type BindingRules,
  contactValue,
  type Registration,
  readBinding,
} from './binding.js';
import type { LocationStore, StoredBinding } from './location-store.js';

export interface RegistrarOptions extends Partial<BindingRules> {
  /** AORs with bindings, at most; default 100000. */
  readonly maxAors?: number;
}

export class Registrar {
  readonly #bindings = new Map<string, readonly Binding[]>();
  /** The last write of each AOR that has one under way: REGISTERs of one AOR follow each other. */
  readonly #writes = new Map<string, Promise<unknown>>();
  readonly #rules: BindingRules;
  readonly #maxAors: number;
  readonly #accepted: Counter;
  readonly #refused: Counter;

  constructor(
    private readonly clock: Clock,
    private readonly store: LocationStore,
    metrics: Metrics,
    private readonly log: Log,
    options: RegistrarOptions = {},
  ) {
    this.#rules = {
      minExpiresSeconds: options.minExpiresSeconds ?? 60,
      defaultExpiresSeconds: options.defaultExpiresSeconds ?? 3600,
      maxExpiresSeconds: options.maxExpiresSeconds ?? 86_400,
      maxContacts: options.maxContacts ?? 10,
    };
    this.#maxAors = options.maxAors ?? 100_000;
    const help = 'REGISTER requests of authenticated users, by outcome';
    this.#accepted = metrics.counter('sip_registrations', help, { outcome: 'accepted' });
    this.#refused = metrics.counter('sip_registrations', help, { outcome: 'refused' });
    metrics.gauge('sip_registered_aors', 'AORs with at least one binding', () => this.#bindings.size);
  }

  /** Reads what the store holds. */
  async load(): Promise<void> {
    const now = this.clock.now();
    for (const [aor, stored] of await this.store.loadBindings()) {
      const live = stored.filter((binding) => binding.expiresAt > now);
      const read = live.map(readBinding).filter((binding) => binding !== undefined);
      if (read.length < live.length) this.log.warn('a stored Contact is no URI and is left out', { aor });
      if (read.length > 0) this.#bindings.set(aor, read);
    }
  }

  /** The bindings of a canonical AOR that have not expired. */
  bindings(aor: string): readonly Binding[] {
    const bindings = this.#bindings.get(aor);
    if (bindings === undefined) return [];
    const now = this.clock.now();
    return bindings.every((binding) => binding.expiresAt > now)
      ? bindings
      : bindings.filter((binding) => binding.expiresAt > now);
  }

  /** A valid REGISTER of the user who owns `aor`. `receivedFrom`: where to reach a phone whose Contact does not lead to it. */
  async register(request: SipRequest, aor: string, receivedFrom: string | undefined): Promise<SipAnswer> {
    const answer = await this.#inTurn(aor, () => this.#apply(request, aor, receivedFrom));
    (answer.status === 200 ? this.#accepted : this.#refused).add();
    return answer;
  }

  /** Forgets bindings that have expired, here and in the store. Cost: one look at each AOR. */
  async purge(): Promise<void> {
    for (const aor of this.#bindings.keys()) {
      if (this.bindings(aor) !== this.#bindings.get(aor)) await this.#inTurn(aor, () => this.#purgeOne(aor));
    }
  }

  /** Runs `change` after every earlier change of the same AOR. `change` never rejects. */
  async #inTurn<T>(aor: string, change: () => Promise<T>): Promise<T> {
    const turn = (this.#writes.get(aor) ?? Promise.resolve()).then(change);
    this.#writes.set(aor, turn);
    const outcome = await turn;
    if (this.#writes.get(aor) === turn) this.#writes.delete(aor);
    return outcome;
  }

  async #purgeOne(aor: string): Promise<void> {
    const live = this.bindings(aor);
    this.#keep(aor, live);
    await this.#save(aor, live);
  }

  async #apply(request: SipRequest, aor: string, receivedFrom: string | undefined): Promise<SipAnswer> {
    const current = this.#bindings.get(aor) ?? [];
    const registration = registrationOf(request, receivedFrom);
    const changed = applyRegistration(current, registration, this.clock.now(), this.#rules);
    if (!changed.ok) return changed.error;
    if (registration.contacts.length > 0) {
      if (current.length === 0 && changed.value.length > 0 && this.#bindings.size >= this.#maxAors) {
        this.log.warn('no room for another registered AOR', { aor, maxAors: this.#maxAors });
        return { status: 503, headers: [['Retry-After', '60']] };
      }
      // RFC 3261 §10.3 step 7: committed before the 200, so that the promise survives a restart
      if (!(await this.#save(aor, changed.value))) return { status: 500 };
      this.#keep(aor, changed.value);
    }
    return this.#listing(changed.value);
  }

  /** RFC 3261 §10.3 step 8: all current bindings, each with the time it has left. */
  #listing(bindings: readonly Binding[]): SipAnswer {
    const now = this.clock.now();
    const contacts = bindings.map((binding) => ['Contact', contactValue(binding, now)] as const);
    return { status: 200, headers: [...contacts, ['Date', new Date(now).toUTCString()]] };
  }

  #keep(aor: string, bindings: readonly Binding[]): void {
    if (bindings.length === 0) this.#bindings.delete(aor);
    else this.#bindings.set(aor, bindings);
  }

  async #save(aor: string, bindings: readonly Binding[]): Promise<boolean> {
    try {
      await this.store.saveBindings(aor, bindings.map(stored));
      return true;
    } catch (error) {
      this.log.error('bindings could not be stored', { aor, error: String(error) });
      return false;
    }
  }
}

function stored({ uri: _, ...rest }: Binding): StoredBinding {
  return rest;
}

function registrationOf(request: SipRequest, receivedFrom: string | undefined): Registration {
  return {
    callId: request.callId,
    cseq: request.cseq.number,
    contacts: request.contacts,
    expiresSeconds: request.expires,
    receivedFrom,
    userAgent: request.headers.get('User-Agent')?.slice(0, 200),
  };
}
