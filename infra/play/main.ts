// Usage: npm run play -- [--stack dev | --url https://... [--ca root.pem]] [--games 1]
import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config.ts';
import { type MatchResult, playMatch, type Target } from './match.ts';
import { findTarget, requireReachable } from './target.ts';

const HELP = `npm run play -- [flags]

Plays games to their end, two players each, and checks that no acknowledged move is lost.

  --stack NAME   against the cluster of a stack; without it, the one npm start brought up
  --url URL      against the cluster at an address
  --ca FILE      the root to trust
  --games N      that many at once (1 to 1000; default 1)
`;

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

function describe({ game, scores, replicas, acknowledged }: MatchResult): string {
  const score = scores.map((each) => `${each.name} ${each.score}`).join(', ');
  return `game ${game} on ${replicas.join(' and ')}: ${score}; ${acknowledged} moves`;
}

async function play(target: Target, games: number): Promise<number> {
  const settled = await Promise.allSettled(Array.from({ length: games }, () => playMatch(target)));
  const results = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  for (const result of results) console.log(describe(result));
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [(each.reason as Error).message] : []));
  for (const failure of new Set(failures)) console.error(failure);
  const latencies = results.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  const moves = results.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const lost = results.reduce((sum, each) => sum + each.lost, 0);
  const [median, slow] = [percentile(latencies, 0.5), percentile(latencies, 0.99)].map((ms) => ms.toFixed(1));
  console.log(
    `${results.length} of ${games} games played to the end, ${moves} moves acknowledged, ${lost} lost; ` +
      `p50 ${median} ms, p99 ${slow} ms`,
  );
  return failures.length > 0 || lost > 0 ? 1 : 0;
}

try {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string' },
      url: { type: 'string' },
      ca: { type: 'string' },
      games: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const games = Number(values.games);
  if (!Number.isInteger(games) || games < 1 || games > 1000) {
    throw new ConfigError(`--games is ${JSON.stringify(values.games)}; a whole number from 1 to 1000 is allowed.`);
  }
  if (values.help) process.stdout.write(HELP);
  else {
    const target = findTarget(values);
    await requireReachable(target);
    process.exitCode = await play(target, games);
  }
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!(error instanceof ConfigError) && !code.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
