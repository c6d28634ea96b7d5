import { leaveGame } from '../actions.ts';

/** While the state of the game that this tab was in is on its way. */
export function Returning({ code }: { code: string }) {
  return (
    <main class="returning">
      <p>
        Going back to game <b>{code}</b>…
      </p>
      <button type="button" class="button" data-testid="leave" onClick={leaveGame}>
        To the lobby
      </button>
    </main>
  );
}
