import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { serversUp } from '../edge/runtime-api.ts';
import { type RunningAuthority, startAuthority, untilStarted } from './authority.ts';
import { prepareCertificates } from './certificates.ts';
import { serveControl } from './control.ts';
import { affordableConnections, descriptorsOf, edgeSpec } from './edge.ts';
import { StartError } from './errors.ts';
import { expectedOf, handshake } from './handshake.ts';
import { ensurePage } from './page.ts';
import { freePorts } from './ports.ts';
import { type Preflight, preflight, requirePorts } from './preflight.ts';
import type { ProcessSpec } from './process.ts';
import { ProcessGroup } from './process-group.ts';
import { pingRedis, redisSpec } from './redis.ts';
import { planReplicas, type Replica, replicaReady, replicaSpec } from './replicas.ts';
import type { Report } from './report.ts';
import {
  type Child,
  claimStateDir,
  endLeftovers,
  ensureSecret,
  recordChildren,
  releaseStateDir,
  rotateLogs,
  stateDirProblem,
} from './state-dir.ts';
import type { RunningStatus } from './status-types.ts';
import { describeSystem, edgeUrl, type Plan } from './system-status.ts';
import { waitFor } from './wait.ts';

const READY_TIMEOUT_MS = 30_000;
/** Beyond the drain window: what a replica takes to flush and leave. */
const DRAIN_MARGIN_MS = 5000;
/** What the authority gets to finish a change to the edge. */
const AUTHORITY_MS = 2000;

/**
 * Brings up Redis, the replicas and HAProxy on one machine, keeps them running, and takes them down in order.
 */
export class Supervisor {
  #config: Config;
  #report: Report;
  #startedAt = new Date();
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #abort = new AbortController();
  #checked: Preflight | undefined;
  #plan: Plan = { redisPort: 0, metricsPort: undefined, replicas: [] };
  #processes = new ProcessGroup({
    changed: (children) => this.#record(children),
    ended: (name, reason, delayMs) => this.#onEnded(name, reason, delayMs),
    restarted: (name) => this.#onRestarted(name),
  });
  #control: Server | undefined;
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

  /** True when `stop` was called, rather than start-up having failed by itself. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /**
   * Resolves when a WebSocket handshake through the edge has succeeded. When it rejects, nothing is left running.
   * @throws PreflightError before anything was touched; StartError or CertificateError when it failed on the way
   */
  async start(): Promise<void> {
    const checked = await preflight(this.#config);
    this.#abort.signal.throwIfAborted();
    claimStateDir(checked.paths, this.#url);
    this.#checked = checked;
    try {
      await this.#bringUp(checked);
      // A stop may have come with the last step.
      this.#abort.signal.throwIfAborted();
      this.#phase = 'running';
      const status = await this.status();
      if (this.stopping) return;
      this.#report.ready(status);
      const report = (line: string) => this.#report.line(line);
      const begin = () => startAuthority(this.#config, checked.paths, report);
      this.#authority = untilStarted(begin, { report, signal: this.#abort.signal });
    } catch (error) {
      this.#abort.abort(error);
      await this.#takeDownOnce();
      // Another may have taken a port since they were looked at: that is the clearer sentence.
      if (error instanceof StartError && !this.#stopRequested) await requirePorts(this.#config);
      throw stateDirProblem(checked.paths, error);
    }
  }

  get #url(): string {
    return edgeUrl('https', this.#config.host, this.#config.port);
  }

  async #bringUp({ paths, redis, haproxy, haproxyBuild }: Preflight): Promise<void> {
    const config = this.#config;
    const leftovers = await endLeftovers(paths);
    if (leftovers.length > 0) this.#report.line(`ended what a killed instance left running: ${leftovers.join(', ')}`);
    rotateLogs(paths);
    ensureSecret(paths.tokenSecret);
    const free = await freePorts(2 + 2 * config.replicas, [config.port, config.httpPort]);
    const [redisPort, metricsPort, ...ports] = free as [number, number, ...number[]];
    const replicas = planReplicas(config.replicas, ports);
    this.#plan = { redisPort, metricsPort: haproxyBuild.prometheus ? metricsPort : undefined, replicas };
    this.#control = await serveControl(paths.controlSocket, {
      status: () => this.status(),
      // Asked twice, it is still one wish: only a signal cuts a drain short.
      stop: () => {
        if (!this.stopping) process.kill(process.pid, 'SIGTERM');
      },
    });
    this.#launch(redisSpec(paths, redis, redisPort));
    await this.#allOrAbort([
      this.#report.step(
        'redis',
        () => this.#redisReady(),
        () => `127.0.0.1:${redisPort}, append-only file synced always`,
      ),
      this.#startReplicas(),
      this.#startEdge(haproxy),
    ]);
    const { maxConnections } = config;
    const affordable = affordableConnections(maxConnections, undefined, descriptorsOf(config));
    if (affordable < maxConnections) {
      this.#report.line(
        `The limit of open files allows ${affordable} connections, not ${maxConnections}: raise ulimit -n.`,
      );
    }
    const expected = expectedOf(config, paths);
    const what = 'a WebSocket handshake through the edge';
    await this.#report.step(
      'handshake',
      () =>
        this.#wait(what, async () => {
          const up = await serversUp(paths.runtimeSocket);
          return up.length === replicas.length ? handshake(config.port, expected) : undefined;
        }),
      (appId) => `wss through the edge, welcomed by ${appId}`,
    );
  }

  /** Like Promise.all, but the first failure makes the others give up, and all have ended when it rejects. */
  async #allOrAbort(steps: Promise<unknown>[]): Promise<void> {
    for (const step of steps) step.catch((error: unknown) => this.#abort.abort(error));
    await Promise.allSettled(steps);
    this.#abort.signal.throwIfAborted();
  }

  async #startReplicas(): Promise<void> {
    const { paths } = this.#checked!;
    const { replicas, redisPort } = this.#plan;
    const page = await this.#report.step('page', ensurePage, ({ built }) => (built ? 'built' : 'unchanged'));
    for (const replica of replicas) this.#launch(replicaSpec(replica, this.#config, paths, redisPort, page.directory));
    await this.#report.step(
      'replicas',
      () => Promise.all(replicas.map((replica) => this.#replicaReady(replica))),
      () => `${replicas.map(({ appId }) => appId).join(', ')} ready`,
    );
  }

  async #startEdge(haproxy: string): Promise<void> {
    const { paths } = this.#checked!;
    await this.#report.step(
      'certificates',
      () => prepareCertificates(this.#config, paths),
      (text) => text,
    );
    const { replicas, metricsPort } = this.#plan;
    this.#launch(edgeSpec(this.#config, paths, { binary: haproxy, replicas, metricsPort }));
    const { port, httpPort } = this.#config;
    await this.#report.step(
      'edge',
      () => this.#edgeReady(),
      () => `https on ${port}, http on ${httpPort}`,
    );
  }

  #wait<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    return waitFor(attempt, { what, timeoutMs: READY_TIMEOUT_MS, signal: this.#abort.signal });
  }

  #redisReady(): Promise<true> {
    return this.#wait('Redis', () => pingRedis(this.#checked!.paths, this.#plan.redisPort));
  }

  #replicaReady(replica: Replica): Promise<true> {
    return this.#wait(`${replica.name} to be ready`, () => replicaReady(replica));
  }

  #edgeReady(): Promise<unknown> {
    return this.#wait('HAProxy', () => serversUp(this.#checked!.paths.runtimeSocket));
  }

  #ready(name: string): Promise<unknown> {
    const replica = this.#plan.replicas.find((one) => one.name === name);
    if (replica) return this.#replicaReady(replica);
    return name === 'redis' ? this.#redisReady() : this.#edgeReady();
  }

  #launch(spec: ProcessSpec): void {
    this.#abort.signal.throwIfAborted();
    this.#processes.launch(spec);
  }

  /** A full disk or a removed state directory must not end the processes that still run. */
  #record(children: readonly Child[]): void {
    try {
      recordChildren(this.#checked!.paths, children);
    } catch (error) {
      if (this.#unrecorded) return;
      this.#unrecorded = true;
      const reason = (error as Error).message;
      this.#report.line(
        `The processes cannot be recorded (${reason}); if this one is killed, the next start does not end them.`,
      );
    }
  }

  #onRestarted(name: string): void {
    this.#ready(name).then(
      () => this.#report.line(`${name} is ready again`),
      () => undefined,
    );
  }

  #onEnded(name: string, reason: string, delayMs: number): boolean {
    const appId = this.#plan.replicas.find((replica) => replica.name === name)?.appId;
    const who = appId === undefined ? name : `${name} (APPID ${appId})`;
    if (this.#phase === 'starting') this.#abort.abort(new StartError(`${who} ${reason}`));
    if (this.#phase !== 'running') return false;
    this.#report.line(`${who} ${reason}; restarting in ${delayMs / 1000} s`);
    return true;
  }

  /** What `npm run status` prints. */
  status(): Promise<RunningStatus> {
    return describeSystem({
      config: this.#config,
      paths: this.#checked!.paths,
      plan: this.#plan,
      startedAt: this.#startedAt,
      process: (name) => this.#processes.get(name),
      complete: this.#phase !== 'starting',
    });
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
    if (!this.#checked) return;
    // What it is at may take long, as an order at an authority far away does; broken off, it leaves nothing half done.
    const stopped = this.#authority?.then((authority) => authority?.stop());
    await Promise.race([stopped, sleep(AUTHORITY_MS, undefined, { ref: false })]);
    if (wasRunning) this.#report.line(`draining ${this.#plan.replicas.length} replicas`);
    const graceMs = this.#config.drainMs + DRAIN_MARGIN_MS;
    const processes = this.#processes;
    const { replicas } = this.#plan;
    await Promise.all(replicas.map(({ name }) => processes.end(name, { signal: 'SIGTERM', graceMs })));
    await processes.end('haproxy', { signal: 'SIGUSR1', graceMs: 500 }, { signal: 'SIGTERM', graceMs: 1000 });
    await processes.end('redis', { signal: 'SIGTERM', graceMs: 5000 });
    this.#control?.close();
    releaseStateDir(this.#checked.paths);
    if (wasRunning) this.#report.line('stopped');
  }

  /** Ends everything at once, without a drain. */
  kill(): void {
    this.#phase = 'stopping';
    this.#processes.kill();
    if (this.#checked) releaseStateDir(this.#checked.paths);
  }
}
