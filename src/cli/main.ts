#!/usr/bin/env node
/**
 * The `verona` command. Exit 0: success; 1: a failure told in one line; 2: wrong usage. Each command is loaded when it is
 * called, so that `--help` and mistakes answer at once.
 */
import { Command, CommanderError } from 'commander';
import { CommandFailure } from './failure.js';
import { packageVersion } from './package-root.js';
import type { UserOptions } from './user.js';

const DEFAULT_CONFIG = 'config/verona.yaml';

function program(): Command {
  const verona = new Command('verona')
    .description('A SIP-XMPP interworking gateway.')
    .version(packageVersion(), '--version')
    .showHelpAfterError('(add --help for the usage)')
    .exitOverride();
  const withConfig = (name: string, description: string) =>
    verona
      .command(name)
      .description(description)
      .exitOverride()
      .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG);

  withConfig('run', 'run the gateway until SIGTERM or SIGINT').action(async (options: { config: string }) =>
    (await import('./run.js')).runCommand(options.config),
  );
  withConfig('check', 'validate the configuration and what it names; changes nothing')
    .option('--print-schema', 'print the JSON Schema of the configuration and end')
    .action(async (options: { config: string; printSchema?: boolean }) =>
      (await import('./check.js')).checkCommand(options.config, options.printSchema === true),
    );
  verona
    .command('demo')
    .description('run the gateway with a SIP user and an XMPP user that talk, and show every packet')
    .exitOverride()
    .option('--once', 'end after the conversation')
    .action(async (options: { once?: boolean }) => (await import('./demo/demo.js')).demoCommand(options.once === true));

  const user = verona
    .command('user')
    .description('users of the embedded XMPP server and of the SIP registrar')
    .exitOverride();
  const userCommand = (name: string, description: string, needsPassword: boolean) => {
    const command = user
      .command(name)
      .description(description)
      .exitOverride()
      .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG);
    return needsPassword
      ? command.option(
          '--password <text>',
          'the password; without it, it is asked for, or read as a line of standard input',
        )
      : command;
  };
  userCommand('add <address>', 'add juliet@example.com or sip:romeo@example.net', true).action(
    async (address: string, options: UserOptions) => (await import('./user.js')).addUser(address, options),
  );
  userCommand('passwd <address>', 'set a new password', true).action(async (address: string, options: UserOptions) =>
    (await import('./user.js')).changePassword(address, options),
  );
  userCommand('del <address>', 'remove a user', false).action(async (address: string, options: UserOptions) =>
    (await import('./user.js')).deleteUser(address, options),
  );
  userCommand('list', 'list all users', false).action(async (options: UserOptions) =>
    (await import('./user.js')).listUsers(options),
  );
  return verona;
}

async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has told it already
    if (error instanceof CommandFailure) {
      process.stderr.write(`verona: ${error.message}\n`);
      return error.exitCode;
    }
    process.stderr.write(`verona: unexpected failure: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
