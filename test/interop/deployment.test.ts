/** The configuration that docker-compose.yml mounts, started by the same commands from the same packages, on loopback addresses. */
import assert from 'node:assert/strict';
import { packagePath } from '../support/package-path.js';
import { describeWithPeers, PYTHON } from '../support/peers/installed.js';
import { Kamailio } from '../support/peers/kamailio.js';
import { PeerProcess, plainEnvironment } from '../support/peers/peer.js';
import { accepts, freeSipPort, freeTcpPort } from '../support/peers/ports.js';
import { secret } from '../support/peers/secret.js';
import { TemporaryFolder } from '../support/peers/temporary-folder.js';
import { Verona } from '../support/peers/verona.js';

describeWithPeers('deploy/', ['prosody', 'openssl', 'kamailio', 'slixmpp', 'sipp'], () => {
  const secrets = { COMPONENT_SECRET: secret(), XMPP_PASSWORD: secret() };
  const gatewayHost = '127.0.0.2';
  let folder: TemporaryFolder;
  let prosody: PeerProcess;
  let prosodyPorts: { c2s: number; component: number };
  let kamailio: Kamailio;
  let gateway: Verona;

  const startProsody = async () => {
    prosody = PeerProcess.start({
      name: 'deploy/prosody/start.sh',
      command: 'sh',
      args: [packagePath('deploy/prosody/start.sh')],
      cwd: folder.path,
      env: {
        ...plainEnvironment(folder.path),
        ...secrets,
        CONFIG: packagePath('deploy/prosody/prosody.cfg.lua'),
        DATA: folder.path,
        INTERFACE: '127.0.0.1',
        C2S_PORT: String(prosodyPorts.c2s),
        COMPONENT_PORT: String(prosodyPorts.component),
        RUN_AS_ROOT: 'yes',
        XMPP_USERS: 'juliet',
      },
    });
    await prosody.until('accepting components', () => accepts(prosodyPorts.component));
  };

  before(async () => {
    folder = await TemporaryFolder.make('deploy');
    prosodyPorts = { c2s: await freeTcpPort(), component: await freeTcpPort() };
    const port = await freeSipPort(gatewayHost);
    await startProsody();
    kamailio = await Kamailio.start({ users: ['romeo', 'mercutio'], gateway: { host: gatewayHost, port } });
    gateway = await Verona.start({
      host: gatewayHost,
      port,
      config: packagePath('deploy/verona/verona.yaml'),
      env: (place) => ({
        VERONA_XMPP_COMPONENT_SECRET: secrets.COMPONENT_SECRET,
        VERONA_XMPP_COMPONENT_HOST: '127.0.0.1',
        VERONA_XMPP_COMPONENT_PORT: String(prosodyPorts.component),
        VERONA_SIP_LISTEN: `udp:${place.host}:${place.port},tcp:${place.host}:${place.port}`,
        VERONA_SIP_OUTBOUND_PROXY: `sip:${kamailio.host}:${kamailio.port};transport=udp;lr`,
        VERONA_SIP_TRUSTED_PEERS: `${kamailio.host}/32`,
        VERONA_STORE: `sqlite:${place.folder}/verona.db`,
        VERONA_DATA_DIR: place.folder,
        VERONA_HTTP_LISTEN: `127.0.0.1:${place.httpPort}`,
      }),
    });
    await gateway.untilReady();
  });
  after(async () => {
    await gateway?.stop();
    await kamailio?.stop();
    await prosody?.stop();
    await folder?.remove();
  });

  it('gets every part up', async () => {
    assert.deepEqual(await gateway.http('/readyz'), { status: 200, text: 'ready\n' });
  });

  it('lets romeo and juliet of the profile demo talk', async () => {
    const romeo = PeerProcess.start({
      name: 'deploy/demo/romeo.sh',
      command: 'sh',
      args: [packagePath('deploy/demo/romeo.sh')],
      env: {
        ...plainEnvironment(folder.path),
        SIP_PASSWORD: kamailio.password,
        PROXY: `${kamailio.host}:${kamailio.port}`,
        ADDRESS: '127.0.0.1',
        PORT: String(await freeSipPort()),
        SCENARIOS: packagePath('test/interop/sipp'),
      },
    });
    const juliet = PeerProcess.start({
      name: 'deploy/demo/juliet.py',
      command: PYTHON,
      args: ['-B', packagePath('deploy/demo/juliet.py')],
      env: {
        ...plainEnvironment(folder.path),
        XMPP_PASSWORD: secrets.XMPP_PASSWORD,
        XMPP_HOST: '127.0.0.1',
        XMPP_PORT: String(prosodyPorts.c2s),
      },
    });
    await juliet.line(/^romeo: {2}Neither, fair saint, if either thee dislike\./, 20_000);
    assert.equal((await juliet.exited).code, 0, juliet.describe());
    assert.equal((await romeo.exited).code, 0, romeo.describe());
    assert.ok(romeo.lines.includes('juliet: Art thou not Romeo, and a Montague?'), romeo.describe());
  });

  it('keeps certificate and accounts when Prosody is started again, and the gateway comes back', async () => {
    const logged = gateway.process.lines.length;
    await prosody.stop();
    await startProsody();
    await gateway.logged(({ message }) => message === 'component connected', 20_000, logged);
    assert.equal((await gateway.http('/readyz')).status, 200);
  });
});
