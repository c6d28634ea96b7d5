import { cursors } from '../cursors.ts';
import { game } from '../session.ts';
import { Glyph } from './players.tsx';

/**
 * Where the other players point: an outline in the colour of the seat, with its shape for users who cannot tell colours
 * apart.
 */
export function Cursors() {
  const state = game.value?.state;
  if (!state) return null;
  const { size } = state.settings;
  return (
    <div class="cursors" aria-hidden="true" style={{ '--size': String(size) }}>
      {state.players.map(({ id }, seat) => {
        const cell = cursors.value.get(id);
        if (cell === undefined || cell >= size * size) return null;
        const place = `translate(${(cell % size) * 100}%, ${Math.floor(cell / size) * 100}%)`;
        return (
          <div
            key={id}
            class={`cursor seat-${seat}`}
            data-testid="cursor"
            data-cell={cell}
            data-seat={seat}
            style={{ transform: place }}
          >
            <div class="cursor-outline">
              <Glyph seat={seat} />
            </div>
          </div>
        );
      })}
    </div>
  );
}
