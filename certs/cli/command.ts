import { Command, CommanderError } from '@commander-js/extra-typings';

/** Exit codes of every command. A command that a signal ended exits with 128 plus the signal's number. */
export const EXIT = {
  done: 0,
  /** The attempt failed, or a check found a fault. */
  failed: 1,
  /** Refused before anything was changed: wrong usage or input, or something is missing on this machine. */
  refused: 2,
} as const;

const HELP_COLUMNS = 100;

/** A command as the user types it, such as `gridlock certs issue`. */
function nameOf(command: Command<any, any, any>): string {
  return `${command.parent ? nameOf(command.parent) : 'gridlock'} ${command.name()}`;
}

/** The fault that commander found, and its guess at the flag or command that was meant. */
function faultIn({ code, message }: CommanderError, command: Command<any, any, any>): string[] {
  if (code === 'commander.help') return [`say which: ${command.commands.map((each) => each.name()).join(', ')}`];
  // Commander reports missing flags first, and a misspelt flag is also a missing one.
  const misspelt = command.args.find((arg) => /^--./.test(arg));
  if (code === 'commander.missingMandatoryOptionValue' && misspelt) return [`unknown option '${misspelt}'`];
  return /^(?:error: )?(.*?)\.?(?:\n\((.*)\))?$/s.exec(message)!.slice(1);
}

/** Describes the fault of a command line, and ends with where to look. */
function sentencesOf(error: CommanderError, command: Command<any, any, any>): string {
  const [wrong = '', guess] = faultIn(error, command);
  const sentences = [`${wrong[0]!.toUpperCase()}${wrong.slice(1)}.`, guess, `See "${nameOf(command)} --help".`];
  return sentences.filter((each) => each !== undefined).join(' ');
}

/** Sets how a command prints help, and makes it throw a CommanderError for wrong usage instead of printing one. */
export function prepare<Each extends Command<any, any, any>>(command: Each, summary: string): Each {
  return command
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    .helpOption('-h, --help', 'print this help')
    .configureHelp({
      helpWidth: HELP_COLUMNS,
      commandUsage: (each) => `${nameOf(each)} ${each.usage()}`,
      subcommandTerm: (each) => each.name(),
    })
    .configureOutput({ writeErr: () => undefined })
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new CommanderError(EXIT.refused, error.code, sentencesOf(error, command));
    });
}

/**
 * A command, to which a module adds arguments, options and an action. This area stands alone, so everything that all
 * commands of `gridlock` share is here.
 */
export const command = (name: string, summary: string) => prepare(new Command(name), summary);
