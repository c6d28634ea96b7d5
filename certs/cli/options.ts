// Options that several commands of the authority share.
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { readPassphrase } from '../text-file.ts';
import { parseKeyType } from '../x509/keys.ts';
import { several } from './values.ts';

// A type, because an interface does not fit the options of a command.
export type CommonOptions = { dir?: string | undefined; json?: true | undefined };

const EXIT_CODES = `
Exit code: 0 done; 1 failed, or the check found a fault; 2 refused, nothing was changed.`;

/** Adds the options and the exit codes that every command of the authority has. */
export function addCommonOptions<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
): Command<Arguments, Options & CommonOptions> {
  return command
    .option('--dir <dir>', "the authority's directory (default .gridlock/pki, that of npm start)")
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', EXIT_CODES) as never;
}

export const directoryOf = ({ dir }: CommonOptions): string => dir ?? '.gridlock/pki';

export const DNS = new Option('--dns <name>', 'a DNS name; may be repeated').argParser(several(String));
export const IP = new Option('--ip <address>', 'an IP address; may be repeated').argParser(several(String));
export const KEY_TYPE = new Option(
  '--key-type <type>',
  'P-256 (default), P-384, RSA-2048, RSA-4096 or Ed25519',
).argParser(parseKeyType);
export const ROOTS = new Option(
  '--root <file>',
  'trust these roots instead of those of the directory; may be repeated',
).argParser(several(String));
export const PASSPHRASE_FILE = new Option(
  '--passphrase-file <file>',
  "file whose first line is the passphrase of the root's key",
);

/** The passphrase in the file of an option. */
export const passphraseIn = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readPassphrase(file);
