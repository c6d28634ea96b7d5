// The common part of bringing up a cluster, whatever is behind its edge.
import type { Config } from '../config/config.ts';
import { affordableConnections, descriptorsOf } from './edge-process.ts';
import type { Report } from './report.ts';
import type { ProcessRecord } from './supervised-process.ts';
import type { AnyStatus } from './system-status.ts';

/** A cluster that a supervisor brings up, watches, and takes down again. */
export interface ManagedCluster {
  /**
   * Resolves when clients can connect. @throws StartError or CertificateError; the processes that were started still
   * run then
   */
  bringUp(): Promise<void>;
  status(startedAt: Date, complete: boolean): Promise<AnyStatus>;
  /** Ends everything in order. */
  takeDown(): Promise<void>;
  /** Ends everything at once, without a drain. */
  kill(): void;
  /** The first thing it does when it ends, as a line for the user. */
  readonly farewell: string;
}

/** What a cluster gets from its supervisor, and reports to it. */
export interface ClusterContext {
  config: Config;
  report: Report;
  /** Aborted when the start is to be given up. */
  abort: AbortController;
  /** The set of running processes has changed. */
  changed(children: readonly ProcessRecord[]): void;
  /** Whether a process that ended by itself is started again. */
  restarts(): boolean;
}

/** Like Promise.all, but the first failure aborts the others, and all have settled when it rejects. */
export async function allOrAbort(abort: AbortController, steps: readonly Promise<unknown>[]): Promise<void> {
  for (const step of steps) step.catch((error: unknown) => abort.abort(error));
  await Promise.allSettled(steps);
  abort.signal.throwIfAborted();
}

export function warnOfOpenFiles({ config, report }: Pick<ClusterContext, 'config' | 'report'>): void {
  const { maxConnections } = config;
  const affordable = affordableConnections(maxConnections, undefined, descriptorsOf(config));
  if (affordable >= maxConnections) return;
  report.line(`The limit of open files allows ${affordable} connections, not ${maxConnections}: raise ulimit -n.`);
}
