import { type Logger, pino } from 'pino';

export type { Logger };

/** One JSON object a line on stdout, each with the replica's name. */
export function createLogger(level: string, replica: string): Logger {
  return pino({ level, base: { replica }, timestamp: pino.stdTimeFunctions.isoTime });
}
