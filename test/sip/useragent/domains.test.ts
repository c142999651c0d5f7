import assert from 'node:assert/strict';
import { DomainTable } from '../../../src/sip/useragent/domains.js';

const table = new DomainTable(
  { xmpp: ['Example.com', 'bücher.example'], sip: ['example.net', 'Größe.example'] },
  'verona',
);

describe('RFC 3261 §22.1: domains and their realms', () => {
  for (const [host, kind, realm] of [
    ['example.com', 'xmpp', undefined],
    ['example.com.', 'xmpp', undefined],
    ['xn--bcher-kva.example', 'xmpp', undefined],
    ['example.net', 'sip', 'verona'],
    ['example.net.', 'sip', 'verona'],
    ['xn--gre-6ka8i.example', 'sip', 'xn--gre-6ka8i.example'],
    ['sub.example.net', undefined, undefined],
    ['', undefined, undefined],
  ] as const) {
    it(`${host === '' ? 'no host' : host} is ${kind ?? 'a stranger'}${realm === undefined ? '' : `, guarded by ${realm}`}`, () => {
      assert.deepEqual([table.kindOf(host), table.realmOf(host)], [kind, realm]);
    });
  }

  it('a realm is found by the name as configured, too', () => {
    assert.equal(table.realmOf('größe.example'), 'xn--gre-6ka8i.example');
  });
});
