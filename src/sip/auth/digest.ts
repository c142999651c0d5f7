/** Digest access authentication as SIP uses it: challenges, credentials and their arithmetic (RFC 3261 §22.4, RFC 8760). */
import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../base/result.js';
import { quote } from '../message/characters.js';
import { parseAuthHeader } from './auth-header.js';

export type DigestHash = 'MD5' | 'SHA-256' | 'SHA-512-256';

/** From the weakest to the strongest (RFC 8760 §2.1). */
export const DIGEST_HASHES: readonly DigestHash[] = ['MD5', 'SHA-256', 'SHA-512-256'];

export interface DigestAlgorithm {
  readonly hash: DigestHash;
  /** The "-sess" variant: the HA1 also covers nonce and cnonce (RFC 7616 §3.4.2). */
  readonly session: boolean;
}

/** What a server asks for, in WWW-Authenticate or Proxy-Authenticate. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque?: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** Empty: a server of RFC 2069, which knows no qop. */
  readonly qop: readonly string[];
  readonly stale: boolean;
}

/** What a client answers with, in Authorization or Proxy-Authorization. */
export interface DigestAuthorization {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Lower-case hex. */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque?: string | undefined;
  /** Absent from a client of RFC 2069. */
  readonly qop?: DigestQop | undefined;
}

/** The quality of protection that a client chose, with what it needs. */
export interface DigestQop {
  readonly name: 'auth' | 'auth-int';
  readonly cnonce: string;
  /** Eight hex digits. */
  readonly nc: string;
}

/** A header value that is of another scheme, or of an algorithm or qop that is not known here, is none of our business. */
export type DigestRefusal = { readonly kind: 'not-understood' } | { readonly kind: 'malformed'; readonly text: string };

const NOT_UNDERSTOOD = err({ kind: 'not-understood' } as const);

/** Reads one value of WWW-Authenticate or Proxy-Authenticate. */
export function parseChallenge(text: string): Result<DigestChallenge, DigestRefusal> {
  const header = parseAuthHeader(text);
  if (!header.ok) return malformed(header.error);
  if (header.value.scheme !== 'digest') return NOT_UNDERSTOOD;
  const { params } = header.value;
  const algorithm = parseAlgorithm(params.get('algorithm'));
  if (algorithm === undefined) return NOT_UNDERSTOOD;
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  if (realm === undefined || nonce === undefined) return malformed('a challenge needs realm and nonce');
  const qop = (params.get('qop') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const stale = params.get('stale')?.toLowerCase() === 'true';
  return ok({ realm, nonce, opaque: params.get('opaque'), algorithm, qop, stale });
}

/** A challenge as header value. */
export function formatChallenge(challenge: DigestChallenge): string {
  let out = `Digest realm=${quote(challenge.realm)}, nonce=${quote(challenge.nonce)}`;
  if (challenge.opaque !== undefined) out += `, opaque=${quote(challenge.opaque)}`;
  if (challenge.stale) out += ', stale=true';
  out += `, algorithm=${formatAlgorithm(challenge.algorithm)}`;
  return challenge.qop.length === 0 ? out : `${out}, qop="${challenge.qop.join(',')}"`;
}

/** Reads one value of Authorization or Proxy-Authorization. */
export function parseAuthorization(text: string): Result<DigestAuthorization, DigestRefusal> {
  const header = parseAuthHeader(text);
  if (!header.ok) return malformed(header.error);
  if (header.value.scheme !== 'digest') return NOT_UNDERSTOOD;
  const { params } = header.value;
  const algorithm = parseAlgorithm(params.get('algorithm'));
  if (algorithm === undefined) return NOT_UNDERSTOOD;
  const [username, realm, nonce] = [params.get('username'), params.get('realm'), params.get('nonce')];
  const [uri, response] = [params.get('uri'), params.get('response')?.toLowerCase()];
  if (username === undefined || realm === undefined || nonce === undefined) {
    return malformed('credentials need username, realm and nonce');
  }
  if (uri === undefined || response === undefined) return malformed('credentials need uri and response');
  if (!isHex(response, responseLength(algorithm.hash))) return malformed('response is no digest of its algorithm');
  const qop = parseQop(params);
  if (!qop.ok) return qop;
  return ok({ username, realm, nonce, uri, response, algorithm, opaque: params.get('opaque'), qop: qop.value });
}

/** RFC 7616 §3.4: with qop come cnonce and an nc of eight hex digits. */
function parseQop(params: ReadonlyMap<string, string>): Result<DigestQop | undefined, DigestRefusal> {
  const name = params.get('qop')?.toLowerCase();
  if (name === undefined) return ok(undefined);
  if (name !== 'auth' && name !== 'auth-int') return NOT_UNDERSTOOD;
  const cnonce = params.get('cnonce');
  const nc = params.get('nc');
  if (cnonce === undefined || nc === undefined || !isHex(nc, 8)) return malformed('qop needs cnonce and nc');
  return ok({ name, cnonce, nc });
}

/** Credentials as header value, quoted as RFC 3261 §25.1 has it: qop, nc and algorithm are tokens. */
export function formatAuthorization(authorization: DigestAuthorization): string {
  const { username, realm, nonce, uri, response, algorithm, opaque, qop } = authorization;
  let out = `Digest username=${quote(username)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(uri)}`;
  out += `, response="${response}", algorithm=${formatAlgorithm(algorithm)}`;
  if (opaque !== undefined) out += `, opaque=${quote(opaque)}`;
  return qop === undefined ? out : `${out}, qop=${qop.name}, cnonce=${quote(qop.cnonce)}, nc=${qop.nc}`;
}

/** Without the parameter it is MD5 (RFC 3261 §22.4); undefined when unknown. */
function parseAlgorithm(text = 'MD5'): DigestAlgorithm | undefined {
  const upper = text.toUpperCase();
  const session = upper.endsWith('-SESS');
  const name = session ? upper.slice(0, -5) : upper;
  const hash = DIGEST_HASHES.find((candidate) => candidate === name);
  return hash === undefined ? undefined : { hash, session };
}

/** The value of the algorithm parameter (RFC 8760 §2.1, RFC 7616 §3.3). */
export function formatAlgorithm(algorithm: DigestAlgorithm): string {
  return algorithm.session ? `${algorithm.hash}-sess` : algorithm.hash;
}

/** H(username:realm:password) in lower-case hex (RFC 7616 §3.4.2). */
export function digestHa1(hash: DigestHash, username: string, realm: string, password: string): string {
  return digestOf(hash, `${username}:${realm}:${password}`);
}

/** What the response is computed over, beside the secret. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly qop?: DigestQop | undefined;
  /** For auth-int. */
  readonly body: Uint8Array;
}

/** The response in lower-case hex (RFC 7616 §3.4.1; RFC 2617 §3.2.2.1 without qop); `ha1` as `digestHa1` gives it. */
export function digestResponse(ha1: string, input: DigestInput): string {
  const { algorithm, method, uri, nonce, qop, body } = input;
  const { hash } = algorithm;
  const a1 = algorithm.session ? digestOf(hash, `${ha1}:${nonce}:${qop?.cnonce ?? ''}`) : ha1;
  const a2 = qop?.name === 'auth-int' ? `${method}:${uri}:${digestOf(hash, body)}` : `${method}:${uri}`;
  const ha2 = digestOf(hash, a2);
  if (qop === undefined) return digestOf(hash, `${a1}:${nonce}:${ha2}`);
  return digestOf(hash, `${a1}:${nonce}:${qop.nc}:${qop.cnonce}:${qop.name}:${ha2}`);
}

const NODE_HASHES: Readonly<Record<DigestHash, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

function digestOf(hash: DigestHash, data: string | Uint8Array): string {
  return createHash(NODE_HASHES[hash]).update(data).digest('hex');
}

function responseLength(hash: DigestHash): number {
  return hash === 'MD5' ? 32 : 64;
}

function isHex(text: string, length: number): boolean {
  return text.length === length && /^[0-9a-fA-F]*$/.test(text);
}

function malformed(text: string): Result<never, DigestRefusal> {
  return err({ kind: 'malformed', text });
}
