import * as v from 'valibot';
import { Attempt, ChannelName, Epoch, GameCode, SessionAnswer, Slot } from '../protocol/index.ts';
import type { Store } from './platform.ts';

/**
 * What outlives a reload. The state of a game is not in it: its events are asked for again from the first, and the
 * epoch tells whether they still are the same ones.
 */
const SavedState = v.object({
  version: v.literal(1),
  slot: Slot,
  session: v.optional(SessionAnswer),
  games: v.array(v.object({ game: GameCode, epoch: v.optional(Epoch), watching: v.optional(v.boolean()) })),
  channels: v.array(ChannelName),
  /** The last attempt to connect, as in the socket's address: the next ones count on from it. */
  attempt: v.optional(Attempt),
  /** The game in the socket's address. */
  route: v.optional(GameCode),
});
type SavedState = v.InferOutput<typeof SavedState>;

/** What was saved, or undefined where nothing usable was. */
export function readSaved(store: Store | undefined): SavedState | undefined {
  try {
    const parsed = v.safeParse(SavedState, JSON.parse(store?.read() ?? 'null'));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Saves as far as the store lets: a full or forbidden one costs the reload, not the game. */
export function writeSaved(store: Store | undefined, state: SavedState): void {
  try {
    store?.write(JSON.stringify(state));
  } catch {
    // See above.
  }
}
