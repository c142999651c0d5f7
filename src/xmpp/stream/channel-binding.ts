/** TLS channel bindings as SASL uses them: `tls-exporter` (RFC 9266) and `tls-server-end-point` (RFC 5929 §4). */
import { createHash } from 'node:crypto';

/** Channel binding data by type name, of one TLS connection; its keys are what XEP-0440 advertises. */
export type ChannelBindings = ReadonlyMap<string, Uint8Array>;

export const NO_BINDINGS: ChannelBindings = new Map();

/** RFC 9266 §2: the exporter's label and length; its context is empty. */
export const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
export const EXPORTER_OCTETS = 32;

/**
 * The bindings of a connection, strongest first.
 * @param certificate the server's certificate, DER
 * @param exporter what the TLS exporter gave, on TLS 1.3 only. COMPAT: for TLS 1.2 peers disagree about an empty and an
 *   absent context, and RFC 9266 §3 needs the extended master secret there, so that it is not offered.
 */
export function channelBindings(
  certificate: Uint8Array | undefined,
  exporter: Uint8Array | undefined,
): ChannelBindings {
  const bindings = new Map<string, Uint8Array>();
  if (exporter !== undefined) bindings.set('tls-exporter', exporter);
  const endPoint = certificate === undefined ? undefined : endPointBinding(certificate);
  if (endPoint !== undefined) bindings.set('tls-server-end-point', endPoint);
  return bindings;
}

/**
 * The hash of a DER certificate by its own signature's hash function, MD5 and SHA-1 raised to SHA-256 (RFC 5929 §4.1).
 * Undefined when the signature has no such function (Ed25519, RSA-PSS here) or the bytes are no certificate.
 */
export function endPointBinding(certificate: Uint8Array): Uint8Array | undefined {
  const algorithm = signatureAlgorithm(certificate);
  const hash = algorithm === undefined ? undefined : HASH_OF_SIGNATURE[algorithm];
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest();
}

/** Signature algorithms by the hex of their object identifier's content octets. */
const HASH_OF_SIGNATURE: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010e': 'sha224', // sha224WithRSAEncryption
  '2a864886f70d01010b': 'sha256', // sha256WithRSAEncryption
  '2a864886f70d01010c': 'sha384', // sha384WithRSAEncryption
  '2a864886f70d01010d': 'sha512', // sha512WithRSAEncryption
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224', // ecdsa-with-SHA224
  '2a8648ce3d040302': 'sha256', // ecdsa-with-SHA256
  '2a8648ce3d040303': 'sha384', // ecdsa-with-SHA384
  '2a8648ce3d040304': 'sha512', // ecdsa-with-SHA512
};

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, … }, … } (RFC 5280 §4.1). */
function signatureAlgorithm(certificate: Uint8Array): string | undefined {
  const outer = derElement(certificate, 0);
  const toBeSigned = outer && derElement(certificate, outer.start);
  const algorithm = toBeSigned && derElement(certificate, toBeSigned.end);
  const identifier = algorithm && derElement(certificate, algorithm.start);
  if (identifier?.tag !== 0x06) return undefined;
  return Buffer.from(certificate.subarray(identifier.start, identifier.end)).toString('hex');
}

/** Tag, and first and last offset of the content, of the DER element at `offset`. */
function derElement(der: Uint8Array, offset: number): { tag: number; start: number; end: number } | undefined {
  const tag = der[offset];
  const first = der[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return within(der, tag, offset + 2, first);
  const lengthOctets = first - 0x80;
  if (lengthOctets < 1 || lengthOctets > 4) return undefined;
  let length = 0;
  for (let index = 0; index < lengthOctets; index++) length = length * 256 + (der[offset + 2 + index] ?? 0);
  return within(der, tag, offset + 2 + lengthOctets, length);
}

function within(der: Uint8Array, tag: number, start: number, length: number) {
  return start + length <= der.length ? { tag, start, end: start + length } : undefined;
}
