import { ordinalSuffix } from '../model/format.ts';
import { SeatChip } from './glyph.tsx';

interface PlayerRowProps {
  readonly seat: number;
  readonly name: string;
  readonly score: number;
  readonly you: boolean;
  readonly leads?: boolean;
  /** The place in the ranking, once the game is over. */
  readonly place?: number;
}

/** A player's line among the scores and in the ranking; both have the same size. */
export function PlayerRow({ seat, name, score, you, leads = false, place }: PlayerRowProps) {
  return (
    <li class={`player ${leads ? 'leads' : ''} ${you ? 'own' : ''}`} data-seat={seat} data-score={score}>
      {place !== undefined && (
        <span class="place">
          {place}
          <span class="suffix">{ordinalSuffix(place)}</span>
        </span>
      )}
      <SeatChip seat={seat} />
      <span class="player-name">{name}</span>
      {you && <span class="you">you</span>}
      <span class="score">{score}</span>
    </li>
  );
}
