/** Which resource a client gets when it binds (RFC 6120 §7.6, §7.7). */
import type { Random } from '../../base/random.js';
import { err, ok, type Result } from '../../base/result.js';
import type { Jid } from '../address/jid.js';
import { stanzaError } from '../stanza/error-type.js';
import type { StanzaError } from '../stanza/stanza-error.js';
import type { Session, SessionTable } from './session.js';

/** What happens when a client asks for a resource that is in use (RFC 6120 §7.7.2.2). */
export type ConflictPolicy =
  /** The other client is asked whether it is still there: if so the new one gets another resource, else it takes over. */
  | 'ask'
  /** The new client gets another resource. */
  | 'generate'
  /** The old stream ends with `conflict`. */
  | 'replace'
  /** The new client is refused with `conflict`. */
  | 'refuse';

export type Choice = Result<Session, StanzaError>;

export class ResourceChoice {
  readonly #sessions: SessionTable;
  readonly #random: Random;
  readonly #policy: ConflictPolicy;
  readonly #maxResources: number;
  readonly #displace: (session: Session) => void;

  /** @param displace ends a session whose resource is given away, at once */
  constructor(
    sessions: SessionTable,
    random: Random,
    policy: ConflictPolicy,
    maxResources: number,
    displace: (session: Session) => void,
  ) {
    this.#sessions = sessions;
    this.#random = random;
    this.#policy = policy;
    this.#maxResources = maxResources;
    this.#displace = displace;
  }

  /**
   * Finds a full JID that is free, and gives it to `join` before anything else can take it; or says why there is none.
   * A promise only when another client has to be asked first.
   */
  choose(bareJid: Jid, resource: string | undefined, join: (jid: Jid) => Session): Choice | Promise<Choice> {
    const wanted = resource === undefined ? this.#generated(bareJid) : bareJid.withResource(resource);
    if (!wanted.ok) return err(stanzaError('bad-request')); // RFC 6120 §7.7.2.1
    const holder = this.#sessions.find(wanted.value.toString());
    if (holder === undefined) return this.#withinLimit(wanted.value, join);
    switch (this.#policy) {
      case 'ask':
        return this.#askThenChoose(wanted.value, holder, join);
      case 'generate':
        return this.#another(wanted.value, join);
      case 'replace':
        return this.#takeOver(wanted.value, holder, join);
      case 'refuse':
        return err(stanzaError('conflict'));
    }
  }

  async #askThenChoose(wanted: Jid, holder: Session, join: (jid: Jid) => Session): Promise<Choice> {
    const alive = await holder.output.answers();
    const now = this.#sessions.find(wanted.toString());
    if (now === undefined) return this.#withinLimit(wanted, join);
    // Whoever came in between is alive.
    return alive || now !== holder ? this.#another(wanted, join) : this.#takeOver(wanted, holder, join);
  }

  #takeOver(wanted: Jid, holder: Session, join: (jid: Jid) => Session): Choice {
    this.#displace(holder);
    return this.#withinLimit(wanted, join);
  }

  /** RFC 6120 §7.7.2.2: the server overrides the resource with one that it makes up; the client learns it from the result. */
  #another(wanted: Jid, join: (jid: Jid) => Session): Choice {
    const suffixed = wanted.bare.withResource(`${wanted.resource}.${this.#random.token(40)}`);
    const other = suffixed.ok ? suffixed : this.#generated(wanted.bare); // too long with a suffix
    if (!other.ok) throw new Error(`a generated resource is not usable: ${other.error}`);
    return this.#withinLimit(other.value, join);
  }

  /** RFC 6120 §7.6: nobody can guess it, so that nobody learns by guessing whether it is there. */
  #generated(bareJid: Jid): Result<Jid, string> {
    return bareJid.withResource(this.#random.token(80));
  }

  #withinLimit(jid: Jid, join: (jid: Jid) => Session): Choice {
    const taken = this.#sessions.ofAccount(jid.bare.toString()).length;
    if (taken < this.#maxResources) return ok(join(jid));
    return err(stanzaError('resource-constraint')); // RFC 6120 §7.6.2.1
  }
}
