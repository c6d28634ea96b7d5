import { game, watching } from '../session.ts';
import { Board } from './board.tsx';
import { ChatPanel } from './chat-panel.tsx';
import { Clock } from './clock.tsx';
import { GameActions } from './game-actions.tsx';
import { Headline } from './headline.tsx';
import { Invitation } from './invitation.tsx';
import { Ranking } from './ranking.tsx';
import { Scores } from './scores.tsx';
import { Watchers } from './watchers.tsx';

/** A game from its waiting room to its ranking: the parts keep their places all the way. */
export function GameView() {
  const shown = game.value;
  if (!shown) return null;
  const { game: code, state } = shown;
  return (
    <main class={`game is-${state.status}`} data-status={state.status}>
      <div class="topline">
        <Headline />
        <Clock />
      </div>
      <div class="stage">
        <Board />
        {state.status === 'waiting' && <Invitation />}
      </div>
      {state.status === 'completed' ? <Ranking /> : <Scores />}
      <Watchers />
      <GameActions />
      {!watching.value && <ChatPanel channel={code} title="Game" />}
    </main>
  );
}
