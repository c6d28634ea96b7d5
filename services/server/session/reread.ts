import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from '../authority/game-authority.ts';

/** How often a store that does not answer is asked again, and for how long, in milliseconds. */
const AGAIN_MS = 250;
const PATIENCE_MS = 15_000;

/**
 * Reads again while the store does not answer and `isWanted`: while a primary is replaced, it takes a while.
 * Rejects with what the last attempt failed with.
 */
export async function reread<T>(read: () => Promise<T>, isWanted: () => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isPassing = error instanceof Refusal && error.code === 'unavailable';
      if (!isPassing || !isWanted() || performance.now() > deadline) throw error;
    }
    await delay(AGAIN_MS);
  }
}
