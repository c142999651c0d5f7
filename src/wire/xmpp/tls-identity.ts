/** The certificate and key that the embedded server shows: an operator's files, or a self-signed pair made at first start. */
import { createHash, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { generate } from 'selfsigned';

export interface TlsFiles {
  /** PEM files; `cert` with the chain. */
  readonly cert: string;
  readonly key: string;
}

export interface TlsIdentity {
  readonly contextOptions: SecureContextOptions;
  /** Made of `contextOptions`, once. */
  readonly context: SecureContext;
  /** The server's own certificate, DER: for channel binding (RFC 5929 §4). */
  readonly certificate: Uint8Array;
  /** SHA-256 of it, as `AB:CD:…`: what a user compares, or a client pins. */
  readonly fingerprint: string;
  /** When it ends, in milliseconds since the Unix epoch. */
  readonly validTo: number;
  /** The certificate as PEM: what a client of a self-signed server has to trust. */
  readonly pem: string;
}

/** How long a self-signed certificate is good, and how long before its end any certificate is old. */
const SELF_SIGNED_DAYS = 3_650;
const RENEW_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Reads an operator's certificate.
 * @throws Error naming the file and the reason
 */
export async function loadIdentity(files: TlsFiles): Promise<TlsIdentity> {
  const [cert, key] = await Promise.all([readNamed(files.cert), readNamed(files.key)]);
  try {
    return identityOf(cert, key);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the certificate ${files.cert} and the key ${files.key} cannot be used: ${reason}`, { cause });
  }
}

/**
 * The self-signed pair in `folder`, made now if there is none, if it is about to end, or if it lacks one of `domains`
 * (EC P-256, SubjectAltName = domains).
 * @param now milliseconds since the Unix epoch
 */
export async function selfSignedIdentity(
  folder: string,
  domains: readonly string[],
  now: number,
): Promise<TlsIdentity> {
  const files = { cert: join(folder, 'xmpp-self-signed.crt'), key: join(folder, 'xmpp-self-signed.key') };
  const kept = await loadIdentity(files).catch(() => undefined);
  if (kept !== undefined && !endsSoon(kept, now) && domains.every((domain) => covers(kept, domain))) return kept;
  const made = await makeSelfSigned(domains, now);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The mode of `writeFile` counts only for a new file.
  await writeFile(files.key, made.private, { mode: 0o600 });
  await chmod(files.key, 0o600);
  await writeFile(files.cert, made.cert, { mode: 0o644 });
  return identityOf(made.cert, made.private);
}

function makeSelfSigned(domains: readonly string[], now: number) {
  return generate([{ name: 'commonName', value: domains[0]! }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS), // clients' clocks differ
    notAfterDate: new Date(now + SELF_SIGNED_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true }, // RFC 6120 §13.7.1.1
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: domains.map((value) => ({ type: 2, value })) },
    ],
  });
}

function identityOf(cert: string, key: string): TlsIdentity {
  const certificate = new X509Certificate(cert);
  // RFC 9325 §3.1.1, §4.2: nothing older than TLS 1.2, and there only forward secrecy with authenticated encryption.
  const contextOptions: SecureContextOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
    honorCipherOrder: true,
  };
  return {
    contextOptions,
    context: createSecureContext(contextOptions),
    certificate: certificate.raw,
    fingerprint: fingerprintOf(certificate.raw),
    validTo: Date.parse(certificate.validTo),
    pem: cert,
  };
}

/** SHA-256 of a DER certificate, as `AB:CD:…`. */
export function fingerprintOf(der: Uint8Array): string {
  const hex = createHash('sha256').update(der).digest('hex').toUpperCase();
  return hex.match(/../g)!.join(':');
}

/** Whether the certificate has 30 days left at most. */
export function endsSoon(identity: TlsIdentity, now: number): boolean {
  return identity.validTo - now <= RENEW_DAYS * DAY_MS;
}

/** Whether the certificate's SubjectAltName has `domain`. */
export function covers(identity: TlsIdentity, domain: string): boolean {
  return new X509Certificate(identity.pem).checkHost(domain, { subject: 'never' }) !== undefined;
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot read ${path}: ${reason}`, { cause });
  }
}
