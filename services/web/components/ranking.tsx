import { game, player } from '../session.ts';
import { PlayerRow } from './player-row.tsx';

/** How the game came out, best first; equal scores share a place. */
export function Ranking() {
  const state = game.value?.state;
  if (!state) return null;
  return (
    <section class="card standings" aria-label="Final ranking">
      <ol class="players" data-testid="ranking">
        {(state.ranking ?? []).map(({ rank, player: id, name, score }) => (
          <PlayerRow
            key={id}
            seat={state.players.findIndex((seated) => seated.id === id)}
            name={name}
            score={score}
            you={id === player.value?.id}
            leads={rank === 1}
            place={rank}
          />
        ))}
      </ol>
    </section>
  );
}
