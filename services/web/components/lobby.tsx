import { LOBBY } from '../../protocol/index.ts';
import { addressedGame } from '../route.ts';
import { BoardPreview } from './board-preview.tsx';
import { ChatPanel } from './chat-panel.tsx';
import { JoinForm } from './join-form.tsx';
import { NameField } from './name-field.tsx';
import { NewGame } from './new-game.tsx';

export function Lobby() {
  const invited = addressedGame.value !== undefined;
  return (
    <main class="lobby">
      <div class="lobby-play">
        <div class="hero">
          <div>
            <h1 tabIndex={-1}>Claim the grid.</h1>
            <p>Everybody plays at once. A cell belongs to whoever gets there first, and the most cells win.</p>
          </div>
          <BoardPreview />
        </div>
        <NameField />
        {invited ? (
          <>
            <JoinForm />
            <NewGame />
          </>
        ) : (
          <>
            <NewGame />
            <JoinForm />
          </>
        )}
      </div>
      <ChatPanel channel={LOBBY} title="Lobby" />
    </main>
  );
}
