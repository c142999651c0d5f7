/** A script of this folder in a process of its own, which writes its port when it is ready. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerProcess, plainEnvironment } from '../../support/peers/peer.js';
import { nodeArguments } from './bench-options.js';

export interface ScriptProcess {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<unknown>;
}

/** `name` without `.js`. */
export async function startScript(name: string): Promise<ScriptProcess> {
  const file = join(fileURLToPath(new URL('.', import.meta.url)), `${name}.js`);
  const child = PeerProcess.start({
    name,
    command: process.execPath,
    args: [...nodeArguments(name), file],
    env: plainEnvironment(),
  });
  const port = Number(await child.line(/^\d+$/));
  return { pid: child.pid, port, stop: () => child.stop() };
}
