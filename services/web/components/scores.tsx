import { leaders } from '../model/standings.ts';
import { game, ownSeat } from '../session.ts';
import { PlayerRow } from './player-row.tsx';

/** Who plays, with live scores; seats that are still open are shown as such. They keep their order. */
export function Scores() {
  const state = game.value?.state;
  if (!state) return null;
  const ahead = leaders(state);
  const open = state.status === 'waiting' ? Math.max(0, state.settings.players - state.players.length) : 0;
  return (
    <section class="card standings" aria-label="Scores">
      <ol class="players" data-testid="scores">
        {state.players.map(({ id, name, score }, seat) => (
          <PlayerRow
            key={id}
            seat={seat}
            name={name}
            score={score}
            you={seat === ownSeat.value}
            leads={ahead.includes(seat)}
          />
        ))}
        {Array.from({ length: open }, (_, index) => (
          <li key={`open-${index}`} class="player open">
            <span class="chip" />
            Open seat
          </li>
        ))}
      </ol>
    </section>
  );
}
