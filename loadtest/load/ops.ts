import type { Summary } from './summary.ts';

/** Tells a replica, whose operations page shows the last run; one is enough, and none is no failure. */
export async function tellOperations(internalUrls: readonly string[], summary: Summary): Promise<boolean> {
  const { scenario, startedAt, seconds, passed, thresholds, ...rest } = summary;
  const { metrics, counters, sockets, cpu, target } = rest;
  const body = JSON.stringify({
    scenario, startedAt, seconds, passed, thresholds, summary: { target, metrics, counters, sockets, cpu },
  });
  for (const url of internalUrls) {
    const answer = await fetch(`${url}/ops/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(3000),
    }).catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}
