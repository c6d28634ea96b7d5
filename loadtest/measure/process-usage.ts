import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { processFields } from '../../infra/setup/process-identity.mjs';

/** What a process has used so far, and what it holds now. */
export interface ProcessUsage {
  /** User and system time since its start, in milliseconds; counted in ticks of the kernel, mostly 10 ms. */
  readonly cpuMs: number;
  /** Resident memory in bytes. Buffers the kernel keeps for its sockets are not part of it. */
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

/** A process and all that descend from it, the process first. */
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
