/** Reading the configuration file of a command. */
import { readFileSync } from 'node:fs';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { describeProblem } from '../config/problem.js';
import { CommandFailure } from './failure.js';

/** Reads and checks `file` with the `VERONA_…` variables of the environment; fails with every mistake, a line each. */
export function readConfigFile(file: string): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new CommandFailure(
      `${file}: ${reason}; give a configuration with --config FILE, or start from config/verona.yaml`,
    );
  }
  const loaded = loadConfig(text, file, process.env);
  if (!loaded.ok) throw new CommandFailure(loaded.error.map(describeProblem).join('\n'));
  return loaded.value;
}
