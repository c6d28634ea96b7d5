import type { BotStrength } from '../../apps/grid/grid.ts';
import { ordinalSuffix } from '../model/format.ts';
import { leaders } from '../model/standings.ts';
import { game, ownSeat, player } from '../session.ts';

/** The players with live scores, in the order of their seats, and the seats that are still open. */
export function Scores() {
  const state = game.value?.state;
  if (!state) return null;
  const ahead = leaders(state);
  const open = state.status === 'waiting' ? Math.max(0, state.settings.players - state.players.length) : 0;
  return (
    <section class="card standings" aria-label="Scores">
      <ol class="players" data-testid="scores">
        {state.players.map(({ id, name, score, bot }, seat) => (
          <PlayerRow
            key={id}
            seat={seat}
            name={name}
            bot={bot}
            score={score}
            you={seat === ownSeat.value}
            leads={ahead.includes(seat)}
          />
        ))}
        {Array.from({ length: open }, (_, index) => (
          <li key={`open-${index}`} class="player open">
            <span class="chip" />
            Open seat
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The result of the game, best first; equal scores share a place. */
export function Ranking() {
  const state = game.value?.state;
  if (!state) return null;
  return (
    <section class="card standings" aria-label="Final ranking">
      <ol class="players" data-testid="ranking">
        {(state.ranking ?? []).map(({ rank, player: id, name, score }) => {
          const seat = state.players.findIndex((seated) => seated.id === id);
          return (
            <PlayerRow
              key={id}
              seat={seat}
              name={name}
              bot={state.players[seat]?.bot}
              score={score}
              you={id === player.value?.id}
              leads={rank === 1}
              place={rank}
            />
          );
        })}
      </ol>
    </section>
  );
}

interface PlayerRowProps {
  readonly seat: number;
  readonly name: string;
  /** The strength of the player, if it is a bot. */
  readonly bot: BotStrength | undefined;
  readonly score: number;
  readonly you: boolean;
  readonly leads?: boolean;
  /** The place in the ranking, once the game is over. */
  readonly place?: number;
}

/** A player's line among the scores and in the ranking; both have the same size. */
function PlayerRow({ seat, name, bot, score, you, leads = false, place }: PlayerRowProps) {
  return (
    <li class={`player ${leads ? 'leads' : ''} ${you ? 'own' : ''}`} data-seat={seat} data-score={score}>
      {place !== undefined && (
        <span class="place">
          {place}
          <span class="suffix">{ordinalSuffix(place)}</span>
        </span>
      )}
      <SeatChip seat={seat} isBot={bot !== undefined} />
      <span class="player-name">{name}</span>
      {bot && (
        <span class="bot-tag" data-testid="bot-tag">
          bot<span class="bot-strength">, {bot}</span>
        </span>
      )}
      {you && <span class="you">you</span>}
      <span class="score">{score}</span>
    </li>
  );
}

/** One shape per seat, as different as possible, for users who cannot tell the colours apart. */
const SHAPES = [
  'M12 5a7 7 0 1 0 0 14a7 7 0 1 0 0-14Z',
  'M12 4 20.5 18.5H3.5Z',
  'M5.5 5.5h13v13h-13Z',
  'M9.6 4h4.8v5.6H20v4.8h-5.6V20H9.6v-5.6H4V9.6h5.6Z',
  'M12 3 21 12 12 21 3 12Z',
  'M7.4 4.2 12 8.8l4.6-4.6 3.2 3.2L15.2 12l4.6 4.6-3.2 3.2L12 15.2l-4.6 4.6-3.2-3.2L8.8 12 4.2 7.4Z',
  'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16Zm0 4.4a3.6 3.6 0 1 1 0 7.2a3.6 3.6 0 1 1 0-7.2Z',
  'm12 2.8 2.7 5.9 6.4.7-4.8 4.3 1.4 6.3-5.7-3.3L6.3 20l1.4-6.3-4.8-4.3 6.4-.7Z',
];

/** The shape of a seat (0 to 7), in the colour of the text around it; that of a bot has an antenna. */
export function Glyph({ seat, isBot = false }: { seat: number; isBot?: boolean }) {
  const shape = <path d={SHAPES[seat % SHAPES.length]} fill="currentColor" fill-rule="evenodd" />;
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
      {isBot ? (
        <>
          <g transform="translate(2.4 5.6) scale(0.8)">{shape}</g>
          <path d="M12 9V4" stroke="currentColor" stroke-width="1.8" />
          <circle cx="12" cy="2.7" r="2.2" fill="currentColor" />
        </>
      ) : (
        shape
      )}
    </svg>
  );
}

/** The shape of a seat on the colour of the seat. */
function SeatChip({ seat, isBot }: { seat: number; isBot: boolean }) {
  return (
    <span class={`chip seat-${seat}`}>
      <Glyph seat={seat} isBot={isBot} />
    </span>
  );
}
