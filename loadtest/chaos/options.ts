import { parseArgs } from 'node:util';
import type { Design } from '../kit/options.ts';
import { FAULTS, type Fault } from './faults.ts';

export const HELP = `npm run chaos -- [flags]

Brings a cluster of four replicas up and plays on it while something of it dies, hangs or goes wrong, round after
round. Then the histories of all players are compared with each other, with what was acknowledged to them and with
what a stranger sees. Prints a table; the cluster is ended and removed afterwards.

  --rounds N       rounds in all, shared out evenly to designs and faults (1 to 10000; default 20)
  --design NAME    stateless, stateful or both (default both)
  --fault NAME     only this fault; may be given several times (default all of them)
  --players N      players of each of the two games (2 to 4, each on another replica; default 4)
  --seed N         repeats targets, moments and moves of another run (0 to 4294967295; default by the clock)
  --json FILE      writes the table and its seed there
  --clients N      measures instead how long it takes until N clients are resumed after SIGKILL of one of four
                   replicas (4 to 4000, a multiple of 4); --rounds tells how many kills (then by default 3)

Faults:
${FAULTS.map(({ name, about }) => `  ${name.padEnd(20)} ${about}`).join('\n')}

Exit code 0 when nothing was lost, doubled or left out and every round proved it, 1 otherwise, 2 when a flag is wrong.
`;

export class UsageError extends Error {}

export interface Flags {
  readonly help: boolean;
  readonly rounds: number | undefined;
  readonly designs: readonly Design[];
  readonly faults: readonly Fault[];
  readonly players: number;
  readonly seed: number;
  readonly json: string | undefined;
  readonly clients: number | undefined;
}

/** @throws UsageError; and what `parseArgs` throws on unknown flags */
export function readFlags(args: readonly string[], now = Date.now()): Flags {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      design: text,
      players: text,
      seed: text,
      json: text,
      clients: text,
      fault: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const number = (name: 'rounds' | 'players' | 'seed' | 'clients', least: number, most: number) => {
    const given = values[name];
    if (given === undefined) return undefined;
    if (/^\d{1,10}$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
    throw new UsageError(`--${name} is ${JSON.stringify(given)}; a whole number from ${least} to ${most} is allowed.`);
  };
  const clients = number('clients', 4, 4000);
  if (clients !== undefined && clients % 4 !== 0) {
    throw new UsageError(`--clients is ${clients}; four play a game: give a multiple of 4.`);
  }
  return {
    help: values.help === true,
    rounds: number('rounds', 1, 10_000),
    designs: designsOf(values.design ?? 'both'),
    faults: values.fault === undefined ? FAULTS : faultsOf(values.fault),
    players: number('players', 2, 4) ?? 4,
    seed: number('seed', 0, 2 ** 32 - 1) ?? now % 2 ** 32,
    json: values.json,
    clients,
  };
}

function designsOf(name: string): readonly Design[] {
  if (name === 'both') return ['stateless', 'stateful'];
  if (name === 'stateless' || name === 'stateful') return [name];
  throw new UsageError(`--design is ${JSON.stringify(name)}; stateless, stateful and both are allowed.`);
}

/** In the order in which they are listed, so that Redis changes how it persists only once. */
function faultsOf(names: readonly string[]): readonly Fault[] {
  const unknown = names.find((name) => !FAULTS.some((fault) => fault.name === name));
  if (unknown !== undefined) {
    const known = FAULTS.map(({ name }) => name).join(', ');
    throw new UsageError(`--fault is ${JSON.stringify(unknown)}; there are ${known}.`);
  }
  return FAULTS.filter(({ name }) => names.includes(name));
}

/** Rounds of one of so many kinds when all of them share a number evenly; the first ones get what is left over. */
export const shareOf = (rounds: number, kinds: number, index: number): number =>
  Math.floor(rounds / kinds) + (index < rounds % kinds ? 1 : 0);
