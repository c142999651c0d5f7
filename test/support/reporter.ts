/** The report of a test run: for people on the screen, for programs in test-results/mocha.json, and what was skipped for want of a peer. */
import Mocha from 'mocha';
import { installCommand, type PeerName, skippedSuites } from './peers/installed.js';

const RESULTS = 'test-results/mocha.json';

/** Mocha's Spec reporter, its JSON reporter beside it, and the peers that this machine lacks. */
export default class VeronaReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    new Mocha.reporters.JSON(runner, { ...options, reporterOption: { output: RESULTS } } as Mocha.MochaOptions);
  }

  override epilogue(): void {
    super.epilogue();
    const skipped = skippedSuites();
    if (skipped.size === 0) return;
    const names: PeerName[] = [...skipped.keys()];
    const suites = new Set([...skipped.values()].flat());
    const lines = [
      `${suites.size} ${suites.size === 1 ? 'suite was' : 'suites were'} skipped, for want of a peer:`,
      ...[...skipped].map(([name, titles]) => `  ${name}: ${titles.join(', ')}`),
      `To run them: ${installCommand(names)}`,
      '',
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
