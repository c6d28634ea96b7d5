import { count } from '../model/format.ts';
import { endReason, outcome, standing } from '../model/standings.ts';
import { game, player } from '../session.ts';

/** How the game stands, in a few words. */
export function Headline() {
  const shown = game.value;
  if (!shown) return null;
  const { state, game: code } = shown;
  const { players, size } = state.settings;
  const me = player.value?.id;
  switch (state.status) {
    case 'waiting': {
      const missing = players - state.players.length;
      const detail = `${size} × ${size}, ${count(players, 'player')}`;
      return <Lines title={`Waiting for ${missing} more`} detail={detail} />;
    }
    case 'active':
      return <Lines title={standing(state, me)} detail={`Game ${code}`} />;
    case 'completed':
      return <Lines title={outcome(state, me)} detail={endReason(state)} />;
  }
}

function Lines({ title, detail }: { title: string; detail: string }) {
  return (
    <div class="headline">
      <h1 tabIndex={-1}>{title}</h1>
      <p>{detail}</p>
    </div>
  );
}
