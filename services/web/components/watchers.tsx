import { game, watchers, watching } from '../session.ts';

/** How many watch the game, where others may. */
export function Watchers() {
  const shown = game.value;
  if (!shown?.state.settings.spectators) return null;
  const count = watchers.value[shown.game] ?? 0;
  return (
    <p class="hint" data-testid="watchers" data-count={count}>
      {watching.value ? `You are watching; ${count} in all.` : `${count} watching.`}
    </p>
  );
}
