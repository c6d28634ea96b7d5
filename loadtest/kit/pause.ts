import { setTimeout as delay } from 'node:timers/promises';

/** Waits. Ends early, without an error, when the signal is aborted. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);

/** True when the promise resolves in time. */
export async function inTime(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([promise.then(() => true), pause(withinMs, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}
