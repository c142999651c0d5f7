/** What the tests need of an XMPP server, whichever it is. */
import type { PeerProcess } from './peer.js';

export interface XmppServerOptions {
  /** The domain of its users. */
  readonly domain: string;
  /** The domain that a component may take (XEP-0114). */
  readonly component: string;
}

export interface XmppServer {
  readonly domain: string;
  readonly host: string;
  readonly c2sPort: number;
  readonly componentPort: number;
  readonly componentSecret: string;
  /** The certificate that its users are to trust. */
  readonly caFile: string;
  readonly process: PeerProcess;
  /** Makes an account; returns its password. */
  addUser(name: string): Promise<string>;
  /** Ends the program, as a crash does by SIGKILL, and keeps its data. */
  halt(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same ports, with the same data. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}
