import { busy, leaveGame, playAgain } from '../actions.ts';
import { game, watching } from '../session.ts';

/** The ways out of a game, and into the next one. */
export function GameActions() {
  const shown = game.value;
  if (!shown) return null;
  if (shown.state.status !== 'completed') {
    return (
      <div class="actions">
        <button type="button" class="button quiet" data-testid="leave" onClick={leaveGame}>
          {watching.value ? 'Stop watching' : 'Leave the game'}
        </button>
      </div>
    );
  }
  return (
    <div class="actions">
      <button
        type="button"
        class="button primary"
        data-testid="play-again"
        disabled={busy.value}
        onClick={() => void playAgain('match')}
      >
        Play again
      </button>
      <button
        type="button"
        class="button"
        data-testid="new-game"
        disabled={busy.value}
        onClick={() => void playAgain('create')}
      >
        New game
      </button>
      <button type="button" class="button" data-testid="back-to-lobby" title="Back to the lobby" onClick={leaveGame}>
        Lobby
      </button>
    </div>
  );
}
