import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { type Endpoint, endpointText, parseEndpoint } from '../config/endpoint.ts';
import { serverStates, serversUp, takeOutOfRotation } from '../edge/haproxy.ts';
import { allOrAbort, type ClusterContext, type ManagedCluster, warnOfOpenFiles } from './bring-up.ts';
import { prepareCertificates } from './certificates.ts';
import { edgeSpec } from './edge-process.ts';
import { PreflightError, StartError } from './errors.ts';
import { expectedOf, tlsHandshake } from './handshake.ts';
import { freePorts } from './ports.ts';
import type { Preflight } from './preflight.ts';
import { pingRedis, redisSpec } from './redis-process.ts';
import { ensureSecret } from './state-dir.ts';
import { lastLogLines, ProcessGroup, type ProcessSpec } from './supervised-process.ts';
import { describeEdge, runOf, type ServerStatus, type UserServerStatus } from './system-status.ts';
import { answers, type Copy, copySpec, requireCommand, startedIn } from './user-command.ts';
import { waitFor } from './wait.ts';

/** The user's own server may take its time before it listens. */
const READY_TIMEOUT_MS = 60_000;
/** The time to look for servers that should already run; the edge starts without them. */
const LOOK_MS = 3000;
/** Enough for a stack trace of Node and the error above it. */
const LAST_LINES = 25;

/** The user's own server: its address for the edge, and its process if we started it. */
export interface PlannedServer {
  readonly name: string;
  /** The endpoint as the user gave it. */
  readonly endpoint: Endpoint;
  /** The IP address for the edge. */
  readonly address: string;
  /** Undefined when it already ran. */
  readonly copy?: Copy;
}

/** The internal ports of one run, and its servers. */
export interface UserPlan {
  readonly redisPort: number | undefined;
  /** Undefined when HAProxy has no Prometheus exporter. */
  readonly metricsPort: number | undefined;
  readonly servers: readonly PlannedServer[];
  /** The working directory of the command. */
  readonly directory: string;
}

/** A short description of the servers; undefined for Gridlock's replicas. */
export function describeServers({ command, upstreams, replicas }: Config): string | undefined {
  if (command !== '') return `${replicas} copies of ${command} from ${startedIn()}`;
  return upstreams.length > 0 ? `an edge in front of ${upstreams.join(', ')}` : undefined;
}

async function addressOf({ host, port }: Endpoint): Promise<string> {
  if (isIP(host) !== 0) return host;
  // Systems differ in which address family comes first. A server on localhost nearly always listens on this address.
  if (host === 'localhost') return '127.0.0.1';
  try {
    return (await lookup(host)).address;
  } catch (error) {
    const { message } = error as Error;
    throw new PreflightError(`The host of --upstream ${host}:${port} is not known (${message}): correct its name.`);
  }
}

/** Chooses the internal ports of a run, and finds the servers that already run. @throws PreflightError */
export async function planUserCluster(config: Config, { haproxyBuild }: Preflight): Promise<UserPlan> {
  const copies = config.command === '' ? 0 : config.replicas;
  const free = await freePorts(2 + copies, [config.port, config.httpPort]);
  const [redisPort, metricsPort, ...ports] = free as [number, number, ...number[]];
  const started = ports.map((port, index): PlannedServer => {
    const name = `ws${index + 1}`;
    const copy = { name, appId: String(index + 1).repeat(4), port };
    return { name, endpoint: { host: '127.0.0.1', port }, address: '127.0.0.1', copy };
  });
  const named = config.upstreams.map(async (text, index): Promise<PlannedServer> => {
    const endpoint = parseEndpoint(text)!;
    return { name: `ws${index + 1}`, endpoint, address: await addressOf(endpoint) };
  });
  return {
    redisPort: config.redis === 'none' ? undefined : redisPort,
    metricsPort: haproxyBuild.prometheus ? metricsPort : undefined,
    servers: copies > 0 ? started : await Promise.all(named),
    directory: startedIn(),
  };
}

export interface UserClusterOptions extends ClusterContext {
  checked: Preflight;
  plan: UserPlan;
}

/** The edge in front of the user's own servers, which it starts, or which already run. */
export class UserCluster implements ManagedCluster {
  readonly #options: UserClusterOptions;
  readonly #processes: ProcessGroup;
  readonly #cookieKey: string;

  constructor(options: UserClusterOptions) {
    this.#options = options;
    this.#cookieKey = ensureSecret(options.checked.paths.cookieKey);
    this.#processes = new ProcessGroup({
      changed: options.changed,
      ended: (name, reason, delayMs) => this.#onEnded(name, reason, delayMs),
      restarted: (name) => this.#onRestarted(name),
    });
  }

  /** Resolves when every server that was started answers, and the edge completes a TLS handshake. */
  async bringUp(): Promise<void> {
    const { abort } = this.#options;
    await allOrAbort(abort, [this.#startServers(), this.#startEdge()]);
    warnOfOpenFiles(this.#options);
    await this.#handshake();
  }

  async #startServers(): Promise<void> {
    const { report, config } = this.#options;
    // A server may connect to Redis in its first line.
    const redisUrl = await this.#startRedis();
    if (config.command === '') {
      await report.step(
        'servers',
        () => this.#look(),
        (text) => text,
      );
      return;
    }
    await report.step(
      'servers',
      () => this.#startCopies(redisUrl),
      (text) => text,
    );
  }

  async #startRedis(): Promise<string | undefined> {
    const { config, checked, report } = this.#options;
    const { redisPort } = this.#options.plan;
    if (redisPort === undefined) return undefined;
    this.#launch(redisSpec(checked.paths, checked.redis, redisPort, config.redisMemoryMib));
    const result = () => `127.0.0.1:${redisPort}, append-only file synced always`;
    await report.step('redis', () => this.#ready('redis'), result);
    return `redis://:${ensureSecret(checked.paths.redisPassword)}@127.0.0.1:${redisPort}`;
  }

  async #startCopies(redisUrl: string | undefined): Promise<string> {
    const { config, checked, plan } = this.#options;
    const { directory, servers } = plan;
    const command = requireCommand(config.command, directory);
    for (const { copy } of servers) {
      if (copy) this.#launch(copySpec(copy, config, checked.paths, { command, directory, redisUrl }));
    }
    await Promise.all(servers.map(({ name }) => this.#ready(name)));
    return `${servers.map(({ copy }) => copy?.appId).join(', ')} answer`;
  }

  /** Reports which of the servers that should already run do so. */
  async #look(): Promise<string> {
    const { config, plan } = this.#options;
    const found = plan.servers.map(async ({ endpoint, address }) => {
      const attempt = () => answers({ host: address, port: endpoint.port }, config.healthPath);
      const up = await waitFor(attempt, { what: 'an answer', timeoutMs: LOOK_MS }).catch(() => false);
      return `${endpointText(endpoint)} ${up ? 'answers' : 'does not answer yet'}`;
    });
    return (await Promise.all(found)).join(', ');
  }

  async #startEdge(): Promise<void> {
    const { config, checked, report, plan } = this.#options;
    await report.step(
      'certificates',
      () => prepareCertificates(config, checked.paths),
      (text) => text,
    );
    const servers = plan.servers.map(({ name, address, endpoint }) => ({ name, address, port: endpoint.port }));
    this.#launch(edgeSpec(config, checked.paths, { binary: checked.haproxy, servers, metricsPort: plan.metricsPort }));
    const result = () => `https on ${config.port}, http on ${config.httpPort}`;
    await report.step('edge', () => this.#ready('haproxy'), result);
  }

  async #handshake(): Promise<void> {
    const { config, checked, plan, report } = this.#options;
    const expected = expectedOf(config, checked.paths);
    const attempt = async () => {
      const up = await serversUp(checked.paths.runtimeSocket);
      if (config.command !== '' && up.length < plan.servers.length) return undefined;
      return tlsHandshake(config.port, expected);
    };
    await report.step(
      'handshake',
      () => this.#wait('a TLS handshake with the edge', attempt),
      (protocol) => `${protocol} with the edge`,
    );
  }

  #launch(spec: ProcessSpec): void {
    const { abort, checked } = this.#options;
    abort.signal.throwIfAborted();
    this.#processes.launch({
      ...spec,
      // Restores files that were deleted since the start, before the process needs them.
      prepare: async () => {
        ensureSecret(checked.paths.cookieKey, this.#cookieKey);
        await spec.prepare?.();
      },
    });
  }

  #wait<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    return waitFor(attempt, { what, timeoutMs: READY_TIMEOUT_MS, signal: this.#options.abort.signal });
  }

  /** Resolves when the process of this name is ready. */
  async #ready(name: string): Promise<void> {
    const { checked, plan } = this.#options;
    const server = plan.servers.find((one) => one.name === name);
    if (server) return this.#serverReady(server);
    if (name === 'redis') await this.#wait('Redis', () => pingRedis(checked.paths, plan.redisPort!));
    else await this.#wait('HAProxy', () => serversUp(checked.paths.runtimeSocket));
  }

  async #serverReady({ name, address, endpoint }: PlannedServer): Promise<void> {
    const { config } = this.#options;
    const where = endpointText(endpoint);
    const what =
      config.healthPath === ''
        ? `${name} to listen on ${where}, the port in PORT`
        : `${name} to answer http://${where}${config.healthPath} with 2xx or 3xx`;
    try {
      await this.#wait(what, () => answers({ host: address, port: endpoint.port }, config.healthPath));
    } catch (error) {
      if (!(error instanceof StartError) || this.#options.abort.signal.aborted) throw error;
      throw new StartError(`${error.message}${this.#lastWords(name)}`);
    }
  }

  #logOf(name: string): string {
    return path.join(this.#options.checked.paths.logs, `${name}.log`);
  }

  /** The last lines that a server printed, and the place of the rest. Begins on the same line. */
  #lastWords(name: string): string {
    const file = this.#logOf(name);
    const lines = lastLogLines(file, LAST_LINES);
    if (lines.length === 0) return ` It printed nothing; its log is ${file}.`;
    return ` It printed last:\n${lines.map((line) => `  ${line}\n`).join('')}Its log is ${file}.`;
  }

  #onEnded(name: string, reason: string, delayMs: number): boolean {
    const { abort, report, restarts, plan } = this.#options;
    const copy = plan.servers.find((server) => server.name === name)?.copy;
    const what = `${copy === undefined ? name : `${name} (APPID ${copy.appId})`} ${reason}`;
    if (!restarts()) {
      // Its last lines are shown unchanged.
      const words = copy === undefined ? '' : `.${this.#lastWords(name)}`;
      const how = copy === undefined ? what : what.replace(/; its last log line: [\s\S]*$/, '');
      abort.abort(new StartError(`${how}${words}`));
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

  get farewell(): string {
    const { config, plan } = this.#options;
    if (config.command === '') return 'closing the edge';
    return `draining ${plan.servers.length} copies with ${config.drainSignal}, for ${config.drainSeconds} s at most`;
  }

  async status(startedAt: Date, complete: boolean): Promise<UserServerStatus> {
    const { config, checked, plan } = this.#options;
    const system = {
      config,
      paths: checked.paths,
      startedAt,
      complete,
      process: (name: string) => this.#processes.get(name),
    };
    const states = await serverStates(checked.paths.runtimeSocket).catch(() => new Map());
    const { command, sticky, socketPaths, healthPath } = config;
    return {
      ...(await describeEdge(system, plan.metricsPort)),
      server: {
        ...(command === '' ? {} : { command, directory: plan.directory }),
        sticky,
        socketPaths: socketPaths,
        healthPath,
      },
      servers: plan.servers.map(({ name, endpoint, copy }): ServerStatus => {
        const { up = false, sessions = 0 } = states.get(name) ?? {};
        const run = copy === undefined ? {} : { appId: copy.appId, ...runOf(system, name) };
        return { name, address: endpointText(endpoint), port: endpoint.port, up, sessions, ...run };
      }),
      ...(plan.redisPort === undefined ? {} : { redis: { ...runOf(system, 'redis'), port: plan.redisPort } }),
    };
  }

  /** Takes every server out of rotation, asks it to end and waits until it has; then ends HAProxy, and Redis. */
  async takeDown(): Promise<void> {
    const { config, checked, plan } = this.#options;
    const processes = this.#processes;
    const started = plan.servers.filter(({ copy }) => copy !== undefined);
    // Without an edge there are no clients to keep away.
    const out = started.map(({ name }) => takeOutOfRotation(checked.paths.runtimeSocket, name).catch(() => undefined));
    await Promise.all(out);
    const drain = { signal: config.drainSignal, graceMs: config.drainSeconds * 1000 };
    await Promise.all(started.map(({ name }) => processes.end(name, drain)));
    await processes.end('haproxy', { signal: 'SIGUSR1', graceMs: 500 }, { signal: 'SIGTERM', graceMs: 1000 });
    await processes.end('redis', { signal: 'SIGTERM', graceMs: 5000 });
  }

  kill(): void {
    this.#processes.kill();
  }
}
