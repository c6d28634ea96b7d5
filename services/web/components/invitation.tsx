import { gameLink } from '../model/format.ts';
import { game } from '../session.ts';
import { CopyButton } from './copy-button.tsx';

/** What a player needs to get the others in, over the board that waits for them. */
export function Invitation() {
  const shown = game.value;
  if (!shown) return null;
  const { game: code, state } = shown;
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
