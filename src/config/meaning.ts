/** Rules that span several keys, which a schema cannot say. */
import type { Config } from './schema.js';

export interface MeaningProblem {
  readonly severity: 'error' | 'warning';
  readonly path: readonly (string | number)[];
  readonly text: string;
  readonly remedy: string;
}

/** What is wrong with a configuration that fits its schema; keys that this version ignores are warnings. */
export function checkMeaning(config: Config): readonly MeaningProblem[] {
  return [...shapeProblems(config), ...domainProblems(config), ...userProblems(config), ...notInThisVersion(config)];
}

function shapeProblems({ xmpp, sip }: Config): MeaningProblem[] {
  const problems: MeaningProblem[] = [];
  if (xmpp.component === undefined && xmpp.server === undefined) {
    problems.push(
      error(
        ['xmpp'],
        'has neither component nor server',
        'add "component:" to join an XMPP server, or "server: {}" to run the embedded one',
      ),
    );
  }
  if (xmpp.component !== undefined && xmpp.server !== undefined) {
    problems.push(
      error(
        ['xmpp', 'server'],
        'stands beside xmpp.component',
        'keep one of the two: a gateway has one home on the XMPP side',
      ),
    );
  }
  if (!sip.registrar.enabled && sip.outboundProxy === undefined && sip.trustedPeers.length === 0) {
    problems.push(
      warning(
        ['sip', 'trustedPeers'],
        'is empty while the registrar is off',
        'nobody can send from the SIP side; add the address of your SIP proxy',
      ),
    );
  }
  return problems;
}

function domainProblems(config: Config): MeaningProblem[] {
  const problems: MeaningProblem[] = [];
  const xmppDomains = new Set(config.domains.xmpp.map(lower));
  config.domains.sip.forEach((domain, index) => {
    if (xmppDomains.has(lower(domain))) {
      problems.push(
        // RFC 7247 §8: a domain that both sides own makes loops
        error(
          ['domains', 'sip', index],
          'stands in domains.xmpp too',
          'give each domain to one side; see docs/addresses.md for one domain on both',
        ),
      );
    }
  });
  const { phone, subdomains } = config.addresses;
  const own = new Set([...config.domains.sip, ...subdomains.map((entry) => entry.domain)].map(lower));
  if (phone.domain !== undefined) own.add(lower(phone.domain));
  if (phone.domain !== undefined && xmppDomains.has(lower(phone.domain))) {
    problems.push(
      error(
        ['addresses', 'phone', 'domain'],
        'stands in domains.xmpp too',
        'choose one of domains.sip, or a domain of its own',
      ),
    );
  }
  const realm = config.sip.registrar.realm;
  if (realm !== undefined && config.domains.sip.some((domain, index) => index > 0 && lower(domain) === lower(realm))) {
    problems.push(
      // RFC 3261 §22.1: users of the same name would share a password, and with it each other's address
      error(
        ['sip', 'registrar', 'realm'],
        'is the realm of another of domains.sip',
        'leave it out, or choose a name that is none of them',
      ),
    );
  }
  config.xmpp.component?.domains?.forEach((domain, index) => {
    if (!own.has(lower(domain))) {
      problems.push(
        error(
          ['xmpp', 'component', 'domains', index],
          'is no domain of the SIP side',
          'add it to domains.sip or addresses.subdomains, or remove it here',
        ),
      );
    }
  });
  config.addresses.subdomains.forEach((entry, index) => {
    if (xmppDomains.has(lower(entry.domain))) {
      problems.push(
        error(
          ['addresses', 'subdomains', index, 'domain'],
          'stands in domains.xmpp too',
          'choose a subdomain of its own, as in sip.example.com',
        ),
      );
    }
  });
  return problems;
}

function userProblems(config: Config): MeaningProblem[] {
  return config.users.flatMap((user, index): MeaningProblem[] => {
    if ('jid' in user) {
      if (config.xmpp.server === undefined) {
        return [
          error(
            ['users', index, 'jid'],
            'is an XMPP account, but there is no embedded server',
            'create it at your XMPP server, or remove it here',
          ),
        ];
      }
      return inDomains(user.jid, config.domains.xmpp)
        ? []
        : [error(['users', index, 'jid'], 'is no account of domains.xmpp', `write user@${config.domains.xmpp[0]}`)];
    }
    const aor = user.aor.replace(/^sips?:/, '');
    if (!inDomains(aor, config.domains.sip)) {
      return [
        error(['users', index, 'aor'], 'is no address of domains.sip', `write "sip:user@${config.domains.sip[0]}"`),
      ];
    }
    // RFC 7247 §6.4 step 6: XMPP folds case, so two such users would share one JID
    return config.users.slice(0, index).some((other) => 'aor' in other && lower(other.aor) === lower(user.aor))
      ? [
          error(
            ['users', index, 'aor'],
            'is there already, perhaps in other case',
            'remove one of the two: XMPP cannot tell them apart',
          ),
        ]
      : [];
  });
}

function inDomains(address: string, domains: readonly string[]): boolean {
  const at = address.lastIndexOf('@');
  return at > 0 && domains.some((domain) => lower(domain) === lower(address.slice(at + 1)));
}

/** Keys of the contract whose feature is not built yet: told, never silently ignored. */
function notInThisVersion({ xmpp, msrp }: Config): MeaningProblem[] {
  const later: [readonly string[], boolean][] = [
    [['xmpp', 'server', 'websocket'], xmpp.server?.websocket !== undefined],
    [['xmpp', 'server', 's2s'], xmpp.server?.s2s !== undefined],
    [['xmpp', 'server', 'components'], xmpp.server?.components !== undefined],
    [['xmpp', 'server', 'muc'], xmpp.server?.muc !== undefined],
    [['xmpp', 'server', 'accounts', 'registration'], xmpp.server?.accounts.registration === 'open'],
    [['msrp'], msrp !== undefined],
  ];
  return later
    .filter(([, present]) => present)
    .map(([path]) =>
      warning(path, 'is not available in this version', 'it is ignored; remove it, or wait for a later version'),
    );
}

function error(path: MeaningProblem['path'], text: string, remedy: string): MeaningProblem {
  return { severity: 'error', path, text, remedy };
}

function warning(path: MeaningProblem['path'], text: string, remedy: string): MeaningProblem {
  return { severity: 'warning', path, text, remedy };
}

function lower(domain: string): string {
  return domain.toLowerCase();
}
