import { useEffect, useRef } from 'preact/hooks';
import { game, returningTo } from '../session.ts';
import { Announcer } from './announcer.tsx';
import { GameView } from './game-view.tsx';
import { HealthLine } from './health-line.tsx';
import { Lobby } from './lobby.tsx';
import { Notices } from './notices.tsx';
import { Returning } from './returning.tsx';

export function App() {
  const view = game.value?.game ?? returningTo.value;
  const before = useRef(view);
  // The button that led here is gone: whoever came by keyboard or listens goes on at the head of the new view.
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
      </header>
      <Notices />
      {game.value ? <GameView /> : returningTo.value ? <Returning code={returningTo.value} /> : <Lobby />}
      <Announcer />
    </>
  );
}
