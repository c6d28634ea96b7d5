import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { type Ending, SupervisorRun } from '../../loadtest/kit/cluster.ts';
import { freePorts } from '../../tests/kit/ports.ts';
import { waitFor } from './wait.ts';

function belongsTo(pid: string, stateDir: string): boolean {
  try {
    const named = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(stateDir);
    return named || readlinkSync(`/proc/${pid}/cwd`).startsWith(stateDir);
  } catch {
    // It has ended in the meantime.
    return false;
  }
}

/** Pids of the processes that work in this state directory or name it in their command line. */
export const processesOf = (stateDir: string): string[] =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && belongsTo(pid, stateDir));

/** Resolves when no process works there: a process that was just killed may be visible for a moment. */
export async function noProcessOf(stateDir: string): Promise<void> {
  await waitFor(async () => processesOf(stateDir).length === 0 || undefined, {
    what: 'no process',
    timeoutMs: 30_000,
  });
}

/** The outcome of a start on free ports that is not expected to succeed. */
export async function refusedStart(
  directory: string,
  flags: ConstructorParameters<typeof SupervisorRun>[0],
  env?: NodeJS.ProcessEnv,
): Promise<Ending> {
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  return new SupervisorRun({ port, httpPort, stateDir: path.join(directory, 'untouched'), ...flags }, env).ended;
}
