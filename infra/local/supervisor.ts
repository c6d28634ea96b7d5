import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { publicUrl } from '../config/origin.ts';
import { userServer } from '../config/user-server.ts';
import { type Breaker, startBreaker } from './break-it.ts';
import type { ManagedCluster } from './bring-up.ts';
import { type RunningAuthority, rotateLeaf, startAuthority, untilStarted } from './certificate-renewal.ts';
import { trustCommand } from './certificates.ts';
import { serveControl } from './control.ts';
import { StartError } from './errors.ts';
import { LocalCluster, planCluster } from './local-cluster.ts';
import { LogFiles } from './log-files.ts';
import { offersBreaking } from './offers-breaking.ts';
import { type Preflight, preflight, requirePorts } from './preflight.ts';
import type { Report } from './report.ts';
import { claimStateDir, endLeftovers, recordChildren, releaseStateDir, stateDirProblem } from './state-dir.ts';
import type { ProcessRecord } from './supervised-process.ts';
import type { AnyStatus } from './system-status.ts';
import { describeServers, planUserCluster, UserCluster } from './user-cluster.ts';

/** The time for the authority to finish a change to the edge. */
const AUTHORITY_MS = 2000;

/**
 * Brings up a cluster on one machine, keeps it running, and takes it down in order. It owns the state directory for as
 * long as it runs.
 */
export class Supervisor {
  #config: Config;
  #report: Report;
  #startedAt = new Date();
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #abort = new AbortController();
  #checked: Preflight | undefined;
  #cluster: ManagedCluster | undefined;
  #logs: LogFiles | undefined;
  #control: Server | undefined;
  #breaker: Breaker | undefined;
  #authority: Promise<RunningAuthority | undefined> | undefined;
  #stopped: Promise<void> | undefined;
  #stopRequested = false;
  #unrecorded = false;

  constructor(config: Config, report: Report) {
    this.#config = config;
    this.#report = report;
  }

  get stopping(): boolean {
    return this.#phase === 'stopping';
  }

  /** True when `stop` was called; false when start-up failed by itself. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /**
   * Resolves when a WebSocket handshake through the edge has succeeded. When it rejects, nothing is left running.
   * @throws PreflightError before anything was changed; StartError or CertificateError when it failed later
   */
  async start(): Promise<void> {
    const checked = await preflight(this.#config);
    this.#abort.signal.throwIfAborted();
    claimStateDir(checked.paths, publicUrl(this.#config), describeServers(this.#config));
    this.#checked = checked;
    try {
      await this.#takeOver(checked);
      this.#cluster = await this.#newCluster(checked);
      this.#abort.signal.throwIfAborted();
      this.#control = await this.#listen(checked);
      await this.#cluster.bringUp();
      // A stop may have come during the last step.
      this.#abort.signal.throwIfAborted();
      await this.#enterRunning(checked);
    } catch (error) {
      await this.#failStart(checked, error);
    }
  }

  /** Takes over the state directory from an earlier run. */
  async #takeOver({ paths }: Preflight): Promise<void> {
    const leftovers = await endLeftovers(paths);
    if (leftovers.length > 0) {
      this.#report.line(`ended what a killed instance left running: ${leftovers.join(', ')}`);
      await requirePorts(this.#config);
    }
    this.#logs = new LogFiles(paths.logs, (line) => this.#report.line(line));
    this.#logs.start();
  }

  async #newCluster(checked: Preflight): Promise<ManagedCluster> {
    const config = this.#config;
    const context = {
      config,
      checked,
      report: this.#report,
      abort: this.#abort,
      changed: (children: readonly ProcessRecord[]) => this.#record(checked, children),
      restarts: () => this.#phase === 'running',
    };
    return userServer(config) === undefined
      ? new LocalCluster({ ...context, plan: await planCluster(config, checked) })
      : new UserCluster({ ...context, plan: await planUserCluster(config, checked) });
  }

  #listen({ paths }: Preflight): Promise<Server> {
    return serveControl(paths.controlSocket, {
      status: () => this.status(),
      rotate: async () => {
        if (this.#config.certificateFile !== '') {
          throw new Error(`The edge serves ${this.#config.certificateFile}: replace that file instead.`);
        }
        const { after, notAfter } = await rotateLeaf(paths.pki);
        return `The edge shows the new leaf ${after}, good until ${notAfter.slice(0, 10)}.`;
      },
      // A second request changes nothing: only a signal cuts a drain short.
      stop: () => {
        if (!this.stopping) process.kill(process.pid, 'SIGTERM');
      },
    });
  }

  async #enterRunning({ paths }: Preflight): Promise<void> {
    this.#phase = 'running';
    const report = (line: string) => this.#report.line(line);
    const cluster = this.#cluster;
    if (cluster instanceof LocalCluster && offersBreaking(this.#config))
      this.#breaker = await startBreaker(this.#config, paths, cluster, report);
    const [status, trust] = [await this.status(), await trustCommand(this.#config, paths)];
    if (this.stopping) return this.#breaker?.close();
    this.#report.ready(status, trust);
    const begin = () => startAuthority(this.#config, paths, report);
    this.#authority = untilStarted(begin, { report, signal: this.#abort.signal });
  }

  async #failStart({ paths }: Preflight, error: unknown): Promise<never> {
    this.#abort.abort(error);
    await this.#takeDownOnce();
    // Another process may have taken a port since the preflight. Then that is the clearer error.
    if (error instanceof StartError && !this.#stopRequested) await requirePorts(this.#config);
    throw stateDirProblem(paths, error);
  }

  /** A full disk or a removed state directory must not end the processes that still run. */
  #record({ paths }: Preflight, children: readonly ProcessRecord[]): void {
    try {
      recordChildren(paths, children);
    } catch (error) {
      if (this.#unrecorded) return;
      this.#unrecorded = true;
      const reason = (error as Error).message;
      this.#report.line(
        `The processes cannot be recorded (${reason}); if this one is killed, the next start does not end them.`,
      );
    }
  }

  /** The status that `npm run status` prints. */
  status(): Promise<AnyStatus> {
    return this.#cluster!.status(this.#startedAt, this.#phase !== 'starting');
  }

  /** Drains and ends everything: replicas, then HAProxy, then Redis. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopRequested = true;
    return this.#takeDownOnce();
  }

  #takeDownOnce(): Promise<void> {
    this.#stopped ??= this.#takeDown();
    return this.#stopped;
  }

  async #takeDown(): Promise<void> {
    const wasRunning = this.#phase === 'running';
    this.#phase = 'stopping';
    this.#abort.abort(new StartError('Stopped while starting.'));
    this.#breaker?.close();
    if (!this.#checked) return;
    // Its current work may take long, such as an order at a remote authority. Aborted, it leaves nothing half done.
    const stopped = this.#authority?.then((authority) => authority?.stop());
    await Promise.race([stopped, sleep(AUTHORITY_MS, undefined, { ref: false })]);
    if (wasRunning && this.#cluster) this.#report.line(this.#cluster.farewell);
    await this.#cluster?.takeDown();
    this.#control?.close();
    this.#logs?.stop();
    releaseStateDir(this.#checked.paths);
    if (wasRunning) this.#report.line('stopped');
  }

  /** Ends everything at once, without a drain. */
  kill(): void {
    this.#phase = 'stopping';
    this.#cluster?.kill();
    if (this.#checked) releaseStateDir(this.#checked.paths);
  }
}
