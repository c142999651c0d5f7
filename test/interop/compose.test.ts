/** docker-compose.yml and the Dockerfiles, checked without a Docker engine. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { packagePath } from '../support/package-path.js';

interface Service {
  readonly build?: string | { readonly context: string; readonly dockerfile?: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly networks?: Readonly<Record<string, { readonly ipv4_address: string }>>;
}

interface Linted {
  readonly messages: readonly { readonly line: number; readonly rule: string; readonly message: string }[];
}

const compose = parse(readFileSync(packagePath('docker-compose.yml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
};
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('follows the Compose Specification, and the habits that dclint knows', () => {
    const linter = new DCLinter({
      // the order that explains itself: the gateway first
      rules: {
        'service-keys-order': 0,
        'services-alphabetical-order': 0,
        'service-dependencies-alphabetical-order': 0,
      },
      quiet: false,
      debug: false,
      exclude: [],
    });
    const found: readonly Linted[] = linter.lintFiles([packagePath('docker-compose.yml')], false);
    assert.deepEqual(
      found.flatMap(({ messages }) => messages.map(({ line, rule, message }) => `${line}: ${rule}: ${message}`)),
      [],
    );
  });

  it('has the gateway, Prosody and Kamailio, and two users in the profile demo', () => {
    const started = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    const demo = services.filter(([, { profiles }]) => profiles?.includes('demo')).map(([name]) => name);
    assert.deepEqual(started, ['verona', 'prosody', 'kamailio']);
    assert.deepEqual(demo, ['juliet', 'romeo']);
  });

  for (const [name, service] of services) {
    it(`${name}: mounts and builds from what is in the tree`, () => {
      for (const volume of service.volumes ?? []) {
        const [source = '', , mode] = volume.split(':');
        if (!source.startsWith('.')) continue;
        assert.ok(existsSync(packagePath(source)), source);
        assert.equal(mode, 'ro', volume);
      }
      const build = service.build;
      const file = typeof build === 'object' ? `${build.context}/${build.dockerfile ?? 'Dockerfile'}` : 'Dockerfile';
      assert.ok(existsSync(packagePath(file)), file);
    });

    it(`${name}: does not start without its secrets, and holds none`, () => {
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        if (!/SECRET|PASSWORD/.test(variable)) continue;
        assert.match(value, /^\$\{[A-Z_]+:\?.+\}$/, variable);
      }
    });

    it(`${name}: opens ports to this machine only`, () => {
      for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
    });
  }

  it('gives Kamailio and the gateway the addresses under which each knows the other', () => {
    const address = (name: string) => compose.services[name]?.networks?.default?.ipv4_address;
    const gateway = parse(readFileSync(packagePath('deploy/verona/verona.yaml'), 'utf8')) as {
      sip: { listen: string[]; outboundProxy: string; trustedPeers: string[] };
    };
    assert.deepEqual(gateway.sip.trustedPeers, [`${address('kamailio')}/32`]);
    assert.equal(gateway.sip.outboundProxy, `sip:${address('kamailio')}:5060;transport=udp;lr`);
    assert.deepEqual(gateway.sip.listen, [`udp:${address('verona')}:5060`, `tcp:${address('verona')}:5060`]);
    const command = compose.services.kamailio?.command ?? [];
    assert.ok(command.includes(`LISTEN=${address('kamailio')}:5060`));
    assert.ok(command.includes(`GATEWAY_IP=${address('verona')}`));
  });
});

for (const file of ['Dockerfile', 'deploy/peer.Dockerfile']) {
  describe(file, () => {
    const text = readFileSync(packagePath(file), 'utf8');
    /** One string for each instruction, continued lines joined. */
    const instructions = text
      .replace(/^#.*\n/gm, '')
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .filter((line) => line !== '');
    const all = (name: string) =>
      instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

    it('is a valid Dockerfile', () => {
      assert.deepEqual(
        validate(text).map(({ range, message }) => `${range.start.line + 1}: ${message}`),
        [],
      );
    });

    it('names a version of each base image', () => {
      for (const from of all('FROM')) assert.match(from, /^[a-z]+:(?!latest)\S+/);
    });

    it('ends as a user without privileges', () => {
      const user = all('USER').at(-1);
      assert.ok(user !== undefined && !/^(root|0)\b/.test(user), user);
    });

    it('copies files that are in the tree, and adds none from elsewhere', () => {
      assert.deepEqual(all('ADD'), []);
      for (const copy of all('COPY').filter((line) => !line.startsWith('--from'))) {
        for (const source of copy.split(' ').slice(0, -1)) assert.ok(existsSync(packagePath(source)), source);
      }
    });

    it('installs packages without recommendations, and leaves no lists behind', () => {
      for (const run of all('RUN').filter((line) => line.includes('apt-get install'))) {
        assert.match(
          run,
          /apt-get update && apt-get install -y --no-install-recommends .* && rm -rf \/var\/lib\/apt\/lists/,
        );
      }
    });

    it('holds no secret', () => {
      for (const line of [...all('ENV'), ...all('ARG')]) assert.doesNotMatch(line, /SECRET|PASSWORD|TOKEN/i);
    });
  });
}

describe('the image of the gateway', () => {
  const text = readFileSync(packagePath('Dockerfile'), 'utf8');

  it('asks /healthz for its health', () => {
    assert.match(text, /^HEALTHCHECK .*\\\n\s+CMD \["node", "-e", ".*\/healthz.*"\]$/m);
  });

  it('is started without a shell, so that SIGTERM reaches the gateway', () => {
    assert.match(text, /^ENTRYPOINT \["node", "\/app\/dist\/src\/cli\/main\.js"\]$/m);
  });

  it('gets from the build context what it copies, and little else', () => {
    const ignored = readFileSync(packagePath('.dockerignore'), 'utf8').split('\n');
    assert.ok(ignored.includes('*'));
    for (const copy of text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)) {
      for (const source of copy[1]!.split(' ')) assert.ok(ignored.includes(`!${source}`), source);
    }
  });
});
