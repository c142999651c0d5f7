/** Which peers this machine has, and suites that need them. */
import { spawnSync } from 'node:child_process';
import { plainEnvironment, stopRunningPeers } from './peer.js';

interface Program {
  /** The Debian package that brings it. */
  readonly package: string;
  readonly command: string;
  /** Asks the program for its version, or for whatever shows that it is whole. */
  readonly args: readonly string[];
}

/** The Python of the distribution, for which python3-slixmpp is installed; another one in the path may lack it. */
export const PYTHON = '/usr/bin/python3';

export const PEERS = {
  prosody: { package: 'prosody', command: 'prosodyctl', args: ['--help'] },
  ejabberd: { package: 'ejabberd', command: 'sh', args: ['-c', 'command -v ejabberdctl && command -v erl'] },
  kamailio: { package: 'kamailio', command: 'kamailio', args: ['-v'] },
  sipp: { package: 'sip-tester', command: 'sh', args: ['-c', 'sipp -v | grep -q SIPp'] },
  linphone: { package: 'linphone-cli', command: 'linphone-daemon', args: ['--help'] },
  slixmpp: { package: 'python3-slixmpp', command: PYTHON, args: ['-c', 'from slixmpp import ClientXMPP'] },
  'go-sendxmpp': { package: 'go-sendxmpp', command: 'go-sendxmpp', args: ['--version'] },
  openssl: { package: 'openssl', command: 'openssl', args: ['version'] },
  dnsmasq: { package: 'dnsmasq-base', command: 'dnsmasq', args: ['--version'] },
} as const satisfies Record<string, Program>;

export type PeerName = keyof typeof PEERS;

const answers = new Map<PeerName, boolean>();
const skipped = new Map<PeerName, string[]>();

/** Whether the program is installed. */
export function available(name: PeerName): boolean {
  let answer = answers.get(name);
  if (answer === undefined) {
    const { command, args } = PEERS[name];
    const result = spawnSync(command, args, { env: plainEnvironment(), stdio: 'ignore', timeout: 20_000 });
    answer = result.error === undefined && result.status === 0;
    answers.set(name, answer);
  }
  return answer;
}

/** The suites that were skipped, by the peer that they lacked. */
export function skippedSuites(): ReadonlyMap<PeerName, readonly string[]> {
  return skipped;
}

export function installCommand(names: readonly PeerName[]): string {
  return `apt-get install ${[...new Set(names.map((name) => PEERS[name].package))].join(' ')}`;
}

/**
 * A suite that starts `peers`. On a machine that lacks one it is skipped by name; with VERONA_REQUIRE_PEERS=1 it fails,
 * so that a build machine cannot pass by having nothing to test with.
 */
export function describeWithPeers(title: string, peers: readonly PeerName[], suite: (this: Mocha.Suite) => void): void {
  const missing = peers.filter((name) => !available(name));
  if (missing.length === 0) {
    describe(title, function () {
      this.timeout(30_000);
      this.slow(5000);
      suite.call(this);
      after(stopRunningPeers);
    });
    return;
  }
  const remedy = `${missing.join(', ')} missing: ${installCommand(missing)}`;
  if (process.env.VERONA_REQUIRE_PEERS === '1') {
    describe(title, () => {
      it('finds its peers', () => {
        throw new Error(remedy);
      });
    });
    return;
  }
  for (const name of missing) skipped.set(name, [...(skipped.get(name) ?? []), title]);
  describe.skip(`${title} (${remedy})`, suite);
}
