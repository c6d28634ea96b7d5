// Usage: npm run catalog. Writes cli/catalog.json, from which the bootstrap prints help before anything is installed.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { Profile } from '../infra/setup/run.mjs';
import { COMMANDS, type Entry, GROUPS } from './commands/index.ts';

const FILE = path.join(import.meta.dirname, 'catalog.json');

/**
 * What the bootstrap needs to know about a command, by its name, such as `certs init`. The empty name is the overview.
 */
export type Catalog = Record<
  string,
  {
    help: string;
    profile?: Profile;
    /** Its long flags, and whether each takes a value; undefined when it takes any flag. */
    flags?: Record<string, boolean>;
  }
>;

/** The help of a command, with the text after its options. */
function helpOf(command: Command<any, any, any>): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

function flagsOf(command: Command<any, any, any>): Record<string, boolean> | undefined {
  // Commander has a setter for this, and no getter.
  if ((command as unknown as { _allowUnknownOption: boolean })._allowUnknownOption) return undefined;
  const long = command.options.filter(({ long }) => long !== undefined);
  return Object.fromEntries(long.map(({ long, required, optional }) => [long!, required || optional]));
}

/** The catalog's entries for a command and its subcommands, by name. */
function entriesIn(
  command: Command<any, any, any>,
  { profile, parts = {} }: Pick<Entry, 'profile' | 'parts'>,
  parents = '',
): [string, Catalog[string]][] {
  const name = `${parents}${command.name()}`;
  const flags = flagsOf(command);
  const own = { help: helpOf(command), profile, ...(flags === undefined ? {} : { flags }) };
  return [
    [name, own],
    ...command.commands.flatMap((each) => entriesIn(each, { profile: parts[each.name()] ?? profile }, `${name} `)),
  ];
}

async function overview(): Promise<string> {
  const program = new Command('gridlock')
    .description('A TLS-terminated WebSocket cluster as code: on this machine, as containers, or on Kubernetes.')
    .usage('<command> [options]')
    .helpOption(false)
    .helpCommand(false)
    .configureHelp({ helpWidth: 100, subcommandTerm: (each) => each.name() });
  for (const [group, commands] of Object.entries(GROUPS)) {
    for (const [name, entry] of Object.entries(commands)) {
      const { default: command } = await entry.load();
      program.addCommand(new Command(name).summary(command.summary()).helpGroup(`${group}:`));
    }
  }
  program.addHelpText(
    'after',
    '\nEvery command has --help. Exit codes: 0 done, 1 failed, 2 refused (wrong usage, or something is missing).',
  );
  return helpOf(program);
}

/** The catalog that the definitions of the commands give. */
export async function catalog(): Promise<Catalog> {
  const entries = await Promise.all(
    Object.values(COMMANDS).map(async ({ load, ...entry }) => entriesIn((await load()).default, entry)),
  );
  return Object.fromEntries([['', { help: await overview() }], ...entries.flat()]);
}

/** The text of catalog.json, as it should be and as it is. */
export const catalogText = async (): Promise<string> => `${JSON.stringify(await catalog(), null, 2)}\n`;
export const writtenCatalog = (): string => readFileSync(FILE, 'utf8');

if (import.meta.main) writeFileSync(FILE, await catalogText());
