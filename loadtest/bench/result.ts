import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Episode } from './episode.ts';
import type { BenchPlan } from './options.ts';
import type { Size } from './sizes.ts';
import type { Workload } from './systems/system.ts';

/** The place, time and versions of the measurement. */
export interface RunDescription {
  readonly startedAt: string;
  /** The commit measured; ends with + when files differed from it. */
  readonly commit: string;
  readonly machine: {
    readonly cores: number;
    readonly model: string;
    readonly memoryGb: number;
    readonly kernel: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly size: Size;
  readonly workloads: readonly Workload[];
  /** In the order of the table. */
  readonly systems: readonly { readonly name: string; readonly label: string; readonly persistence: string }[];
}

export interface Result extends RunDescription {
  readonly finishedAt: string;
  readonly episodes: readonly Episode[];
}

const ROOT = path.resolve(import.meta.dirname, '../..');

export function describeRun({
  systems,
  size,
  workloads,
}: Pick<BenchPlan, 'systems' | 'size' | 'workloads'>): RunDescription {
  const cpus = os.cpus();
  return {
    startedAt: new Date().toISOString(),
    commit: commit(),
    machine: {
      cores: cpus.length,
      model: cpus[0]?.model.trim() ?? 'unknown',
      memoryGb: Math.round(os.totalmem() / 2 ** 30),
      kernel: os.release(),
    },
    versions: {
      node: process.version,
      haproxy: versionOf('haproxy', ['-v']),
      redis: versionOf('redis-server', ['-v']),
      ...peerVersions(),
    },
    size,
    workloads,
    systems: systems.map(({ name, label, persistence = 'no Redis' }) => ({ name, label, persistence })),
  };
}

function output(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

function commit(): string {
  const head = output('git', ['rev-parse', '--short=12', 'HEAD']);
  if (head === '') return 'unknown';
  return output('git', ['status', '--porcelain', '--untracked-files=no']) === '' ? head : `${head}+`;
}

const versionOf = (command: string, args: readonly string[]) =>
  /\d+\.\d+\.\d+/.exec(output(command, args))?.[0] ?? 'unknown';

function peerVersions(): Record<string, string> {
  const file = path.join(ROOT, 'loadtest/peers/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> }).dependencies;
}
