import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { readConfig } from '../../infra/config/config.ts';
import { flagOf, isList, KEYS, type Key, LOCAL_KEYS } from '../../infra/config/keys.ts';

/** The keys that a cluster of processes on this machine uses, and all keys. */
export const LOCAL = Object.keys(LOCAL_KEYS) as Key[];
export const CLUSTER = Object.keys(KEYS) as Key[];

export type ConfigOptions = Partial<Record<Key | 'stack', string>> & {
  /** The flag of a list is in the singular. */
  readonly [flag in 'allowedOrigin' | 'upstream' | 'socketPath']?: string;
};

const HEADING = 'Configuration (each flag is also a key of Pulumi.<stack>.yaml, and wins over it):';

/** Adds a flag for each of these keys of the configuration, and `--stack`. Those not in `shown` are left out of help. */
export function addConfigOptions<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
  keys: readonly Key[],
  shown: readonly Key[] = keys,
): Command<Arguments, Options & ConfigOptions> {
  for (const key of keys) {
    const { default: value, allowed, help } = KEYS[key];
    const initial = typeof value === 'object' ? JSON.stringify(value) : value;
    const several = isList(key) ? '; may be given several times' : '';
    const meaning = `${help} (${allowed}${several}; default ${initial === '' || initial === '[]' ? 'empty' : initial})`;
    const option = new Option(`--${flagOf(key)} <value>`, meaning).helpGroup(HEADING);
    if (isList(key)) option.argParser((given: string, earlier?: string) => (earlier ? `${earlier},${given}` : given));
    command.addOption(option.hideHelp(!shown.includes(key)));
  }
  command.addOption(new Option('--stack <name>', 'which Pulumi.<stack>.yaml is read (default dev)').helpGroup(HEADING));
  return command as never;
}

/** What commander calls the value of a flag: `allowed-origin` is `allowedOrigin`. */
const attributeOf = (key: Key): keyof ConfigOptions =>
  flagOf(key).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) as keyof ConfigOptions;

/** The flags of the configuration among the options of a command, for `readConfig`. */
export function configArgs(options: ConfigOptions): string[] {
  const { stack } = options;
  return [
    ...CLUSTER.flatMap((key) => {
      const value = options[attributeOf(key)];
      return value === undefined ? [] : [`--${flagOf(key)}=${value}`];
    }),
    ...(stack === undefined ? [] : [`--stack=${stack}`]),
  ];
}

/**
 * Adds `--state-dir` and `--stack`. The other flags of `start` are taken too and change nothing, so that the same
 * flags name the same cluster.
 */
export const addStateDirOption = <Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) => addConfigOptions(command, LOCAL, ['stateDir']);

/** The state directory that the options name, from the flag, the stack's file or by default. */
export const stateDirOf = (options: ConfigOptions): string => readConfig({ args: configArgs(options) }).stateDir;
