import { parseArgs } from 'node:util';
import { TRANSPORTS } from '../../services/protocol/index.ts';
import { startCluster } from '../kit/cluster.ts';
import { type Measured, markdown, measure } from './measure.ts';

const USAGE = `Measures the three transports through the edge and prints a table in Markdown.
  --seconds N        of play a transport (10)
  --games N          of two players each (10)
  --interval-ms N    between the moves of a player (200)
  --idle N           connections that do nothing (50)
  --idle-seconds N   for which those are watched (20)
  --design NAME      stateless (default) or stateful
`;
/** All players come from one address. */
const MANY = 1_000_000;

const number = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} is ${text}, which is not a whole number above 0; give one.`);
};

try {
  const option = (standard: string) => ({ type: 'string', default: standard }) as const;
  const { values } = parseArgs({
    options: {
      seconds: option('10'),
      games: option('10'),
      'interval-ms': option('200'),
      idle: option('50'),
      'idle-seconds': option('20'),
      design: option('stateless'),
      help: { type: 'boolean', default: false },
    },
  });
  const { design } = values;
  if (design !== 'stateless' && design !== 'stateful') {
    throw new Error(`--design is ${design}; give stateless or stateful.`);
  }
  const of = (name: 'seconds' | 'games' | 'interval-ms' | 'idle' | 'idle-seconds') => number(name, values[name]);
  const plan = {
    seconds: of('seconds'),
    games: of('games'),
    intervalMs: of('interval-ms'),
    idle: of('idle'),
    idleSeconds: of('idle-seconds'),
  };
  if (values.help) process.stdout.write(USAGE);
  else await run(design, plan);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 2;
}

async function run(design: 'stateless' | 'stateful', plan: Parameters<typeof measure>[2]): Promise<void> {
  const cluster = await startCluster({ design, requestRatePerAddress: MANY });
  try {
    const measured: Measured[] = [];
    for (const transport of TRANSPORTS) measured.push(await measure(cluster, transport, plan));
    process.stdout.write(markdown(measured));
  } finally {
    await cluster.stop();
  }
}
