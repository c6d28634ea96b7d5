import { LIMITS } from '../../protocol/index.ts';
import { busy, quickMatch, rename } from '../actions.ts';
import { name, settings } from '../preferences.ts';
import { PlayBot } from './bot-offer.tsx';

/** The shortest way into a game: a name, and one button. */
export function QuickMatch() {
  const { size, seconds } = settings.value;
  return (
    <section class="card quick" aria-label="Quick match">
      <NameField />
      <button
        type="button"
        class="button primary quick-button"
        data-testid="quick-match"
        disabled={busy.value}
        onClick={() => void quickMatch(settings.value)}
      >
        Quick match
        <small>
          with the next player, or a bot: {size} × {size} cells, {seconds} seconds
        </small>
      </button>
      <PlayBot />
    </section>
  );
}

function NameField() {
  return (
    <label class="field name-field">
      <span class="label">Your name</span>
      <input
        type="text"
        data-testid="name"
        autocomplete="nickname"
        spellcheck={false}
        maxLength={LIMITS.nameLength}
        value={name.value}
        onChange={(event) => rename(event.currentTarget.value)}
      />
    </label>
  );
}
