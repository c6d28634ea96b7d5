import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { leaveGame } from '../actions.ts';
import { seconds } from '../game-clock.ts';
import { announcement, type Moment } from '../model/announcement.ts';
import { notices, withdraw } from '../notices.ts';
import { game, player, returningTo } from '../session.ts';
import { Celebration } from './celebration.tsx';
import { GameView } from './game-view.tsx';
import { HelpButtons, HelpDialog } from './help.tsx';
import { Lobby } from './lobby.tsx';
import { HealthLine } from './masthead.tsx';

export function App() {
  const view = game.value?.room.code ?? returningTo.value;
  const before = useRef(view);
  // The button that led here is gone, so the focus moves to the head of the new view for keyboards and screen readers.
  useEffect(() => {
    if (before.current === view) return;
    before.current = view;
    if (document.activeElement === document.body) document.querySelector('h1')?.focus({ preventScroll: true });
  }, [view]);
  return (
    <>
      <header class="masthead">
        <div class="brand">
          <img src="/favicon.svg" alt="" width="26" height="26" />
          Gridlock
        </div>
        <HealthLine />
        <HelpButtons />
      </header>
      <Notices />
      {game.value ? <GameView /> : returningTo.value ? <Returning code={returningTo.value} /> : <Lobby />}
      <Announcer />
      <HelpDialog />
      <Celebration />
    </>
  );
}

/** Shown until the state of this tab's last game has arrived. */
function Returning({ code }: { code: string }) {
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

/** Announces to screen readers what happens in the game, at a pace that users can follow. */
function Announcer() {
  const said = useSignal('');
  const before = useRef<Moment & { code: string }>(undefined);
  useSignalEffect(() => {
    const shown = game.value;
    const now = shown && { code: shown.room.code, state: shown.state, seconds: seconds.value };
    const last = before.current;
    before.current = now;
    if (last?.code !== now?.code) said.value = '';
    if (!now || last?.code !== now.code) return;
    const text = announcement(last, now, player.value?.id);
    if (text) said.value = text;
  });
  return (
    <p class="visually-hidden" aria-live="polite" data-testid="announcer">
      {said}
    </p>
  );
}

/** Messages over the page: nothing below moves when one comes or goes. */
function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ kind, text, tone, action, lasting }) => (
        <div key={kind} class={`notice notice-${tone}`} data-testid="notice" data-kind={kind}>
          <p>{text}</p>
          {action && (
            <button type="button" class="button small" onClick={action.run}>
              {action.label}
            </button>
          )}
          {!lasting && (
            <button type="button" class="close" aria-label="Dismiss" onClick={() => withdraw(kind)}>
              ×
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
