import { watchersChannel } from '../../apps/grid/grid.ts';
import { busy, leaveGame, playAgain, playRematch } from '../actions.ts';
import { face } from '../game-clock.ts';
import { formatClock } from '../model/clock.ts';
import { count } from '../model/format.ts';
import { endReason, outcome, standing } from '../model/standings.ts';
import { rematchAskedBy } from '../rematch.ts';
import { chats, game, player, watchers, watching } from '../session.ts';
import { Board } from './board.tsx';
import { BotOffer } from './bot-offer.tsx';
import { BreakPanel } from './break-panel.tsx';
import { ChatPanel } from './chat-panel.tsx';
import { Cursors } from './cursors.tsx';
import { Invitation } from './invitation.tsx';
import { Leaderboard } from './leaderboard.tsx';
import { Ranking, Scores } from './players.tsx';

/** A game from its waiting room to its ranking. The parts keep their places throughout. */
export function GameView() {
  const shown = game.value;
  if (!shown) return null;
  const {
    room: { code },
    state,
  } = shown;
  return (
    <main class={`game is-${state.status}`} data-status={state.status}>
      <div class="topline">
        <Headline />
        <Clock />
      </div>
      <div class="stage">
        <Board />
        <Cursors />
        {state.status === 'waiting' && <Invitation />}
      </div>
      {state.status === 'completed' ? <Ranking /> : <Scores />}
      <Watchers />
      <div class="actions-area">
        <BotOffer />
        {state.status === 'completed' && !watching.value && <RematchLine />}
        <GameActions />
        {state.status === 'completed' && <Leaderboard />}
      </div>
      <BreakPanel />
      <GameChats code={code} />
    </main>
  );
}

/** How the game stands, in a few words. */
function Headline() {
  const shown = game.value;
  if (!shown) return null;
  const {
    room: { code },
    state,
  } = shown;
  const { players, size } = state.settings;
  const me = player.value?.id;
  switch (state.status) {
    case 'waiting': {
      const missing = players - state.players.length;
      const detail = `${size} × ${size}, ${count(players, 'player')}`;
      return <Lines title={`Waiting for ${missing} more`} detail={detail} />;
    }
    case 'active':
      return <Lines title={standing(state, me)} detail={`Game ${code}`} />;
    case 'completed':
      return <Lines title={outcome(state, me)} detail={endReason(state)} />;
  }
}

function Lines({ title, detail }: { title: string; detail: string }) {
  return (
    <div class="headline">
      <h1 tabIndex={-1}>{title}</h1>
      <p>{detail}</p>
    </div>
  );
}

/** The time left, as a number and as a bar. Screen readers announce it only at milestones. */
function Clock() {
  const shown = face.value;
  if (!shown) return null;
  const { seconds, fraction, urgent } = shown;
  return (
    <>
      <div class={`clock ${urgent ? 'urgent' : ''}`} role="timer" data-testid="clock" data-seconds={seconds}>
        {formatClock(seconds)}
      </div>
      <div class={`clock-bar ${urgent ? 'urgent' : ''}`} aria-hidden="true">
        <span style={{ transform: `scaleX(${fraction})` }} />
      </div>
    </>
  );
}

/** The number of watchers, if the game lets others watch. */
function Watchers() {
  const shown = game.value;
  if (!shown?.state.settings.spectators) return null;
  const count = watchers.value[shown.room.code] ?? 0;
  return (
    <p class="hint" data-testid="watchers" data-count={count}>
      {watching.value ? `You are watching; ${count} in all.` : `${count} watching.`}
    </p>
  );
}

/** The players' chat, and that of the watchers, which players see once the game is over and somebody said something. */
function GameChats({ code }: { code: string }) {
  const ofWatchers = watchersChannel(code);
  if (watching.value) return <ChatPanel channel={ofWatchers} title="Watchers" />;
  const isOver = game.value?.state.status === 'completed';
  const hasSaid = (chats.value[ofWatchers]?.length ?? 0) > 0;
  return (
    <div class="chats">
      <ChatPanel channel={code} title="Game" />
      {isOver && hasSaid && <ChatPanel channel={ofWatchers} title="Watchers" />}
    </div>
  );
}

/** The other players who already wait in the rematch. */
function RematchLine() {
  const by = rematchAskedBy.value;
  return (
    <p class="hint" role="status" data-testid="rematch-asked">
      {by && by.id !== player.value?.id ? `${by.name} wants a rematch.` : ''}
    </p>
  );
}

/** The ways out of a game, and into the next one. */
function GameActions() {
  const shown = game.value;
  if (!shown) return null;
  if (shown.state.status !== 'completed') {
    return (
      <div class="actions">
        <button type="button" class="button quiet" data-testid="leave" onClick={leaveGame}>
          {watching.value ? 'Stop watching' : 'Leave the game'}
        </button>
      </div>
    );
  }
  return (
    <div class="actions">
      {!watching.value && (
        <button
          type="button"
          class="button primary"
          data-testid="rematch"
          disabled={busy.value}
          onClick={() => void playRematch()}
        >
          Rematch
        </button>
      )}
      <button
        type="button"
        class="button"
        data-testid="play-again"
        disabled={busy.value}
        onClick={() => void playAgain()}
      >
        Quick match
      </button>
      <button type="button" class="button" data-testid="back-to-lobby" title="Back to the lobby" onClick={leaveGame}>
        Lobby
      </button>
    </div>
  );
}
