/** Runs the questions of `locate` against the DNS; without a turn of the event loop where every answer is at hand. */
import type { DnsAnswer, DnsSource } from '../../sip/locate/dns-answer.js';
import type { Locating, Location } from '../../sip/locate/locate.js';

/** Calls `found` once: at once when nothing has to be asked. */
export function findHops(locating: Locating, dns: DnsSource, found: (location: Location) => void): void {
  const step = (answer: DnsAnswer | undefined): void => {
    let given = answer;
    for (;;) {
      const turn = given === undefined ? locating.next() : locating.next(given);
      if (turn.done) {
        found(turn.value);
        return;
      }
      given = dns.cached(turn.value);
      if (given === undefined) {
        void dns.query(turn.value).then(step);
        return;
      }
    }
  };
  step(undefined);
}
