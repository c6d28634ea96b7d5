import type { RankedPlayer } from '../../protocol/ranking.ts';
import { count } from '../model/format.ts';
import { dayRanking } from '../ranking.ts';
import { player } from '../session.ts';

/** The number of players that fits above the fold, next to the ways to play. */
const SHOWN = 5;

/** The best players of the day, in all games of the cluster. */
export function Leaderboard() {
  const ranking = dayRanking.value;
  const leaders = ranking?.players.slice(0, SHOWN) ?? [];
  return (
    <section class="card leaderboard" aria-label="Best players today" data-testid="leaderboard">
      <h2>Today's best</h2>
      {ranking && leaders.length === 0 && <p class="hint">Nobody has finished a game today. Be the first.</p>}
      <ol>
        {leaders.map((leader) => (
          <Leader key={leader.id} {...leader} />
        ))}
      </ol>
    </section>
  );
}

function Leader({ rank, id, name, wins, points }: RankedPlayer) {
  const isOwn = id === player.value?.id;
  return (
    <li class={isOwn ? 'own' : ''} data-testid="leader">
      <span class="rank">{rank}</span>
      <span class="leader-name">{name}</span>
      {isOwn && <span class="you">you</span>}
      <span class="wins">{count(wins, 'win')}</span>
      <span class="points">{count(points, 'cell')}</span>
    </li>
  );
}
