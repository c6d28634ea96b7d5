import { type MatchResult, playMatch, type Target } from './match.ts';
import { findTarget, requireReachable, type TargetOptions } from './target.ts';

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

function describe({ game, scores, replicas, acknowledged }: MatchResult): string {
  const score = scores.map((each) => `${each.name} ${each.score}`).join(', ');
  return `game ${game} on ${replicas.join(' and ')}: ${score}; ${acknowledged} moves`;
}

async function playGames(target: Target, games: number): Promise<number> {
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

/**
 * Plays games to their end, two players each, and prints them. @param games the number of games, all at once @returns
 * the exit code: 1 when a game failed, or an acknowledged move was lost
 * @throws ConfigError when there is no cluster that can be played on
 */
export async function play(options: TargetOptions, games: number): Promise<number> {
  const target = findTarget(options);
  await requireReachable(target);
  return playGames(target, games);
}
