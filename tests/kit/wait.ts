import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 5;

/** Waits for a condition; fails with its name, the end of "it never became true that ...", after `timeoutMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  name: string,
  timeoutMs = 10_000,
): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !(await condition()); await delay(POLL_MS)) {
    if (performance.now() > deadline) throw new Error(`It never became true that ${name}.`);
  }
}
