import { game, returningTo } from '../session.ts';
import { Announcer } from './announcer.tsx';
import { GameView } from './game-view.tsx';
import { HealthLine } from './health-line.tsx';
import { Lobby } from './lobby.tsx';
import { Notices } from './notices.tsx';
import { Returning } from './returning.tsx';

export function App() {
  return (
    <>
      <header class="masthead">
        <div class="brand"><img src="/favicon.svg" alt="" width="26" height="26" />Gridlock</div>
        <HealthLine />
      </header>
      <Notices />
      {game.value ? <GameView /> : returningTo.value ? <Returning code={returningTo.value} /> : <Lobby />}
      <Announcer />
    </>
  );
}
