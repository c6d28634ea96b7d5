import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './errors.ts';

export interface WaitOptions {
  /** The awaited condition, as the end of "timed out waiting for ...". */
  what: string;
  timeoutMs: number;
  intervalMs?: number;
  signal?: AbortSignal;
}

/**
 * Calls `attempt` until it returns something other than undefined; an attempt that throws counts as not yet.
 * @throws StartError after the time-out, with the last attempt's error; the signal's reason when aborted
 */
export async function waitFor<T>(attempt: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    let problem = '';
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      problem = `: ${(error as Error).message}`;
    }
    options.signal?.throwIfAborted();
    if (performance.now() > deadline) {
      throw new StartError(`Timed out after ${options.timeoutMs / 1000} s waiting for ${options.what}${problem}.`);
    }
    await sleep(options.intervalMs ?? 40);
  }
}
