import { GridlockError } from '../client/index.ts';

/**
 * Repeats a request until the server has answered, as long as it is `wanted`, and then resolves. A failure that leaves
 * the answer open (no connection, no answer in time) is followed by another try once `ready` resolves.
 */
export async function retryUntilSettled(
  request: () => Promise<unknown>,
  wanted: () => boolean,
  ready: () => Promise<void>,
): Promise<void> {
  while (wanted()) {
    try {
      await request();
      return;
    } catch (error) {
      if (!(error instanceof GridlockError) || error.final) return;
    }
    await ready();
  }
}
