import type { ComponentChildren } from 'preact';
import { type GameSettings, GRID_LIMITS } from '../../apps/grid/grid.ts';
import { busy, createGame } from '../actions.ts';
import { settings } from '../preferences.ts';

/** The shape of a game, and the way to make one of that shape. */
export function NewGame() {
  const { players, size, seconds, spectators } = settings.value;
  const change = (part: Partial<GameSettings>) => void (settings.value = { ...settings.value, ...part });
  return (
    <form class="card new-game" aria-label="New game" onSubmit={(event) => event.preventDefault()}>
      <h2>New game</h2>
      <div class="shape">
        <NumberField
          id="players"
          label="Players"
          value={players}
          {...GRID_LIMITS.players}
          hint="2 to 8"
          onChange={(to) => change({ players: to })}
        />
        <NumberField
          id="size"
          label="Grid"
          value={size}
          {...GRID_LIMITS.size}
          hint={`${size} × ${size} cells`}
          onChange={(to) => change({ size: to })}
        />
        <NumberField
          id="seconds"
          label="Seconds"
          value={seconds}
          {...GRID_LIMITS.seconds}
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
      <button
        type="button"
        class="button"
        data-testid="create"
        disabled={busy.value}
        onClick={() => void createGame(settings.value)}
      >
        Create a game<small>and invite your friends</small>
      </button>
    </form>
  );
}

interface NumberFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly hint: ComponentChildren;
  readonly onChange: (value: number) => void;
}

/** A whole number between two buttons. A typed number out of range becomes the nearest allowed one. */
function NumberField({ id, label, value, min, max, step = 1, hint, onChange }: NumberFieldProps) {
  const set = (to: number) => onChange(Math.min(max, Math.max(min, Math.round(to))));
  const typed = (input: HTMLInputElement) => {
    if (Number.isFinite(input.valueAsNumber)) set(input.valueAsNumber);
    // If the value stays the same, nothing renders, and the field would still show the typed text.
    input.value = String(Math.min(max, Math.max(min, Math.round(input.valueAsNumber || value))));
  };
  return (
    <div class="field number-field">
      <label class="label" for={id}>
        {label}
      </label>
      <div class="stepper">
        <button type="button" aria-label={`Less: ${label}`} disabled={value <= min} onClick={() => set(value - step)}>
          −
        </button>
        <input
          id={id}
          data-testid={id}
          type="number"
          inputMode="numeric"
          min={min}
          max={max}
          value={value}
          aria-describedby={`${id}-hint`}
          onChange={(event) => typed(event.currentTarget)}
        />
        <button type="button" aria-label={`More: ${label}`} disabled={value >= max} onClick={() => set(value + step)}>
          +
        </button>
      </div>
      <span class="hint" id={`${id}-hint`}>
        {hint}
      </span>
    </div>
  );
}
