import { parseArgs } from 'node:util';
import { UsageError } from '../kit/options.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** A virtual user holds so many sockets: more share less of the script's memory, fewer wait less for each other. */
const SOCKETS_A_VU = 100;

export interface LoadOptions {
  readonly name: string;
  readonly scenario: Scenario;
  readonly target: string | undefined;
  readonly ca: string | undefined;
  readonly stack: string;
  readonly stateDir: string | undefined;
  readonly sockets: number;
  readonly vus: number;
  readonly seconds: number;
  readonly pace: number;
  readonly replicas: number;
  readonly design: 'stateless' | 'stateful';
  readonly localIps: string | undefined;
  readonly out: string;
}

const scenarios = Object.entries(SCENARIOS)
  .map(([name, { about }]) => `  ${name.padEnd(16)} ${about}`)
  .join('\n');

export const HELP = `npm run load -- <scenario> [flags]

Puts a cluster under load with k6, and says whether it held what it promises. The scenarios:

${scenarios}

  --target T       local (the one of npm start), compose, kind, or an address such as wss://localhost:8443;
                   without it, a cluster of its own on free ports, which ends with the run
  --stack NAME     the stack of --target kind (default dev)
  --state-dir DIR  the state directory of --target local or compose (default .gridlock)
  --ca FILE        the root to trust at an address
  --sockets N      sockets held in all
  --vus N          virtual users of k6 that hold them (default: one for every ${SOCKETS_A_VU})
  --duration T     how long it takes: 90s, 30m
  --pace N         moves a second of each who plays
  --replicas N     replicas of the own cluster (default 4)
  --design NAME    stateless or stateful, of the own cluster (default stateless)
  --local-ips A-B  source addresses for k6; found by itself on loopback
  --out DIR        where summary.json and report.html go (default load-results/<scenario>)

Exit code 0 when every threshold holds, 1 when one fails, 2 when a flag is wrong or something is missing.
`;

/** To what a flag belongs that says something of the target; elsewhere it would be without effect. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  replicas: ['own'],
  design: ['own'],
  stack: ['kind'],
  'state-dir': ['local', 'compose'],
  ca: ['address'],
};

/** @throws UsageError for a flag that says nothing of this target */
function requireSense(given: Readonly<Record<string, unknown>>, target: string | undefined): void {
  const kind = target === undefined ? 'own' : ['local', 'compose', 'kind'].includes(target) ? target : 'address';
  for (const [flag, kinds] of Object.entries(BELONGS)) {
    if (given[flag] === undefined || kinds.includes(kind)) continue;
    const where =
      { own: "a cluster of the run's own, without --target", address: 'a --target that is an address' }[kinds[0]!] ??
      kinds.map((name) => `--target ${name}`).join(' and ');
    throw new UsageError(`--${flag} is for ${where}${target === undefined ? '.' : `, not for --target ${target}.`}`);
  }
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** `90s`, `30m`, `1h`, or a number of seconds. */
export function secondsOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text);
  const seconds = match ? Number(match[1]) * UNITS[match[2] || 's']! : Number.NaN;
  if (seconds >= 10 && seconds <= 86_400) return seconds;
  throw new UsageError(`--duration is ${JSON.stringify(text)}; 10s to 24h is allowed, written as 90s, 30m or 1h.`);
}

function numberOf(
  flag: string,
  text: string | undefined,
  fallback: number,
  [least, most]: [number, number],
  whole = true,
) {
  const number = text === undefined ? fallback : Number(text);
  if (text !== '' && number >= least && number <= most && (!whole || Number.isInteger(number))) return number;
  throw new UsageError(
    `--${flag} is ${JSON.stringify(text)}; ${whole ? 'a whole number' : 'a number'} from ${least} to ${most} is allowed.`,
  );
}

/** Reads the command line; undefined when only help was asked for. @throws UsageError for what is wrong with it */
export function readOptions(args: readonly string[]): LoadOptions | undefined {
  const text = { type: 'string' } as const;
  const read = () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        target: text,
        stack: text,
        'state-dir': text,
        ca: text,
        sockets: text,
        vus: text,
        duration: text,
        pace: text,
        replicas: text,
        design: text,
        'local-ips': text,
        out: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  requireSense(values, values.target);
  const [name, ...more] = positionals;
  const scenario = name === undefined ? undefined : Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (name === undefined || !scenario || more.length > 0) {
    const what =
      name === undefined ? 'A scenario is missing' : `${JSON.stringify(positionals.join(' '))} is no scenario`;
    throw new UsageError(`${what}: npm run load -- ${Object.keys(SCENARIOS).join('|')}`);
  }
  const { size } = scenario;
  const sockets = numberOf('sockets', values.sockets, size.sockets, [4, 200_000]);
  const design = values.design ?? 'stateless';
  if (design !== 'stateless' && design !== 'stateful') {
    throw new UsageError(`--design is ${JSON.stringify(design)}; stateless or stateful is allowed.`);
  }
  return {
    name,
    scenario,
    target: values.target,
    ca: values.ca,
    stack: values.stack ?? 'dev',
    stateDir: values['state-dir'],
    sockets,
    vus: numberOf('vus', values.vus, Math.max(1, Math.ceil(sockets / SOCKETS_A_VU)), [1, Math.floor(sockets / 4)]),
    seconds: values.duration === undefined ? size.seconds : secondsOf(values.duration),
    pace: numberOf('pace', values.pace, size.pace, [0.01, 20], false),
    replicas: numberOf('replicas', values.replicas, 4, [1, 16]),
    design,
    localIps: values['local-ips'],
    out: values.out ?? `load-results/${name}`,
  };
}
