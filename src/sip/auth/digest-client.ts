/** Answering a challenge: the client's side of digest authentication (RFC 3261 §22.2–22.4, RFC 8760 §2). */
import type { Random } from '../../base/random.js';
import { err, ok, type Result } from '../../base/result.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import {
  DIGEST_HASHES,
  type DigestChallenge,
  type DigestHash,
  type DigestQop,
  digestHa1,
  digestResponse,
  formatAuthorization,
  parseAuthorization,
  parseChallenge,
} from './digest.js';

/** What a client proves itself with: a password, or H(username:realm:password) for each hash that it has. */
export type ClientCredentials =
  | { readonly username: string; readonly password: string }
  | { readonly username: string; readonly ha1: Readonly<Partial<Record<DigestHash, string>>> };

export type HeaderLine = readonly [name: string, value: string];

interface KeptChallenge {
  readonly header: 'Authorization' | 'Proxy-Authorization';
  readonly challenge: DigestChallenge;
  count: number;
}

/**
 * Answers challenges, and keeps the last one of each realm so that later requests can prove themselves at once.
 *
 * Cost: one challenge a realm, `maxRealms` at most; the one used longest ago goes first.
 */
export class DigestClient {
  readonly #random: Random;
  readonly #maxRealms: number;
  readonly #kept = new Map<string, KeptChallenge>();

  constructor(options: {
    readonly random: Random;
    /** Default 64. */
    readonly maxRealms?: number;
  }) {
    this.#random = options.random;
    this.#maxRealms = options.maxRealms ?? 64;
  }

  /**
   * The header lines with which to repeat `request` after a 401 or 407: one for each realm that challenged (RFC 3261 §22.3) and
   * has credentials, in the strongest algorithm that both understand. An error when there is none, or when they were refused.
   */
  answer(
    response: SipResponse,
    request: SipRequest,
    credentials: (realm: string) => ClientCredentials | undefined,
  ): Result<readonly HeaderLine[], string> {
    const proxy = response.status === 407;
    const header = proxy ? 'Proxy-Authorization' : 'Authorization';
    const offered = challengesByRealm(response.headers.lines(proxy ? 'proxy-authenticate' : 'www-authenticate'));
    const lines: HeaderLine[] = [];
    for (const [realm, challenges] of offered) {
      const known = credentials(realm);
      const challenge = known === undefined ? undefined : strongest(challenges, known);
      if (known === undefined || challenge === undefined) continue;
      // RFC 3261 §22.1: what was refused once is not sent again, unless only the nonce was too old.
      if (!challenge.stale && alreadyTried(request, header, challenge)) return err(`${realm} refused the credentials`);
      const kept: KeptChallenge = { header, challenge, count: 0 };
      this.#keep(realm, kept);
      lines.push(this.#authorize(kept, request, known));
    }
    return lines.length > 0 ? ok(lines) : err('no challenge for which there are credentials and a known algorithm');
  }

  /** The header line that proves `request` at once to a realm that challenged before; undefined when none did. */
  anticipate(request: SipRequest, realm: string, credentials: ClientCredentials): HeaderLine | undefined {
    const kept = this.#kept.get(realm);
    if (kept === undefined || ha1For(kept.challenge, credentials) === undefined) return undefined;
    this.#keep(realm, kept);
    return this.#authorize(kept, request, credentials);
  }

  #keep(realm: string, kept: KeptChallenge): void {
    this.#kept.delete(realm);
    this.#kept.set(realm, kept);
    if (this.#kept.size <= this.#maxRealms) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }

  #authorize(kept: KeptChallenge, request: SipRequest, credentials: ClientCredentials): HeaderLine {
    const { challenge } = kept;
    kept.count++;
    const qop = this.#chooseQop(challenge, kept.count);
    const uri = request.requestUri.toString();
    const { username } = credentials;
    const { realm, nonce, opaque, algorithm } = challenge;
    const input = { algorithm, method: request.method, uri, nonce, qop, body: request.body };
    const response = digestResponse(ha1For(challenge, credentials)!, input);
    return [kept.header, formatAuthorization({ username, realm, nonce, uri, response, algorithm, opaque, qop })];
  }

  /** "auth" where it is offered; the count starts at 1 for each nonce (RFC 7616 §3.4). */
  #chooseQop(challenge: DigestChallenge, count: number): DigestQop | undefined {
    if (challenge.qop.length === 0) return undefined;
    const name = challenge.qop.includes('auth') ? 'auth' : 'auth-int';
    return { name, cnonce: this.#random.token(96), nc: count.toString(16).padStart(8, '0') };
  }
}

/** What is understood of the challenges, in their order. */
function challengesByRealm(lines: readonly string[]): Map<string, DigestChallenge[]> {
  const out = new Map<string, DigestChallenge[]>();
  for (const line of lines) {
    const parsed = parseChallenge(line);
    if (!parsed.ok || !hasKnownQop(parsed.value)) continue;
    const list = out.get(parsed.value.realm) ?? [];
    list.push(parsed.value);
    out.set(parsed.value.realm, list);
  }
  return out;
}

/** The "-sess" variants need a cnonce, which comes with qop only. */
function hasKnownQop({ qop, algorithm }: DigestChallenge): boolean {
  return qop.length === 0 ? !algorithm.session : qop.includes('auth') || qop.includes('auth-int');
}

/** The strongest algorithm for which there is a secret; of equals the topmost (RFC 8760 §2.4). */
function strongest(
  challenges: readonly DigestChallenge[],
  credentials: ClientCredentials,
): DigestChallenge | undefined {
  let best: DigestChallenge | undefined;
  for (const challenge of challenges) {
    if (ha1For(challenge, credentials) === undefined) continue;
    if (best === undefined || strength(challenge) > strength(best)) best = challenge;
  }
  return best;
}

function strength({ algorithm }: DigestChallenge): number {
  return DIGEST_HASHES.indexOf(algorithm.hash);
}

function ha1For({ algorithm, realm }: DigestChallenge, credentials: ClientCredentials): string | undefined {
  if ('ha1' in credentials) return credentials.ha1[algorithm.hash];
  return digestHa1(algorithm.hash, credentials.username, realm, credentials.password);
}

function alreadyTried(request: SipRequest, header: string, challenge: DigestChallenge): boolean {
  return request.headers.lines(header.toLowerCase()).some((line) => {
    const sent = parseAuthorization(line);
    return sent.ok && sent.value.realm === challenge.realm;
  });
}
