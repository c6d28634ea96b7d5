import { parseArgs } from 'node:util';
import { CertificateError } from '../errors.ts';

/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  /** It was tried and did not succeed, or what was checked is not good. */
  failed: 1,
  /** Refused before anything was changed: bad usage or bad input. */
  refused: 2,
} as const;

export interface Flag {
  /** What a value looks like, as `<file>`; a flag without is on or off. */
  value?: string;
  /** May be given more than once. */
  multiple?: true;
  help: string;
}

export interface Values {
  string(name: string): string | undefined;
  /** Throws a CertificateError when it was not given. */
  required(name: string): string;
  strings(name: string): string[];
  boolean(name: string): boolean;
  positionals: string[];
}

export interface Command {
  name: string;
  /** What follows the name, as `<file>...`. */
  positionals?: string;
  summary: string;
  /** Further paragraphs of the help. */
  details?: string;
  flags: Record<string, Flag>;
  run(values: Values, output: Output): Promise<number>;
}

/** Where results go: text for people, or with --json one object. */
export interface Output {
  json: boolean;
  /** The one result of a command. */
  result(text: string, data: unknown): void;
  /** Beside the result, on standard error; in JSON among `warnings`. */
  warn(text: string): void;
  /** Progress of a command that runs on; nothing with --json. */
  progress(text: string): void;
}

export const commonFlags: Record<string, Flag> = {
  dir: { value: '<directory>', help: "the authority's directory (default .gridlock/pki, that of npm start)" },
  json: { help: 'print one JSON object instead of text' },
  help: { help: 'print this' },
};

export const passphraseFlag: Record<string, Flag> = {
  'passphrase-file': { value: '<file>', help: "file whose first line is the passphrase of the root's key" },
};

export const nameFlags: Record<string, Flag> = {
  dns: { value: '<name>', multiple: true, help: 'a DNS name; may be repeated' },
  ip: { value: '<address>', multiple: true, help: 'an IP address; may be repeated' },
};

/** Throws a CertificateError for a flag the command does not have. */
export function parseCommand(command: Command, args: readonly string[]): Values {
  const flags = { ...command.flags, ...commonFlags };
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, multiple }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: multiple === true },
    ]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw usage(`${sentence}: see "npm run certs -- ${command.name} --help".`);
  }
  const { values, positionals } = parsed;
  if (command.positionals === undefined && positionals.length > 0) {
    throw usage(`"${positionals[0]}" means nothing to ${command.name}: see "npm run certs -- ${command.name} --help".`);
  }
  const text = (name: string) => values[name] as string | undefined;
  return {
    string: text,
    required: (name) => text(name) ?? missing(command, `--${name} ${flags[name]!.value}`),
    strings: (name) => (values[name] as string[] | undefined) ?? [],
    boolean: (name) => values[name] === true,
    positionals,
  };
}

/** Throws a CertificateError that says what a command lacks. */
export function missing(command: Pick<Command, 'name'>, what: string): never {
  throw usage(`${command.name} needs ${what}: see "npm run certs -- ${command.name} --help".`);
}

export function usage(message: string): CertificateError {
  return new CertificateError('invalid_usage', message);
}

/** Days as a number of milliseconds. Throws a CertificateError for what is no positive number. */
export function parseDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(text);
  if (days > 0 && days < 100_000) return days * 24 * 60 * 60 * 1000;
  throw usage(`"${text}" is no number of days: give one like 7 or 0.5.`);
}

export const defaultDirectory = '.gridlock/pki';

export const directoryOf = (values: Values): string => values.string('dir') ?? defaultDirectory;

export function helpOf(command: Command): string {
  const flags = Object.entries({ ...command.flags, ...commonFlags });
  const heads = flags.map(([name, { value }]) => `  --${name}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  const lines = flags.map(([, { help }], index) => `${heads[index]!.padEnd(width)}${help}`);
  const synopsis = ['npm run certs --', command.name, command.positionals, '[flags]'].filter(Boolean).join(' ');
  return [
    synopsis,
    '',
    `${command.summary}.`,
    ...(command.details === undefined ? [] : ['', command.details.trim()]),
    '',
    ...lines,
    '',
    'Exit code: 0 done; 1 tried without success, or what was checked is not good; 2 refused, nothing was changed.',
    '',
  ].join('\n');
}
