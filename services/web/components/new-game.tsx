import { type GameSettings, LIMITS } from '../../protocol/index.ts';
import { busy, createGame, quickMatch } from '../actions.ts';
import { settings } from '../preferences.ts';
import { NumberField } from './number-field.tsx';

/** The shape of a game, and the two ways into one of that shape. */
export function NewGame() {
  const { players, size, seconds, spectators } = settings.value;
  const change = (part: Partial<GameSettings>) => void (settings.value = { ...settings.value, ...part });
  return (
    <form class="card new-game" aria-label="New game" onSubmit={(event) => event.preventDefault()}>
      <div class="shape">
        <NumberField
          id="players"
          label="Players"
          value={players}
          {...LIMITS.players}
          hint="2 to 8"
          onChange={(to) => change({ players: to })}
        />
        <NumberField
          id="size"
          label="Grid"
          value={size}
          {...LIMITS.size}
          hint={`${size} × ${size} cells`}
          onChange={(to) => change({ size: to })}
        />
        <NumberField
          id="seconds"
          label="Seconds"
          value={seconds}
          {...LIMITS.seconds}
          step={5}
          hint="5 to 300"
          onChange={(to) => change({ seconds: to })}
        />
      </div>
      <label class="check">
        <input
          type="checkbox"
          data-testid="spectators"
          checked={spectators ?? false}
          onChange={(event) => change({ spectators: event.currentTarget.checked })}
        />
        Let others watch
      </label>
      <div class="choices">
        <button
          type="button"
          class="button primary"
          data-testid="quick-match"
          disabled={busy.value}
          onClick={() => void quickMatch(settings.value)}
        >
          Quick match<small>with anyone who wants this one</small>
        </button>
        <button
          type="button"
          class="button"
          data-testid="create"
          disabled={busy.value}
          onClick={() => void createGame(settings.value)}
        >
          Create a game<small>and share its code with friends</small>
        </button>
      </div>
    </form>
  );
}
