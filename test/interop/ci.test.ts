/** What the build machine installs is what the tests ask for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { packagePath } from '../support/package-path.js';
import { PEERS } from '../support/peers/installed.js';

describe('.ci/run', () => {
  const list = /^PEERS=\((.*)\)$/m.exec(readFileSync(packagePath('.ci/run'), 'utf8'))?.[1]?.split(' ') ?? [];
  for (const [name, peer] of Object.entries(PEERS)) {
    it(`installs ${name}`, () => {
      assert.ok(list.includes(peer.package), `${peer.package} is not in PEERS of .ci/run`);
    });
  }
});
