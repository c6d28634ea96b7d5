import { useSignal } from '@preact/signals';
import { gameLink } from '../model/format.ts';
import { notify } from '../notices.ts';
import { invite } from '../public-address.ts';
import { game } from '../session.ts';
import { QrCode } from './qr-code.tsx';

/** What a player needs to invite others, shown over the board of a waiting game. */
export function Invitation() {
  const shown = game.value;
  if (!shown) return null;
  const {
    room: { code },
    state,
  } = shown;
  const { origin, isReachable } = invite.value;
  const link = gameLink(origin, code);
  return (
    <section class="invitation" aria-label="Invitation">
      <p class="label">Game code</p>
      <p class="game-code" data-testid="game-code">
        {code}
      </p>
      <p class="seats-taken" data-testid="seats">
        {state.players.length} of {state.settings.players} seats taken
      </p>
      {isReachable && <QrCode text={link} label="QR code of the link to this game" />}
      <a class="game-link" data-testid="game-link" href={link} onClick={(event) => event.preventDefault()}>
        {link}
      </a>
      {!isReachable && (
        <p class="hint" data-testid="only-here">
          The link opens on this machine only. To invite others on your network, start the cluster with{' '}
          <code>--host</code> and the name or address of this machine.
        </p>
      )}
      <div class="invite-ways">
        <CopyButton text={link} label="Copy the link" />
        {isReachable && 'share' in navigator && <ShareButton link={link} />}
      </div>
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

/** Opens the system's own share sheet with the link. */
function ShareButton({ link }: { link: string }) {
  const share = async () => {
    try {
      await navigator.share({ title: 'Gridlock', text: 'Play Gridlock with me.', url: link });
    } catch (error) {
      // The user closed the sheet without a choice.
      if ((error as Error).name === 'AbortError') return;
      notify({ kind: 'share', tone: 'problem', text: 'The system did not share the link. Copy it instead.' });
    }
  };
  return (
    <button type="button" class="button" data-testid="share-link" onClick={() => void share()}>
      Share…
    </button>
  );
}
