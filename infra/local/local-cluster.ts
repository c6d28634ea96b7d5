import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { inspectedApp } from '../config/app.ts';
import type { Config } from '../config/config.ts';
import { serversUp } from '../edge/haproxy.ts';
import { allOrAbort, type ClusterContext, type ManagedCluster, warnOfOpenFiles } from './bring-up.ts';
import { prepareCertificates } from './certificates.ts';
import { edgeSpec } from './edge-process.ts';
import { StartError } from './errors.ts';
import { expectedOf, handshake } from './handshake.ts';
import { Page } from './page.ts';
import { freePorts } from './ports.ts';
import type { Preflight } from './preflight.ts';
import { pingRedis, redisSpec } from './redis-process.ts';
import { edgeServers, operationsSettings, planReplicas, replicaReady, replicaSpec } from './replica-process.ts';
import { ensureSecret } from './state-dir.ts';
import { ProcessGroup, type ProcessSpec } from './supervised-process.ts';
import { describeSystem, type Plan, type RunningStatus } from './system-status.ts';
import { waitFor } from './wait.ts';

const READY_TIMEOUT_MS = 30_000;
/** The time beyond the drain window that a replica needs to flush and leave. */
const DRAIN_MARGIN_MS = 5000;

/** Chooses the internal ports of a run. */
export async function planCluster(config: Config, { haproxyBuild }: Preflight): Promise<Plan> {
  const free = await freePorts(2 + 2 * config.replicas, [config.port, config.httpPort]);
  const [redisPort, metricsPort, ...ports] = free as [number, number, ...number[]];
  return {
    redisPort,
    metricsPort: haproxyBuild.prometheus ? metricsPort : undefined,
    replicas: planReplicas(config.replicas, ports),
  };
}

export interface ClusterOptions extends ClusterContext {
  checked: Preflight;
  plan: Plan;
}

/** Redis, the replicas and HAProxy of one run: how they start, when they are ready, and in which order they end. */
export class LocalCluster implements ManagedCluster {
  readonly plan: Plan;
  #options: ClusterOptions;
  #page: Page;
  #secrets: readonly (readonly [file: string, content: string])[];
  #processes: ProcessGroup;
  /** Pids that ended on purpose, by the name of the process. */
  #crashed = new Map<string, number | undefined>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.plan = options.plan;
    const { paths } = options.checked;
    this.#page = new Page(paths.page, inspectedApp(options.config));
    const operatorKeys = () => `operator:${randomBytes(32).toString('base64url')}`;
    this.#secrets = [
      ...[paths.tokenSecret, paths.redisPassword, paths.cookieKey].map((file) => [file, ensureSecret(file)] as const),
      [paths.operatorKeys, ensureSecret(paths.operatorKeys, operatorKeys())] as const,
    ];
    this.#processes = new ProcessGroup({
      changed: options.changed,
      ended: (name, reason, delayMs) => this.#onEnded(name, reason, delayMs),
      restarted: (name) => this.#onRestarted(name),
    });
  }

  /**
   * Resolves when a WebSocket handshake through the edge has succeeded.
   * @throws StartError or CertificateError; the processes that were started still run then
   */
  async bringUp(): Promise<void> {
    await allOrAbort(this.#options.abort, [this.#startRedis(), this.#startReplicas(), this.#startEdge()]);
    warnOfOpenFiles(this.#options);
    await this.#handshake();
  }

  async #startRedis(): Promise<void> {
    const { config, checked, report } = this.#options;
    const { redisPort } = this.plan;
    this.#launch(redisSpec(checked.paths, checked.redis, redisPort, config.redisMemoryMib));
    const result = () => `127.0.0.1:${redisPort}, append-only file synced always`;
    await report.step('redis', () => this.#ready('redis'), result);
  }

  async #startReplicas(): Promise<void> {
    const { config, checked, report } = this.#options;
    const { replicas, redisPort, metricsPort } = this.plan;
    const page = this.#page;
    await report.step(
      'page',
      () => page.ensure(),
      ({ built }) => (built ? 'built' : 'unchanged'),
    );
    page.removeOthers();
    for (const replica of replicas) {
      const spec = replicaSpec(replica, config, checked.paths, redisPort, page.directory);
      const env = { ...spec.env, ...operationsSettings(config, checked.paths, metricsPort) };
      this.#launch({ ...spec, env, prepare: () => this.#prepareReplica() });
    }
    const ready = () => Promise.all(replicas.map(({ name }) => this.#ready(name)));
    await report.step('replicas', ready, () => `${replicas.map(({ appId }) => appId).join(', ')} ready`);
  }

  async #startEdge(): Promise<void> {
    const { config, checked, report } = this.#options;
    await report.step(
      'certificates',
      () => prepareCertificates(config, checked.paths),
      (text) => text,
    );
    const { replicas, metricsPort } = this.plan;
    const servers = edgeServers(replicas);
    this.#launch(edgeSpec(config, checked.paths, { binary: checked.haproxy, servers, metricsPort }));
    const result = () => `https on ${config.port}, http on ${config.httpPort}`;
    await report.step('edge', () => this.#ready('haproxy'), result);
  }

  async #handshake(): Promise<void> {
    const { config, checked, report } = this.#options;
    const expected = expectedOf(config, checked.paths);
    const secret = config.guests ? undefined : checked.paths.tokenSecret;
    const attempt = async () => {
      const up = await serversUp(checked.paths.runtimeSocket);
      return up.length === this.plan.replicas.length ? handshake(config.port, expected, secret) : undefined;
    };
    await report.step(
      'handshake',
      () => this.#wait('a WebSocket handshake through the edge', attempt),
      (appId) => `wss through the edge, welcomed by ${appId}`,
    );
  }

  #launch(spec: ProcessSpec): void {
    this.#options.abort.signal.throwIfAborted();
    this.#processes.launch({
      ...spec,
      // Restores files that were deleted since the start, before the process needs them.
      prepare: async () => {
        for (const [file, content] of this.#secrets) ensureSecret(file, content);
        await spec.prepare?.();
      },
    });
  }

  async #prepareReplica(): Promise<void> {
    const { config, checked } = this.#options;
    await this.#page.ensure();
    const roots = path.join(checked.paths.pki, 'roots.pem');
    if (config.certificateFile === '' && !existsSync(roots)) await prepareCertificates(config, checked.paths);
  }

  #wait<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    return waitFor(attempt, { what, timeoutMs: READY_TIMEOUT_MS, signal: this.#options.abort.signal });
  }

  /** Resolves when the process of this name is ready. */
  #ready(name: string): Promise<unknown> {
    const { paths } = this.#options.checked;
    const replica = this.plan.replicas.find((one) => one.name === name);
    if (replica) return this.#wait(`${name} to be ready`, () => replicaReady(replica));
    if (name === 'redis') return this.#wait('Redis', () => pingRedis(paths, this.plan.redisPort));
    return this.#wait('HAProxy', () => serversUp(paths.runtimeSocket));
  }

  #onEnded(name: string, reason: string, delayMs: number): boolean {
    const { abort, report, restarts } = this.#options;
    const appId = this.plan.replicas.find((replica) => replica.name === name)?.appId;
    const what = `${appId === undefined ? name : `${name} (APPID ${appId})`} ${reason}`;
    if (!restarts()) {
      abort.abort(new StartError(what));
      return false;
    }
    report.line(`${what}; restarting in ${delayMs / 1000} s`);
    return true;
  }

  #onRestarted(name: string): void {
    this.#ready(name).then(
      () => this.#options.report.line(`${name} is ready again`),
      () => undefined,
    );
  }

  /** Kills a process as a crash would; it is started again. False when it does not run at the moment. */
  crash(name: string): boolean {
    const process = this.#processes.get(name);
    this.#crashed.set(name, process?.pid);
    return process?.crash() ?? false;
  }

  /** Resolves when a process that crashed is ready again. */
  async recovered(name: string): Promise<void> {
    const crashed = this.#crashed.get(name);
    const replaced = async () => {
      const { pid } = this.#processes.get(name) ?? {};
      return (pid !== undefined && pid !== crashed) || undefined;
    };
    await this.#wait(`a new process of ${name}`, replaced);
    await this.#ready(name);
  }

  get farewell(): string {
    return `draining ${this.plan.replicas.length} replicas`;
  }

  status(startedAt: Date, complete: boolean): Promise<RunningStatus> {
    const { config, checked } = this.#options;
    const process = (name: string) => this.#processes.get(name);
    return describeSystem({ config, paths: checked.paths, plan: this.plan, startedAt, process, complete });
  }

  /** Drains the replicas, then ends HAProxy, then Redis. */
  async takeDown(): Promise<void> {
    const graceMs = this.#options.config.drainMs + DRAIN_MARGIN_MS;
    const processes = this.#processes;
    await Promise.all(this.plan.replicas.map(({ name }) => processes.end(name, { signal: 'SIGTERM', graceMs })));
    await processes.end('haproxy', { signal: 'SIGUSR1', graceMs: 500 }, { signal: 'SIGTERM', graceMs: 1000 });
    await processes.end('redis', { signal: 'SIGTERM', graceMs: 5000 });
  }

  /** Ends everything at once, without a drain. */
  kill(): void {
    this.#processes.kill();
  }
}
