import { execFile, execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { processFields } from '../../infra/setup/process-identity.mjs';

/** The resources that a process has used so far, and those that it holds now. */
export interface ProcessUsage {
  /** User and system time since its start, in milliseconds; counted in ticks of the kernel, mostly 10 ms. */
  readonly cpuMs: number;
  /** Resident memory in bytes. The kernel's buffers for its sockets are not part of it. */
  readonly residentBytes: number;
}

let ticksPerSecond: number | undefined;
let pageBytes: number | undefined;

function configured(name: 'CLK_TCK' | 'PAGESIZE', fallback: number): number {
  try {
    return Number(execFileSync('getconf', [name], { encoding: 'utf8' })) || fallback;
  } catch {
    return fallback;
  }
}

/** Undefined when the process is gone. Reads /proc: Linux only. */
export function processUsage(pid: number): ProcessUsage | undefined {
  ticksPerSecond ??= configured('CLK_TCK', 100);
  pageBytes ??= configured('PAGESIZE', 4096);
  const fields = processFields(pid);
  if (fields === undefined) return undefined;
  // proc(5): utime is field 14, stime 15, rss 24; the first one here is field 3.
  const field = (number: number) => Number(fields[number - 3]);
  return {
    cpuMs: ((field(14) + field(15)) * 1000) / ticksPerSecond,
    residentBytes: field(24) * pageBytes,
  };
}

/** A process and all of its descendants, the process first. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(processFields(Number(name))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (let index = 0; index < tree.length; index += 1) tree.push(...(children.get(tree[index]!) ?? []));
  return tree;
}

/** Processes by their purpose, e.g. `{ replicas: [12, 13], redis: [14], edge: [15] }`: process ids. */
export type Tiers = Readonly<Record<string, readonly number[]>>;

/** Per tier: CPU in milliseconds since the processes began, and resident bytes now. */
export type TierUsage = Readonly<Record<string, { readonly cpuMs: number; readonly residentBytes: number }>>;

/**
 * Reads the usage of the tiers, including all processes that theirs started. A process that has ended counts as
 * nothing.
 */
export function tierUsage(tiers: Tiers): TierUsage {
  return Object.fromEntries(
    Object.entries(tiers).map(([tier, pids]) => {
      const usages = pids.flatMap((pid) => processTree(pid)).flatMap((pid) => processUsage(pid) ?? []);
      return [
        tier,
        {
          cpuMs: sum(usages.map(({ cpuMs }) => cpuMs)),
          residentBytes: sum(usages.map(({ residentBytes }) => residentBytes)),
        },
      ];
    }),
  );
}

/** CPU milliseconds used between two readings, by tier. */
export function cpuBetween(before: TierUsage, after: TierUsage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([tier, { cpuMs }]) => [tier, cpuMs - (before[tier]?.cpuMs ?? 0)]),
  );
}

/** Resident bytes gained between two readings, by tier. */
export function residentBetween(before: TierUsage, after: TierUsage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([tier, { residentBytes }]) => [
      tier,
      residentBytes - (before[tier]?.residentBytes ?? 0),
    ]),
  );
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The processes that a process has started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(async () => {
    // Not Linux, or a kernel without this information.
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]);
    return stdout;
  });
  return text.split(/\s+/).filter(Boolean).map(Number);
}
