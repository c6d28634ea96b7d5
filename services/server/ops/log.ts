import { type Logger, pino } from 'pino';

export type { Logger };

/** One JSON object per line on stdout, each with the replica's name. */
export function createLogger(level: string, replica: string): Logger {
  return pino({ level, base: { replica }, timestamp: pino.stdTimeFunctions.isoTime });
}

/** The most lines of each kind within a second. Further connections are only counted. */
const MOST = 10;
const WINDOW_MS = 1000;

type Kind = 'opened' | 'closed';

export interface ConnectionName {
  readonly connection: string;
  readonly player: string;
}

/**
 * Logs each connection that opens and closes. When many arrive at once it logs only the number of the rest, because a
 * line costs as much as the rest of a welcome. At the level `debug` each connection has a line.
 */
export class ConnectionLog {
  readonly #log: Logger;
  readonly #most: number;
  readonly #windowMs: number;
  readonly #counts: Record<Kind, number> = { opened: 0, closed: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger, { most = MOST, windowMs = WINDOW_MS } = {}) {
    [this.#log, this.#most, this.#windowMs] = [log, most, windowMs];
  }

  opened(name: ConnectionName, details: object): void {
    this.#tell('opened', name, details);
  }

  closed(name: ConnectionName, details: object): void {
    this.#tell('closed', name, details);
  }

  /** Logs the count so far, at the latest when the process ends. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#sum();
  }

  #tell(kind: Kind, name: ConnectionName, details: object): void {
    this.#counts[kind] += 1;
    this.#timer ??= setTimeout(() => this.#sum(), this.#windowMs).unref();
    if (this.#counts[kind] <= this.#most) this.#log.info({ ...name, ...details }, `connection ${kind}`);
    else if (this.#log.isLevelEnabled('debug')) this.#log.debug({ ...name, ...details }, `connection ${kind}`);
  }

  #sum(): void {
    this.#timer = undefined;
    const beyond = (kind: Kind) => Math.max(0, this.#counts[kind] - this.#most);
    const [opened, closed] = [beyond('opened'), beyond('closed')];
    [this.#counts.opened, this.#counts.closed] = [0, 0];
    if (opened + closed > 0) this.#log.info({ opened, closed }, 'more connections opened and closed within a second');
  }
}
