import { useSignal } from '@preact/signals';
import { gameLink } from '../model/format.ts';
import { notify } from '../notices.ts';
import { game } from '../session.ts';

/** What a player needs to get the others in, over the board that waits for them. */
export function Invitation() {
  const shown = game.value;
  if (!shown) return null;
  const {
    room: { code },
    state,
  } = shown;
  const link = gameLink(location.origin, code);
  return (
    <section class="invitation" aria-label="Invitation">
      <p class="label">Game code</p>
      <p class="game-code" data-testid="game-code">
        {code}
      </p>
      <p class="seats-taken" data-testid="seats">
        {state.players.length} of {state.settings.players} seats taken
      </p>
      <a class="game-link" data-testid="game-link" href={link} onClick={(event) => event.preventDefault()}>
        {link}
      </a>
      <CopyButton text={link} label="Copy the link" />
    </section>
  );
}

const SHOWN_MS = 2000;

function CopyButton({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = true;
      setTimeout(() => void (copied.value = false), SHOWN_MS);
    } catch {
      const advice = 'The browser did not allow copying. Select the link and copy it.';
      notify({ kind: 'copy', tone: 'problem', text: advice });
    }
  };
  return (
    <button type="button" class="button primary copy" data-testid="copy-link" onClick={() => void copy()}>
      <span aria-live="polite">{copied.value ? 'Copied' : label}</span>
    </button>
  );
}
