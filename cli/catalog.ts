// Usage: npm run catalog. Writes cli/catalog.json, from which the bootstrap prints help before anything is installed.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { Profile } from '../infra/setup/run.mjs';
import { COMMANDS, type Entry, GROUPS, type Program } from './commands/index.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const FILE = path.join(import.meta.dirname, 'catalog.json');

/** What the bootstrap needs to know of a command; by name, as `certs init`. The empty name is the overview. */
export type Catalog = Record<
  string,
  {
    help: string;
    profile?: Profile;
    script?: string;
    /** Its long flags, and whether each takes a value; undefined when it takes any flag. */
    flags?: Record<string, boolean>;
  }
>;

/** The help of a program that parses its flags itself. */
function helpOfProgram(name: string, { script, usage }: Program, subcommand: readonly string[] = []): string {
  if (usage !== undefined) return `Usage: gridlock ${name} ${usage}\n`;
  const args = ['--disable-warning=ExperimentalWarning', script, ...subcommand, '--help'];
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
}

function flagsOf(command: Command<any, any, any>): Record<string, boolean> | undefined {
  // Commander has a setter for this, and no getter.
  if ((command as unknown as { _allowUnknownOption: boolean })._allowUnknownOption) return undefined;
  const long = command.options.filter(({ long }) => long !== undefined);
  return Object.fromEntries(long.map(({ long, required, optional }) => [long!, required || optional]));
}

/** What the catalog says of a command and of its subcommands, by name. */
function entriesIn(
  command: Command<any, any, any>,
  profile: Profile,
  parents = 'gridlock',
): [string, Catalog[string]][] {
  const name = `${parents} ${command.name()}`;
  const help = command.helpInformation().replace(`Usage: ${command.name()}`, `Usage: ${name}`);
  const flags = flagsOf(command);
  const own = { help, profile, ...(flags === undefined ? {} : { flags }) };
  const nested = command.commands.flatMap((each) => entriesIn(each, profile, name));
  return [[name.replace(/^gridlock /, ''), own], ...nested];
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
      const summary = 'load' in entry ? (await entry.load()).default.summary() : entry.summary;
      program.addCommand(new Command(name).summary(summary).helpGroup(`${group}:`));
    }
  }
  program.addHelpText(
    'after',
    '\nEvery command has --help. Exit codes: 0 done, 1 failed, 2 refused (wrong usage, or something is missing).',
  );
  let text = '';
  program.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

async function entriesOf(name: string, entry: Entry | Program): Promise<[string, Catalog[string]][]> {
  const { profile } = entry;
  if ('load' in entry) {
    return entriesIn((await entry.load()).default, profile);
  }
  const { script, subcommands = [] } = entry;
  return [
    [name, { help: helpOfProgram(name, entry), profile, script }],
    ...subcommands.map((each): [string, Catalog[string]] => [
      `${name} ${each}`,
      { help: helpOfProgram(name, entry, [each]), profile, script },
    ]),
  ];
}

/** The catalog that the definitions of the commands give. */
export async function catalog(): Promise<Catalog> {
  const entries = await Promise.all(Object.entries(COMMANDS).map(([name, entry]) => entriesOf(name, entry)));
  return Object.fromEntries([['', { help: await overview() }], ...entries.flat()]);
}

/** The text of catalog.json, as it should be and as it is. */
export const catalogText = async (): Promise<string> => `${JSON.stringify(await catalog(), null, 2)}\n`;
export const writtenCatalog = (): string => readFileSync(FILE, 'utf8');

if (import.meta.main) writeFileSync(FILE, await catalogText());
