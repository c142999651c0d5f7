/** Who sent this request: the server's side of digest authentication (RFC 3261 §22.1–22.4, RFC 8760 §2). */
import { timingSafeEqual } from 'node:crypto';
import type { Random } from '../../base/random.js';
import type { Clock } from '../../base/time.js';
import type { SipRequest } from '../message/message.js';
import { Uri } from '../message/uri.js';
import type { CredentialStore } from './credential-store.js';
import {
  type DigestAuthorization,
  type DigestHash,
  digestResponse,
  formatChallenge,
  parseAuthorization,
} from './digest.js';
import { NonceRegister } from './nonce.js';

/** As a user agent server or registrar (401), or as a proxy (407). */
export type DigestKind = 'www' | 'proxy';

export interface DigestServerOptions {
  /**
   * Offered in this order, each in a header line of its own (RFC 8760 §2.4); others are not taken. Default SHA-256, MD5.
   * COMPAT: some phones, and SIPp, stop at a first challenge that they do not know: MD5 alone, or first, suits them.
   */
  readonly algorithms?: readonly OfferedHash[];
  /** The protection domain, or how a request tells it, for a server of several. */
  readonly realm: string | ((request: SipRequest) => string);
  readonly random: Random;
  readonly clock: Clock;
  readonly store: CredentialStore;
  /** How long a nonce is good. Default 300. */
  readonly nonceLifetimeSeconds?: number;
  /** How many used nonces are remembered, to notice replays. Default 10 000. */
  readonly maxNonces?: number;
}

export type DigestVerdict =
  /** `username` proved that it knows its password in `realm`. */
  | { readonly kind: 'ok'; readonly username: string; readonly realm: string }
  /** Nothing for our realm that we understand: challenge. */
  | { readonly kind: 'no-credentials' }
  /** The password was right, the nonce is not good any more: challenge with `stale`. */
  | { readonly kind: 'stale' }
  /** No such user, or not the password. */
  | { readonly kind: 'wrong' }
  /** Right, but this nonce was already used with this count or a higher one: challenge with `stale`. */
  | { readonly kind: 'replay' }
  /** Credentials that break the grammar, or are for another Request-URI (400, RFC 7616 §3.4.6). */
  | { readonly kind: 'malformed'; readonly text: string };

const SERVER_HEADERS = { www: 'WWW-Authenticate', proxy: 'Proxy-Authenticate' } as const;
const CLIENT_KEYS = { www: 'authorization', proxy: 'proxy-authorization' } as const;
/** What a server of ours can check. */
export type OfferedHash = Exclude<DigestHash, 'SHA-512-256'>;

const OFFERED: readonly OfferedHash[] = ['SHA-256', 'MD5'];

/** Challenges and checks. Retransmissions are absorbed by the transaction below: here they would be replays. */
export class DigestServer {
  readonly #realm: (request: SipRequest) => string;
  readonly #store: CredentialStore;
  readonly #nonces: NonceRegister;
  readonly #offered: readonly OfferedHash[];
  /** The secret of nobody, so that an unknown user costs what a known one does. */
  readonly #nobody: { readonly ha1Md5: string; readonly ha1Sha256: string };

  constructor(options: DigestServerOptions) {
    const { realm, random } = options;
    this.#realm = typeof realm === 'string' ? () => realm : realm;
    this.#store = options.store;
    this.#offered = options.algorithms ?? OFFERED;
    this.#nonces = new NonceRegister({
      random,
      clock: options.clock,
      lifetimeSeconds: options.nonceLifetimeSeconds ?? 300,
      maxNonces: options.maxNonces ?? 10_000,
    });
    this.#nobody = {
      ha1Md5: Buffer.from(random.bytes(16)).toString('hex'),
      ha1Sha256: Buffer.from(random.bytes(32)).toString('hex'),
    };
  }

  /** The header lines of a 401 ('www') or 407 ('proxy') to `request`; `stale` after a verdict of 'stale' or 'replay'. */
  challenge(request: SipRequest, kind: DigestKind, stale = false): (readonly [name: string, value: string])[] {
    const realm = this.#realm(request);
    const nonce = this.#nonces.issue(realm);
    return this.#offered.map((hash) => {
      const algorithm = { hash, session: false };
      return [SERVER_HEADERS[kind], formatChallenge({ realm, nonce, algorithm, qop: ['auth'], stale })];
    });
  }

  /** Checks the credentials in Authorization ('www') or Proxy-Authorization ('proxy') of `request`. */
  async verify(request: SipRequest, kind: DigestKind): Promise<DigestVerdict> {
    const realm = this.#realm(request);
    const found = ourCredentials(request.headers.lines(CLIENT_KEYS[kind]), realm, this.#offered);
    if ('kind' in found) return found;
    if (!isForRequestUri(found.uri, request.requestUri)) {
      return { kind: 'malformed', text: 'the credentials are for another Request-URI' };
    }
    const user = await this.#store.digestCredentials(found.username, realm);
    const secrets = user ?? this.#nobody;
    const ha1 = found.algorithm.hash === 'MD5' ? secrets.ha1Md5 : secrets.ha1Sha256;
    const expected = digestResponse(ha1, { ...found, method: request.method, body: request.body });
    const right = timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(found.response, 'latin1'));
    if (!right || user === undefined) return { kind: 'wrong' };
    return this.#checkNonce(found, realm);
  }

  /** Only of right credentials: stale tells that the password is right and need not be asked for (RFC 7616 §3.3). */
  #checkNonce(found: DigestAuthorization, realm: string): DigestVerdict {
    if (this.#nonces.age(found.nonce, realm) !== 'fresh') return { kind: 'stale' };
    // COMPAT: a client of RFC 2069 counts nothing, so each of its nonces is good once (RFC 3261 §22.4 keeps such clients in).
    const count = found.qop === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(found.qop.nc, 16);
    switch (this.#nonces.use(found.nonce, realm, count)) {
      case 'counted':
        return { kind: 'ok', username: found.username, realm };
      case 'repeated':
        return { kind: 'replay' };
      case 'forgotten':
        return { kind: 'stale' };
    }
  }
}

/** The first credentials for our realm in an algorithm that we offer (RFC 3261 §22.3: others are for others). */
function ourCredentials(
  lines: readonly string[],
  realm: string,
  offered: readonly DigestHash[],
): DigestAuthorization | DigestVerdict {
  let malformed: DigestVerdict | undefined;
  for (const line of lines) {
    const parsed = parseAuthorization(line);
    if (!parsed.ok) {
      if (parsed.error.kind === 'malformed') malformed ??= parsed.error;
      continue;
    }
    const { algorithm } = parsed.value;
    if (parsed.value.realm !== realm || algorithm.session || !offered.includes(algorithm.hash)) continue;
    return parsed.value;
  }
  return malformed ?? { kind: 'no-credentials' };
}

/**
 * Whether the uri parameter names the resource of the request, so that credentials cannot be moved to another one
 * (RFC 3261 §22.4).
 *
 * COMPAT: phones leave out port or parameters of the Request-URI here, or add them, so user and host decide.
 */
function isForRequestUri(text: string, requestUri: Uri): boolean {
  if (text === requestUri.toString()) return true;
  const uri = Uri.parse(text);
  return uri.ok && bare(uri.value).equals(bare(requestUri));
}

function bare(uri: Uri): Uri {
  return uri.with({ password: undefined, port: undefined, params: undefined, headers: undefined });
}
