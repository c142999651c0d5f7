/** linphone, the softphone, without window and sound: registers with digest, sends and shows SIP MESSAGEs. */
import { PeerProcess, plainEnvironment } from './peer.js';
import { freeSipPort } from './ports.js';
import { TemporaryFolder } from './temporary-folder.js';

export interface LinphoneOptions {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  /** Its registrar, which is its proxy too. */
  readonly registrar: { readonly host: string; readonly port: number; readonly transport?: 'udp' | 'tcp' };
}

/** What the phone shows of a message that arrived. */
export interface ShownMessage {
  readonly from: string;
  readonly to: string;
  readonly content: string;
}

export type MessageFate = 'Delivered' | 'NotDelivered';

export class Linphone {
  readonly process: PeerProcess;
  readonly #folder: TemporaryFolder;

  private constructor(process: PeerProcess, folder: TemporaryFolder) {
    this.process = process;
    this.#folder = folder;
  }

  /** Starts the phone and waits until it has registered. */
  static async registered(options: LinphoneOptions): Promise<Linphone> {
    const folder = await TemporaryFolder.make('linphone');
    // it ends with a fault when these are absent
    await folder.folder('.local/share/linphone');
    await folder.folder('.config/linphone');
    const config = await folder.write('linphonerc', linphonerc(options, await freeSipPort()));
    const process = PeerProcess.start({
      name: `linphone ${options.user}`,
      command: 'linphone-daemon',
      args: ['--config', config, '--log', `${folder.path}/log`],
      cwd: folder.path,
      env: plainEnvironment(folder.path),
    });
    const phone = new Linphone(process, folder);
    await phone.#untilRegistered();
    return phone;
  }

  /** The messages that the phone has shown so far. */
  get shown(): readonly ShownMessage[] {
    const { lines } = this.process;
    return lines.flatMap((line, at) => {
      if (line !== 'Event-type: message-received') return [];
      const field = (name: string) =>
        lines
          .slice(at, at + 8)
          .find((text) => text.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const content = field('Content');
      if (content === undefined) return [];
      return [{ from: field('From') ?? '', to: field('To') ?? '', content: content.replace(/^"|"$/g, '') }];
    });
  }

  /** Waits until the phone has shown this text. */
  message(content: string, timeoutMs?: number): Promise<ShownMessage> {
    return this.process.until(
      `showing "${content}"`,
      () => this.shown.find((message) => message.content === content),
      timeoutMs,
    );
  }

  /** Sends a message and waits for what becomes of it. */
  async send(to: string, text: string, timeoutMs?: number): Promise<MessageFate> {
    const from = this.process.lines.length;
    this.process.write(`message ${to} ${text}\n`);
    const line = await this.process.line(/^State: LinphoneChatMessageState(Delivered|NotDelivered)\b/, timeoutMs, from);
    return line.includes('NotDelivered') ? 'NotDelivered' : 'Delivered';
  }

  async stop(): Promise<void> {
    this.process.write('quit\n');
    const killer = setTimeout(() => this.process.signal('SIGKILL'), 5000);
    await this.process.exited;
    clearTimeout(killer);
    await this.#folder.remove();
  }

  /** The daemon tells nothing of a registration by itself: it is asked until the answer is final. */
  #untilRegistered(): Promise<true> {
    let asked = -1;
    return this.process.until('registered', () => {
      const { lines } = this.process;
      const answer = lines.slice(Math.max(0, asked)).find((line) => line.startsWith('State: LinphoneRegistration'));
      if (answer === 'State: LinphoneRegistrationOk') return true;
      if (answer === 'State: LinphoneRegistrationFailed') throw this.process.failure('could not register');
      if (asked < 0 || answer !== undefined) {
        asked = lines.length;
        this.process.write('register-status ALL\n');
      }
      return undefined;
    });
  }
}

function linphonerc({ user, domain, password, registrar }: LinphoneOptions, port: number): string {
  const { host, port: registrarPort, transport = 'udp' } = registrar;
  const proxy = `sip:${host}:${registrarPort};transport=${transport}`;
  return `[sip]
sip_port=${transport === 'udp' ? port : 0}
sip_tcp_port=${transport === 'tcp' ? port : 0}
sip_tls_port=0
bind_address=127.0.0.1
use_ipv6=0
guess_hostname=0
default_proxy=0
[proxy_0]
reg_proxy=<${proxy}>
reg_route=<${proxy};lr>
reg_identity=sip:${user}@${domain}
reg_expires=3600
reg_sendregister=1
publish=0
[auth_info_0]
username=${user}
passwd=${password}
realm=${domain}
`;
}
