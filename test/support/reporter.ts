/** The report of a test run: for people on the screen, for programs in test-results/mocha.json. */
import Mocha from 'mocha';
import { installCommand, type PeerName, skippedSuites } from './peers/installed.js';

const RESULTS = 'test-results/mocha.json';
/** How long a finished run may take to end by itself. */
const END_MS = 5000;

/**
 * Mocha's Spec reporter, with its JSON reporter beside it. Tells which suites were skipped for want of a peer, and ends a
 * run that something keeps alive: a test has left a socket or a process behind, and the run fails for it.
 */
export default class VeronaReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    new Mocha.reporters.JSON(runner, { ...options, reporterOption: { output: RESULTS } } as Mocha.MochaOptions);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => setTimeout(endByForce, END_MS).unref());
  }

  override epilogue(): void {
    super.epilogue();
    const skipped = skippedSuites();
    if (skipped.size === 0) return;
    const names: PeerName[] = [...skipped.keys()];
    const suites = new Set([...skipped.values()].flat());
    const lines = [
      `${suites.size} ${suites.size === 1 ? 'suite was' : 'suites were'} skipped, for want of a peer:`,
      ...[...skipped].map(([name, titles]) => `  ${name}: ${titles.join('; ')}`),
      `To run them: ${installCommand(names)}`,
      '',
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

function endByForce(): void {
  const open = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && !/^(TTY|Pipe)Wrap$/.test(name));
  process.stderr.write(`The tests are over, but something was left open: ${open.join(', ') || 'timers'}\n`);
  // after mocha has set its own code
  process.once('exit', () => {
    process.exitCode = 1;
  });
  process.exit(1);
}
