import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { FREE } from '../../apps/grid/grid.ts';
import { captureCell, refusedCell } from '../actions.ts';
import { pointAt } from '../cursors.ts';
import { cellLabel } from '../model/format.ts';
import { moveFocus } from '../model/movement.ts';
import { game, ownSeat, pendingCells } from '../session.ts';
import { Glyph } from './players.tsx';

/** The grid. One cell is in the tab order; arrows or hjkl move it, Enter or Space captures. */
export function Board() {
  const grid = useRef<HTMLDivElement>(null);
  const cellAt = (cell: number) => grid.current?.querySelectorAll<HTMLElement>('[role="gridcell"]')[cell];
  const focused = useSignal(0);
  const size = useComputed(() => game.value?.state.settings.size ?? 0).value;
  const shown = game.value;
  const active = shown?.state.status === 'active' && ownSeat.value !== FREE;

  // The board takes the focus from the first moment, unless the user is typing.
  useEffect(() => {
    const writing = document.activeElement instanceof HTMLInputElement;
    if (active && !writing) cellAt(focused.peek())?.focus({ preventScroll: true });
  }, [active]);

  if (!shown) return null;
  const { state, seq } = shown;
  const own = ownSeat.value;
  const roving = Math.min(focused.value, size * size - 1);

  const capture = (cell: number) => {
    focused.value = cell;
    void captureCell(cell);
  };
  // A screen reader moves the focus without a key, and the arrows continue from there.
  const reach = (cell: number) => {
    focused.value = cell;
    pointAt(cell);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const to = moveFocus(roving, event.key, size);
    if (to === undefined) return;
    event.preventDefault();
    focused.value = to;
    cellAt(to)?.focus();
  };
  const row = (start: number) => (
    <div key={start} role="row" class="board-row">
      {state.cells.slice(start, start + size).map((seat, column) => {
        const cell = start + column;
        const { name = '', bot } = state.players[seat] ?? {};
        const holder = seat === FREE ? undefined : seat === own ? 'you' : bot ? `${name}, a bot` : name;
        return (
          <Cell
            key={cell}
            cell={cell}
            seat={seat}
            own={own}
            isBot={bot !== undefined}
            label={cellLabel(cell, size, holder)}
            pending={pendingCells.value.has(cell)}
            refused={refusedCell.value === cell}
            reachable={cell === roving}
            playable={active}
            onCapture={capture}
            onReach={reach}
          />
        );
      })}
    </div>
  );
  return (
    <div
      ref={grid}
      class="board"
      role="grid"
      aria-label={`Board of ${size} by ${size} cells`}
      aria-readonly={!active}
      data-testid="board"
      data-status={state.status}
      data-seq={seq}
      style={{ '--size': String(size) }}
      onKeyDown={onKeyDown}
      onPointerLeave={() => pointAt(undefined)}
      onFocusOut={() => pointAt(undefined)}
    >
      {Array.from({ length: size }, (_, index) => row(index * size))}
    </div>
  );
}

interface CellProps {
  readonly cell: number;
  /** The seat that holds it, or -1. */
  readonly seat: number;
  /** The player's own seat, or -1. */
  readonly own: number;
  /** Whether a bot holds it. */
  readonly isBot: boolean;
  readonly label: string;
  readonly pending: boolean;
  readonly refused: boolean;
  /** Whether the Tab key leads to this cell. */
  readonly reachable: boolean;
  readonly playable: boolean;
  readonly onCapture: (cell: number) => void;
  /** Called when the cell gets the focus in any way. */
  readonly onReach: (cell: number) => void;
}

function Cell(props: CellProps) {
  const { cell, seat, own, isBot, label, pending, refused, reachable, playable, onCapture, onReach } = props;
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
      aria-label={pending ? `${label}, requested` : label}
      aria-disabled={!playable}
      tabIndex={reachable ? 0 : -1}
      onClick={() => onCapture(cell)}
      onFocus={() => onReach(cell)}
      onPointerEnter={(event) => {
        if (event.pointerType === 'mouse') pointAt(cell);
      }}
      // A mouse button counts when it is pressed, because a quick player moves on before releasing it.
      onPointerDown={(event) => {
        if (event.pointerType === 'mouse' && event.button === 0) onCapture(cell);
      }}
    >
      <span class="tile">{shown !== FREE && <Glyph seat={shown} isBot={isBot} />}</span>
    </button>
  );
}
