/** A certificate that only the test trusts, made once a run for each domain. */
import { generate } from 'selfsigned';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const made = new Map<string, Promise<Certificate>>();

/** A self-signed certificate for `domain`. */
export function certificateFor(domain: string): Promise<Certificate> {
  let pending = made.get(domain);
  if (pending === undefined) {
    pending = make(domain);
    made.set(domain, pending);
  }
  return pending;
}

async function make(domain: string): Promise<Certificate> {
  const pems = await generate([{ name: 'commonName', value: domain }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: domain }] },
    ],
  });
  return { certificate: pems.cert, key: pems.private };
}
