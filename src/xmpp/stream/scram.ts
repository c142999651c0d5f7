/** SCRAM, both sides, as pure functions of their messages (RFC 5802; with SHA-256 RFC 7677; in XMPP RFC 6120 §6). */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { err, ok, type Result } from '../../base/result.js';
import type { ScramKeys } from '../server/account-store.js';
import type { ChannelBindings } from './channel-binding.js';
import type { SaslFailure } from './sasl-failure.js';

/** The hash functions that XMPP uses with SCRAM (RFC 6120 §13.8, RFC 7677). */
export type ScramHash = 'SHA-1' | 'SHA-256';

const NODE_NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256' } as const;
const OCTETS = { 'SHA-1': 20, 'SHA-256': 32 } as const;

/** RFC 5802 §5.1 and RFC 7677 §4: fewer iterations than this are a mistake or a downgrade. */
export const MIN_ITERATIONS = 4_096;

/** What a client takes from a server at most: more would let a server freeze it. */
const MAX_ITERATIONS = 10_000_000;

/** SaltedPassword := Hi(Normalize(password), salt, i), off the main thread (RFC 5802 §3). `password` is prepared already. */
export function saltedPassword(
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, OCTETS[hash], NODE_NAMES[hash], (cause, key) =>
      cause === null ? resolve(key) : reject(cause),
    );
  });
}

/** StoredKey and ServerKey (RFC 5802 §3). */
export function keysOf(hash: ScramHash, salted: Uint8Array): { storedKey: Uint8Array; serverKey: Uint8Array } {
  return {
    storedKey: digest(hash, hmac(hash, salted, 'Client Key')),
    serverKey: hmac(hash, salted, 'Server Key'),
  };
}

/** True when both are equal; takes the same time wherever they differ. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * The server's part of one SCRAM exchange: `first`, then `challenge` with the keys of the user that it named, then
 * `final`.
 */
export class ScramServer {
  readonly #hash: ScramHash;
  readonly #plus: boolean;
  readonly #bindings: ChannelBindings;
  readonly #serverNonce: string;
  #firstBare = '';
  #gs2Header = '';
  #bindingData: Uint8Array = new Uint8Array(0);
  #nonce = '';
  #serverFirst = '';
  #keys: ScramKeys | undefined;

  /**
   * @param plus whether the client chose the -PLUS form
   * @param bindings what was advertised on this connection; empty when no -PLUS form was
   * @param serverNonce fresh, printable ASCII without commas
   */
  constructor(hash: ScramHash, plus: boolean, bindings: ChannelBindings, serverNonce: string) {
    this.#hash = hash;
    this.#plus = plus;
    this.#bindings = bindings;
    this.#serverNonce = serverNonce;
  }

  /** Reads client-first-message (RFC 5802 §7). The names are unescaped, but not prepared. */
  first(message: string): Result<{ readonly username: string; readonly authzid: string | undefined }, SaslFailure> {
    const parts = message.split(',');
    const [flag, authzidPart, userPart, noncePart] = parts;
    if (flag === undefined || authzidPart === undefined || userPart === undefined || noncePart === undefined) {
      return malformed('client-first-message has too few parts');
    }
    const bound = this.#checkFlag(flag);
    if (!bound.ok) return bound;
    this.#bindingData = bound.value;
    this.#gs2Header = `${flag},${authzidPart},`;
    this.#firstBare = message.slice(this.#gs2Header.length);

    // RFC 5802 §5.1: m= stands for extensions that must be understood, and none are defined.
    if (userPart.startsWith('m=')) return malformed('mandatory extensions are not supported');
    const username = userPart.startsWith('n=') ? unescapeName(userPart.slice(2)) : undefined;
    if (username === undefined || username === '') return malformed('bad username attribute');
    const authzid = readAuthzid(authzidPart);
    if (!authzid.ok) return authzid;
    const clientNonce = noncePart.startsWith('r=') ? noncePart.slice(2) : '';
    if (!isNonce(clientNonce)) return malformed('bad nonce');
    this.#nonce = clientNonce + this.#serverNonce;
    return ok({ username, authzid: authzid.value });
  }

  /** Makes server-first-message from the user's keys. */
  challenge(keys: ScramKeys): string {
    this.#keys = keys;
    const salt = Buffer.from(keys.salt).toString('base64');
    this.#serverFirst = `r=${this.#nonce},s=${salt},i=${keys.iterations}`;
    return this.#serverFirst;
  }

  /** Checks client-final-message; the value is server-final-message. */
  final(message: string): Result<string, SaslFailure> {
    const proofAt = message.lastIndexOf(',p=');
    if (proofAt < 0 || this.#keys === undefined) return malformed('client-final-message has no proof');
    const withoutProof = message.slice(0, proofAt);
    const proof = Buffer.from(message.slice(proofAt + 3), 'base64');
    const [binding, nonce] = withoutProof.split(',');
    if (!binding?.startsWith('c=') || !nonce?.startsWith('r=')) return malformed('bad client-final-message');

    // RFC 5802 §7: c= repeats the gs2-header and, with -PLUS, proves that both sides see the same TLS connection.
    const expected = Buffer.concat([Buffer.from(this.#gs2Header), this.#bindingData]);
    if (!equalSecrets(Buffer.from(binding.slice(2), 'base64'), expected))
      return refused('channel binding does not match');
    if (nonce.slice(2) !== this.#nonce) return refused('nonce does not match');

    const authMessage = `${this.#firstBare},${this.#serverFirst},${withoutProof}`;
    if (!this.#proves(proof, authMessage, this.#keys)) return refused();
    return ok(`v=${Buffer.from(hmac(this.#hash, this.#keys.serverKey, authMessage)).toString('base64')}`);
  }

  /** The gs2-cbind-flag against what was advertised (RFC 5802 §6); the value is the channel binding data to expect. */
  #checkFlag(flag: string): Result<Uint8Array, SaslFailure> {
    if (flag.startsWith('p=')) {
      const data = this.#plus ? this.#bindings.get(flag.slice(2)) : undefined;
      if (data !== undefined) return ok(data);
      return this.#plus ? refused('channel binding type was not advertised') : malformed('p= needs a -PLUS mechanism');
    }
    if (this.#plus) return malformed('-PLUS needs channel binding');
    if (flag === 'n') return ok(new Uint8Array(0));
    if (flag !== 'y') return malformed('bad gs2-cbind-flag');
    // RFC 5802 §6: the client believes that we offered no -PLUS. If we did, someone has taken it out of the list.
    return this.#bindings.size === 0 ? ok(new Uint8Array(0)) : refused('the -PLUS mechanisms were stripped on the way');
  }

  #proves(proof: Uint8Array, authMessage: string, keys: ScramKeys): boolean {
    const signature = hmac(this.#hash, keys.storedKey, authMessage);
    if (proof.length !== signature.length) return false;
    return equalSecrets(digest(this.#hash, xor(proof, signature)), keys.storedKey);
  }
}

/** What a client knows when it starts a SCRAM exchange. */
export interface ScramClientOptions {
  readonly hash: ScramHash;
  readonly username: string;
  /** Prepared (RFC 4013). */
  readonly password: string;
  /** Fresh, printable ASCII without commas. */
  readonly nonce: string;
  /** With -PLUS: the binding to use. */
  readonly binding?: { readonly type: string; readonly data: Uint8Array };
  /** Without -PLUS: true when this side could do channel binding, but the server did not offer it (flag `y`). */
  readonly couldBind?: boolean;
}

/** The client's part of one SCRAM exchange: `first`, `final` for the challenge, `verify` for the outcome. */
export class ScramClient {
  readonly #options: ScramClientOptions;
  readonly #gs2Header: string;
  readonly #firstBare: string;
  #serverSignature: Uint8Array | undefined;

  constructor(options: ScramClientOptions) {
    this.#options = options;
    const flag = options.binding ? `p=${options.binding.type}` : options.couldBind ? 'y' : 'n';
    this.#gs2Header = `${flag},,`;
    this.#firstBare = `n=${escapeName(options.username)},r=${options.nonce}`;
  }

  /** client-first-message. */
  first(): string {
    return this.#gs2Header + this.#firstBare;
  }

  /** client-final-message for a server-first-message; an error is what the server did wrong. */
  async final(serverFirst: string): Promise<Result<string, string>> {
    const { hash, nonce, password, binding } = this.#options;
    const [noncePart, saltPart, iterationsPart] = serverFirst.split(',');
    if (!noncePart?.startsWith('r=') || !saltPart?.startsWith('s=') || !iterationsPart?.startsWith('i=')) {
      return err('malformed challenge');
    }
    const fullNonce = noncePart.slice(2);
    if (!fullNonce.startsWith(nonce) || fullNonce.length === nonce.length) return err('the nonce is not ours');
    const iterations = Number(iterationsPart.slice(2));
    if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
      return err(
        `an iteration count of ${iterationsPart.slice(2)} is not between ${MIN_ITERATIONS} and ${MAX_ITERATIONS}`,
      );
    }
    const salted = await saltedPassword(hash, password, Buffer.from(saltPart.slice(2), 'base64'), iterations);
    const bindingInput = Buffer.concat([Buffer.from(this.#gs2Header), binding?.data ?? new Uint8Array(0)]);
    const withoutProof = `c=${bindingInput.toString('base64')},r=${fullNonce}`;
    const authMessage = `${this.#firstBare},${serverFirst},${withoutProof}`;
    const clientKey = hmac(hash, salted, 'Client Key');
    const proof = xor(clientKey, hmac(hash, digest(hash, clientKey), authMessage));
    this.#serverSignature = hmac(hash, hmac(hash, salted, 'Server Key'), authMessage);
    return ok(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }

  /** True when server-final-message proves that the server knows the user's keys (RFC 5802 §5). */
  verify(serverFinal: string): boolean {
    if (this.#serverSignature === undefined || !serverFinal.startsWith('v=')) return false;
    return equalSecrets(Buffer.from(serverFinal.slice(2), 'base64'), this.#serverSignature);
  }
}

function readAuthzid(part: string): Result<string | undefined, SaslFailure> {
  if (part === '') return ok(undefined);
  const authzid = part.startsWith('a=') ? unescapeName(part.slice(2)) : undefined;
  return authzid === undefined || authzid === '' ? malformed('bad authorization identity') : ok(authzid);
}

/** saslname (RFC 5802 §5.1): only "=2C" and "=3D" may follow a "=". */
function unescapeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function escapeName(text: string): string {
  return text.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** Printable ASCII without a comma (RFC 5802 §7), bounded here because it is repeated back. */
function isNonce(text: string): boolean {
  return text.length <= 256 && /^[\x21-\x2b\x2d-\x7e]+$/.test(text);
}

function hmac(hash: ScramHash, key: Uint8Array, data: string): Uint8Array {
  return createHmac(NODE_NAMES[hash], key).update(data).digest();
}

function digest(hash: ScramHash, data: Uint8Array): Uint8Array {
  return createHash(NODE_NAMES[hash]).update(data).digest();
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((octet, index) => octet ^ b[index]!);
}

function malformed(text: string): { readonly ok: false; readonly error: SaslFailure } {
  return err({ condition: 'malformed-request', text });
}

function refused(text?: string): { readonly ok: false; readonly error: SaslFailure } {
  return err({ condition: 'not-authorized', ...(text !== undefined && { text }) });
}
