import { FREE } from '../../protocol/index.ts';
import { Glyph } from './glyph.tsx';

interface CellProps {
  readonly cell: number;
  /** The seat that holds it, or -1. */
  readonly seat: number;
  /** The player's own seat, or -1. */
  readonly own: number;
  readonly label: string;
  readonly pending: boolean;
  readonly refused: boolean;
  /** Whether the Tab key leads here. */
  readonly reachable: boolean;
  readonly playable: boolean;
  readonly onCapture: (cell: number) => void;
}

export function Cell(props: CellProps) {
  const { cell, seat, own, label, pending, refused, reachable, playable, onCapture } = props;
  const held = seat !== FREE;
  const shown = held ? seat : pending ? own : FREE;
  const classes = ['cell'];
  if (shown !== FREE) classes.push(held ? 'held' : 'pending', `seat-${shown}`);
  if (held && seat === own) classes.push('own');
  if (refused) classes.push('refused');
  return (
    <button
      type="button"
      role="gridcell"
      class={classes.join(' ')}
      data-testid={`cell-${cell}`}
      data-seat={seat}
      aria-label={pending ? `${label}, asked for` : label}
      aria-disabled={!playable}
      tabIndex={reachable ? 0 : -1}
      onClick={() => onCapture(cell)}
      // A mouse counts from the moment it is pressed: a quick player has moved on before it is let go.
      onPointerDown={(event) => {
        if (event.pointerType === 'mouse' && event.button === 0) onCapture(cell);
      }}
    >
      <span class="tile">{shown !== FREE && <Glyph seat={shown} />}</span>
    </button>
  );
}
