import { setTimeout as sleep } from 'node:timers/promises';
import { runtimeCommand } from '../haproxy.ts';

const TICK_MS = 250;
/** Commands in one line to the Runtime API, which takes lines of up to 16 KB. */
const BATCH = 100;
const FRONTENDS = ['https', 'http'];

export interface DrainTimes {
  /** How long new connections are still accepted, until all balancers send them elsewhere. */
  acceptMs: number;
  /** The window over which the open sockets are closed. */
  spreadMs: number;
}

/** Ids of the streams of the frontends that clients reach, as the Runtime API names them. */
async function openStreams(socket: string): Promise<string[]> {
  const answer = await runtimeCommand(socket, 'show sess');
  const ids: string[] = [];
  for (const line of answer.split('\n')) {
    const [, id, frontend] = /^(0x[0-9a-f]+): .*?\bfe=(\S+)/.exec(line) ?? [];
    if (id !== undefined && frontend !== undefined && FRONTENDS.includes(frontend)) ids.push(id);
  }
  return ids;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/**
 * Drains a HAProxy that is about to be stopped. It accepts no new connection after a while. Then it closes the open
 * ones in random order, evenly over the window, so that their clients do not all reach the next edge at once. Resolves
 * with the number of closed connections. When HAProxy has ended, there is nothing left to do.
 */
export async function drain(socket: string, { acceptMs, spreadMs }: DrainTimes): Promise<number> {
  await sleep(acceptMs);
  let closed = 0;
  try {
    for (const frontend of FRONTENDS) await runtimeCommand(socket, `disable frontend ${frontend}`);
    const deadline = performance.now() + spreadMs;
    // With few sockets, less than one is due per tick: the fractions add up.
    for (let owed = 0; ; owed %= 1) {
      const open = shuffled(await openStreams(socket));
      if (open.length === 0) return closed;
      const ticks = Math.max(1, Math.ceil((deadline - performance.now()) / TICK_MS));
      owed += open.length / ticks;
      const due = open.slice(0, Math.floor(owed));
      for (let from = 0; from < due.length; from += BATCH) {
        const commands = due.slice(from, from + BATCH).map((id) => `shutdown session ${id}`);
        await runtimeCommand(socket, commands.join('; '));
      }
      closed += due.length;
      await sleep(TICK_MS);
    }
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(String((error as NodeJS.ErrnoException).code))) return closed;
    throw error;
  }
}
