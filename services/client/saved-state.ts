import * as v from 'valibot';
import { Attempt, ChannelName, Epoch, GameCode, SessionAnswer, Slot } from '../protocol/index.ts';
import type { Store } from './platform.ts';

/**
 * The data that a reload keeps. The state of a game is not part of it: its events are requested again from the first,
 * and the epoch shows whether they are still the same.
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

/** The saved data, or undefined if there is none that is usable. */
export function readSaved(store: Store | undefined): SavedState | undefined {
  try {
    const parsed = v.safeParse(SavedState, JSON.parse(store?.read() ?? 'null'));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Saves if the store allows it. With a full or forbidden store the client works, but forgets on a reload. */
export function writeSaved(store: Store | undefined, state: SavedState): void {
  try {
    store?.write(JSON.stringify(state));
  } catch {
    // The client works without a store.
  }
}
