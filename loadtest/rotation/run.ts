import { writeFileSync } from 'node:fs';
import { UsageError } from '../../infra/usage-error.ts';
import { startCluster } from '../kit/cluster.ts';
import { toStandardError } from '../kit/options.ts';
import { measure, type RunOptions } from './measure.ts';
import { describe, faultsOf } from './verdict.ts';

export interface RotationOptions extends Omit<RunOptions, 'report'> {
  readonly maxRatio: number;
  readonly replicas: number;
  readonly json?: string | undefined;
}

/** Measures on a cluster that it starts, and prints the result. Resolves with the exit code. @throws UsageError */
export async function runRotation(options: RotationOptions, report = toStandardError): Promise<number> {
  const { maxRatio, replicas, json, ...run } = options;
  if (run.sockets % 2 !== 0) {
    throw new UsageError(`--sockets is ${run.sockets}; two play a game: give an even number.`);
  }
  report(`starting a cluster of ${replicas} replicas`);
  const cluster = await startCluster({ replicas });
  try {
    const result = await measure(cluster, { ...run, report });
    const faults = faultsOf(result, maxRatio);
    console.log([...describe(result), ...faults.map((fault) => `FAULT        ${fault}`)].join('\n'));
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...result, faults }, null, 2)}\n`);
    return faults.length > 0 ? 1 : 0;
  } finally {
    await cluster.stop();
  }
}
