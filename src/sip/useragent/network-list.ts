/** Networks of addresses in prefix notation (RFC 4632 §3.1, RFC 4291 §2.3): who counts as a trusted peer. */
import { err, ok, type Result } from '../../base/result.js';
import { addressGroups, type Groups, unbracketed } from '../locate/address.js';

interface Network {
  readonly groups: Groups;
  readonly bits: number;
}

/** A set of networks, as in `192.0.2.0/24`, `2001:db8::/32` or a single address. IPv4-mapped addresses count as IPv4. */
export class NetworkList {
  readonly #networks: readonly Network[];

  private constructor(networks: readonly Network[]) {
    this.#networks = networks;
  }

  static parse(texts: readonly string[]): Result<NetworkList, string> {
    const networks: Network[] = [];
    for (const text of texts) {
      const [address = '', prefix, ...rest] = text.split('/');
      const groups = addressGroups(unbracketed(address));
      const width = address.includes('.') && !address.includes(':') ? 32 : 128;
      const bits = prefix === undefined ? width : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
      if (groups === undefined || rest.length > 0 || bits < 0 || bits > width) {
        return err(`${text} is no network; expected ADDRESS or ADDRESS/PREFIX, as in 192.0.2.0/24`);
      }
      networks.push({ groups, bits: bits + 128 - width });
    }
    return ok(new NetworkList(networks));
  }

  /** Whether a numeric `address` lies in one of the networks. Cost: the number of networks. */
  contains(address: string): boolean {
    if (this.#networks.length === 0) return false;
    const groups = addressGroups(address);
    return groups !== undefined && this.#networks.some((network) => covers(network, groups));
  }
}

function covers({ groups, bits }: Network, address: Groups): boolean {
  // an IPv6 network, however wide, says nothing of IPv4 peers
  if (isMapped(address) && (bits < MAPPED_BITS || !isMapped(groups))) return false;
  for (let i = 0, left = bits; left > 0; i++, left -= 16) {
    const difference = (address[i] as number) ^ (groups[i] as number);
    if (left >= 16 ? difference !== 0 : difference >> (16 - left) !== 0) return false;
  }
  return true;
}

/** The prefix of IPv4-mapped addresses (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96;

function isMapped(groups: Groups): boolean {
  return (
    groups[5] === 0xffff && groups[4] === 0 && groups[3] === 0 && groups[2] === 0 && groups[1] === 0 && groups[0] === 0
  );
}
