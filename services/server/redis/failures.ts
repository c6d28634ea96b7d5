import type { Logger } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';

const WARN_MS = 5000;

export interface FailuresOptions {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'redisErrors'>;
  /** What was logged. */
  readonly onWarning: (connection: string, reason: string) => void;
}

/** Counts every failure of a connection to Redis, and logs one in a while: they come in swarms. */
export function failuresOf(connection: string, { log, metrics, onWarning }: FailuresOptions): (error: unknown) => void {
  let silentUntil = 0;
  return (error) => {
    metrics.redisErrors.inc({ connection });
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + WARN_MS;
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ connection, reason }, 'Redis does not answer as it should');
    onWarning(connection, reason);
  };
}
