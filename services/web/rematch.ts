import { computed, effect, signal } from '@preact/signals';
import { FREE, type GameState, type Grid, rematchChannel, watchersChannel } from '../apps/grid/grid.ts';
import type { Room } from '../client/index.ts';
import type { PlayerRef } from '../protocol/index.ts';
import { forgetChannel, game, listen, ownSeat, quietly, session } from './session.ts';

/** The player who first asked for a rematch, by the code of the finished game. */
const asked = signal<Readonly<Record<string, PlayerRef>>>({});

/** The game on the page, if it is over and the player had a seat in it. */
const endedGame = computed(() => {
  const shown = game.value;
  return shown?.state.status === 'completed' && ownSeat.value !== FREE ? shown.room.code : undefined;
});

const isWatchable = computed(() => game.value?.state.settings.spectators === true);

/** The players who wait in the rematch of the game on the page; undefined while nobody does. */
export const rematchAskedBy = computed(() => (endedGame.value ? asked.value[endedGame.value] : undefined));

/** Subscribes to rematches, and to the watchers' chat, once a game is over. */
export function watchAfterEnd(): void {
  session().on('message', ({ channel, player, data }) => {
    const code = endedGame.peek();
    if (code === undefined || channel !== rematchChannel(code) || !('game' in data)) return;
    asked.value = { ...asked.value, [code]: asked.value[code] ?? player };
  });
  effect(() => {
    const code = endedGame.value;
    if (code === undefined) return undefined;
    const channels = [rematchChannel(code), ...(isWatchable.peek() ? [watchersChannel(code)] : [])];
    for (const channel of channels) listen(channel, () => endedGame.peek() === code);
    return () => channels.forEach(forgetChannel);
  });
}

/**
 * A seat in the rematch of a finished game. All its players match for the same game, so there is exactly one rematch
 * however many players ask at the same time. The others get a message.
 */
export async function meetAgain(over: { readonly room: Room<Grid>; readonly state: GameState }): Promise<Room<Grid>> {
  const { code } = over.room;
  const room = await session().match({ ...over.state.settings, rematchOf: code });
  // A player who gets no message can still ask, and joins the same game.
  if (asked.peek()[code] === undefined) quietly(session().publish(rematchChannel(code), { game: room.code }));
  return room;
}
