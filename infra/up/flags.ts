import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config.ts';
import { flagOf, KEYS } from '../config/keys.ts';

/**
 * Takes a command's own switches (flags without a value) out of its arguments.
 * @throws ConfigError when one is given a value
 */
export function takeSwitches<const Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): { on: ReadonlySet<Name>; rest: string[] } {
  const on = new Set<Name>();
  const rest: string[] = [];
  for (const argument of args) {
    const name = names.find((each) => argument === `--${each}` || argument.startsWith(`--${each}=`));
    if (!name) rest.push(argument);
    else if (argument.includes('=')) throw new ConfigError(`The flag --${name} takes no value.`);
    else on.add(name);
  }
  return { on, rest };
}

/**
 * npm keeps flags written before `--` for itself, and passes them on as environment variables only.
 * @throws ConfigError that says where flags belong
 */
export function refuseSwallowedFlags(
  command: string,
  switches: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  const keys = [...Object.keys(KEYS), 'stack'].map(flagOf);
  // Many have npm answer its own questions so for good; whoever meant ours is asked, which harms nobody.
  for (const flag of [...switches, ...keys].filter((each) => each !== 'yes')) {
    const value = env[`npm_config_${flag.replaceAll('-', '_')}`];
    if (value === undefined) continue;
    // Of `--port 1` npm keeps `--port` alone.
    const shown = switches.includes(flag) ? '' : ` ${value === 'true' ? '...' : value}`;
    throw new ConfigError(
      `npm took --${flag} for itself; flags come after two dashes: npm run ${command} -- --${flag}${shown}`,
    );
  }
}

/** The one word of a command line that is no flag and no flag's value; undefined without one. */
export function takeWord(args: readonly string[]): { word: string | undefined; rest: string[] } {
  const options = Object.fromEntries(
    [...Object.keys(KEYS), 'stack'].map((key) => [flagOf(key), { type: 'string' as const }]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const token = tokens.find(({ kind }) => kind === 'positional');
  if (token?.kind !== 'positional') return { word: undefined, rest: [...args] };
  return { word: token.value, rest: args.filter((_, index) => index !== token.index) };
}
