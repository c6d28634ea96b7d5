import { useSignal, useSignalEffect } from '@preact/signals';
import { busy, joinGame, watchGame } from '../actions.ts';
import { readCode } from '../model/format.ts';
import { addressedGame } from '../route.ts';

/** The way into a game by its code, or by a link that somebody shared. */
export function JoinForm() {
  const text = useSignal('');
  const wrong = useSignal(false);
  useSignalEffect(() => {
    if (addressedGame.value) text.value = addressedGame.value;
  });
  const invited = addressedGame.value !== undefined;
  const hint = { id: 'join-hint' };
  const take = (way: (code: string) => Promise<unknown>) => {
    const code = readCode(text.value);
    wrong.value = code === undefined;
    if (code) void way(code);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    take(joinGame);
  };
  return (
    <form class={`card join ${invited ? 'invited' : ''}`} onSubmit={submit}>
      <h2>{invited ? 'You are invited to a game' : 'Join by code'}</h2>
      <label class="field">
        <span class="label">Game code</span>
        <input
          type="text"
          data-testid="join-code"
          class="code-input"
          placeholder="K7MPQ2"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          aria-invalid={wrong.value}
          aria-describedby="join-hint"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            wrong.value = false;
          }}
        />
      </label>
      {wrong.value ? (
        <span {...hint} class="hint wrong" role="alert">
          A code has six letters and digits, like K7MPQ2.
        </span>
      ) : (
        <span {...hint} class="hint">
          Six letters and digits, or the whole link.
        </span>
      )}
      <button type="submit" class={`button ${invited ? 'primary' : ''}`} data-testid="join" disabled={busy.value}>
        Join
      </button>
      <button
        type="button"
        class="button"
        data-testid="watch"
        title="Watch without a seat, if the game allows it"
        disabled={busy.value}
        onClick={() => take(watchGame)}
      >
        Watch
      </button>
    </form>
  );
}
