import { LOBBY } from '../../apps/grid/grid.ts';
import { settings } from '../preferences.ts';
import { addressedGame } from '../route.ts';
import { ChatPanel } from './chat-panel.tsx';
import { JoinForm } from './join-form.tsx';
import { Leaderboard } from './leaderboard.tsx';
import { NewGame } from './new-game.tsx';
import { QuickMatch } from './quick-match.tsx';

/** The ways to play first, largest and above the fold; a player who waits can talk next to them. */
export function Lobby() {
  const invited = addressedGame.value !== undefined;
  return (
    <main class={`lobby ${invited ? 'invited' : ''}`}>
      <div class="hero">
        <div>
          <h1 tabIndex={-1}>Claim the grid.</h1>
          <p>Everybody plays at once. A cell belongs to the first player who takes it, and the most cells win.</p>
        </div>
        <BoardPreview />
      </div>
      <div class="ways">
        {invited && <JoinForm />}
        <QuickMatch />
        {!invited && <JoinForm />}
        <NewGame />
      </div>
      <aside class="lobby-side">
        <Leaderboard />
        <ChatPanel channel={LOBBY} title="Lobby" />
      </aside>
    </main>
  );
}

/** Scatters small numbers, the same way on each render (the finaliser of MurmurHash3). */
function hash(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The shape of the next game as a picture: its grid with some cells of each player. */
function BoardPreview() {
  const { players, size } = settings.value;
  const cells = Array.from({ length: size * size }, (_, cell) => {
    const seat = hash(cell) % 5 < 2 ? hash(cell + 1000) % players : undefined;
    return { x: cell % size, y: Math.floor(cell / size), fill: seat === undefined ? 'free' : `seat-${seat}` };
  });
  return (
    <svg class="preview" viewBox={`0 0 ${size} ${size}`} aria-hidden="true">
      {cells.map(({ x, y, fill }) => (
        <rect class={fill} x={x + 0.06} y={y + 0.06} width="0.88" height="0.88" rx="0.16" />
      ))}
    </svg>
  );
}
