import { computed, effect, signal } from '@preact/signals';
import { type Cursor, cursorsOf, FREE } from '../apps/grid/grid.ts';
import { game, ownSeat, player, quietly, session } from './session.ts';

/** Often enough for the eye, and well below what a player may send. */
const TELL_MS = 150;
/** How long a cursor is shown without a new position. Its player may be gone. */
const SHOWN_MS = 12_000;

/** The cells that the other players of the game point at, by their ids. */
export const cursors = signal<ReadonlyMap<string, number>>(new Map());

/** The game whose cursors are shown: the one in which this page has a seat, until it is over. */
const followed = computed(() => {
  const shown = game.value;
  return shown && ownSeat.value !== FREE && shown.state.status !== 'completed' ? shown.room.code : undefined;
});

const hidings = new Map<string, ReturnType<typeof setTimeout>>();
let wanted: number | undefined;
let told: number | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows where the others point, and sends them where this player points. */
export function startCursors(): void {
  session().on('signal', ({ channel, player: { id }, data }) => {
    const code = followed.peek();
    if (code === undefined || channel !== cursorsOf(code) || id === player.peek()?.id) return;
    show(id, (data as Cursor).cell ?? undefined);
  });
  effect(() => {
    const code = followed.value;
    if (code === undefined) return undefined;
    quietly(session().subscribe(cursorsOf(code)));
    return () => {
      quietly(session().unsubscribe(cursorsOf(code)));
      for (const id of [...hidings.keys()]) show(id, undefined);
      told = undefined;
    };
  });
}

/** Soon sends the others the cell that this player points at; undefined for none. */
export function pointAt(cell: number | undefined): void {
  wanted = cell;
  if (timer === undefined) timer = setTimeout(tell, TELL_MS);
}

function tell(): void {
  timer = undefined;
  const code = followed.peek();
  const alone = (game.peek()?.state.players.length ?? 0) < 2;
  // A position that waits for a connection would be outdated when it arrives.
  if (code === undefined || alone || wanted === told || session().health.state !== 'open') return;
  told = wanted;
  quietly(session().publish(cursorsOf(code), { cell: wanted ?? null }));
}

function show(id: string, cell: number | undefined): void {
  clearTimeout(hidings.get(id));
  hidings.delete(id);
  if (cell !== undefined) {
    hidings.set(
      id,
      setTimeout(() => show(id, undefined), SHOWN_MS),
    );
  }
  if (cursors.peek().get(id) === cell) return;
  const next = new Map(cursors.peek());
  if (cell === undefined) next.delete(id);
  else next.set(id, cell);
  cursors.value = next;
}
