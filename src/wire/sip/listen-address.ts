/** Where SIP is listened for, as the configuration spells it: `udp:127.0.0.1:5060`, `tcp:[::1]:5060`. */
import { err, ok, type Result } from '../../base/result.js';
import { unbracketed } from '../../sip/locate/address.js';
import type { HopTransport } from '../../sip/locate/locate.js';

export interface ListenAddress {
  readonly transport: HopTransport;
  /** An address or a host name, IPv6 without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const LISTENER = /^([a-z]+):(\[[0-9A-Fa-f:.%]+\]|[^:[\]]+):(\d{1,5})$/;

/** Reads `TRANSPORT:ADDRESS:PORT`, as in `udp:127.0.0.1:5060`; the error says what was found and what was expected. */
export function parseListenAddress(text: string): Result<ListenAddress, string> {
  const match = LISTENER.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    return err(
      `${text} is no SIP listener; expected TRANSPORT:ADDRESS:PORT, as in udp:127.0.0.1:5060 or tcp:[::1]:5060`,
    );
  }
  const transport = match[1] as string;
  if (transport === 'udp' || transport === 'tcp') {
    return ok({ transport, host: unbracketed(match[2] as string), port });
  }
  if (['tls', 'ws', 'wss'].includes(transport))
    return err(`${text}: ${transport} is not served by this version; use udp or tcp`);
  return err(`${text}: there is no SIP transport ${transport}; use udp or tcp`);
}
