import { OPERATIONS_EVENTS, type OperationsEvent, type OperationsEventKind } from '../../protocol/operations.ts';
import type { Store } from '../redis/connect.ts';

const KEY = 'gridlock:{ops}:events';
const KEEP = 200;
const KEEP_SECONDS = 7 * 24 * 60 * 60;
/** How many wait while Redis is away. */
const MOST_WAITING = 50;

export interface EventLogOptions {
  readonly redis: Pick<Store, 'xadd' | 'expire' | 'xrevrange' | 'set' | 'on' | 'status'>;
  readonly replica: string;
  readonly now: () => number;
  readonly onNoted?: (kind: OperationsEventKind) => void;
}

type Waiting = Omit<OperationsEvent, 'id'>;

/** The events of the replicas: the newest 200 of the last seven days, kept in Redis for all of them. */
export class EventLog {
  readonly #options: EventLogOptions;
  #waiting: Waiting[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: EventLogOptions) {
    this.#options = options;
    options.redis.on('ready', () => void this.#flush());
  }

  /** Records an event of this replica, or of another. While Redis does not answer, the event is kept here. */
  note(kind: OperationsEventKind, text: string, replica = this.#options.replica): Promise<void> {
    this.#options.onNoted?.(kind);
    this.#waiting.push({ at: this.#options.now(), replica, kind, text: text.slice(0, 300) });
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    return this.#flush();
  }

  /**
   * Like `note`, for an event that several replicas see at once. The first one records it; `what` identifies it for a
   * minute.
   */
  async noteOnce(what: string, kind: OperationsEventKind, text: string, replica: string): Promise<void> {
    const { redis } = this.#options;
    const isFirst = await redis.set(`gridlock:{ops}:once:${what}`, '1', 'EX', 60, 'NX').catch(() => null);
    if (isFirst === 'OK') await this.note(kind, text, replica);
  }

  /** The newest events, including those that Redis does not have yet. Rejects when Redis does not answer. */
  async newest(count: number): Promise<OperationsEvent[]> {
    const entries = await this.#options.redis.xrevrange(KEY, '+', '-', 'COUNT', count);
    const waiting = this.#waiting.map((event, index) => ({ ...event, id: `waiting-${index}` }));
    return [...waiting, ...entries.map(([id, fields]) => eventOf(id, fields))]
      .filter((event) => event !== undefined)
      .sort((one, other) => other.at - one.at)
      .slice(0, count);
  }

  /** Writes one event after the other, so that none is written twice. Never rejects: the rest is written later. */
  #flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const { redis } = this.#options;
      while (this.#waiting.length > 0 && redis.status === 'ready') {
        const event = this.#waiting[0]!;
        try {
          const { at, replica, kind, text } = event;
          const fields = ['at', at, 'replica', replica, 'kind', kind, 'text', text];
          await redis.xadd(KEY, 'MAXLEN', '~', KEEP, '*', ...fields);
          await redis.expire(KEY, KEEP_SECONDS);
        } catch {
          return;
        }
        this.#waiting = this.#waiting.filter((one) => one !== event);
      }
    });
    return this.#writing;
  }
}

/** Undefined for what another version wrote. */
function eventOf(id: string, fields: readonly string[]): OperationsEvent | undefined {
  const value = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
  const kind = value('kind') as OperationsEventKind;
  if (!OPERATIONS_EVENTS.includes(kind)) return undefined;
  return { id, at: Number(value('at')), replica: value('replica'), kind, text: value('text') };
}
