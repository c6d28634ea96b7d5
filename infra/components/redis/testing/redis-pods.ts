import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { localCertificate } from '../../../../services/server/testing/certificate.ts';
import { freePorts } from '../../../../tests/kit/ports.ts';
import { replicaAccess } from '../../../program/replica-access.ts';
import {
  type RedisPaths,
  redisConfig,
  replicatedRedisConfig,
  SENTINEL_TIMES,
  sentinelConfig,
} from '../redis-config.ts';
import { memberNames, PRIMARY, QUORUM, SENTINELS } from '../redis-connection.ts';
import { redisScripts } from '../redis-pod.ts';
import { type RedisPasswords, redisFiles, type Topology } from '../redis-users.ts';

export const PASSWORDS: RedisPasswords = {
  gridlock: 'game-password',
  probe: 'probe-password',
  keeper: 'keeper-password',
  backup: 'backup-password',
  replication: 'replication-password',
  sentinel: 'sentinel-password',
};

export interface Script {
  readonly code: number | null;
  readonly output: string;
}

/** The containers of one pod as processes: the same files and scripts, at ports and paths of this machine. */
export class RedisPod {
  readonly name: string;
  readonly redisPort: number;
  readonly sentinelPort: number;
  readonly paths: RedisPaths;
  /** The output of its containers. */
  output = '';
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<string, ChildProcess>();

  constructor(name: string, paths: RedisPaths, members: readonly (readonly [number, number])[]) {
    const [redisPort, sentinelPort] = members[Number(name.at(-1))] as [number, number];
    this.name = name;
    this.paths = paths;
    this.redisPort = redisPort;
    this.sentinelPort = sentinelPort;
    this.#env = {
      PATH: process.env.PATH,
      POD_NAME: name,
      DATA: paths.data,
      CONFIG: paths.config,
      SECRETS: paths.secrets,
      SCRIPTS: paths.scripts,
      TLS: paths.tls,
      TRUST: paths.trust,
      REDIS_PORT: String(redisPort),
      SENTINEL_PORT: String(sentinelPort),
      PRIMARY,
      QUORUM: String(QUORUM),
      MEMBERS: members.map(([redis, sentinel]) => `127.0.0.1:${redis}:${sentinel}`).join(' '),
      WATCH_SECONDS: '1',
      // On a machine that is held up, sentinels answer late and replace no primary for half a minute.
      ASK_SECONDS: '15',
      HAND_OVER_SECONDS: '90',
      STAY_SECONDS: '60',
      SET: 'first',
    };
  }

  /** Starts a container: `start-redis`, `start-single`, `start-sentinel` or `keeper`. */
  start(script: string): void {
    const child = this.#spawn(script);
    this.#running.set(script, child);
    child.once('exit', () => this.#running.delete(script));
  }

  startAll(): void {
    for (const script of ['start-sentinel', 'keeper', 'start-redis']) this.start(script);
  }

  isRunning(script: string): boolean {
    return this.#running.has(script);
  }

  /** What the pod's containers find as files: those of one Redis, or of a member of the set with this mark. */
  become(topology: Topology, set = 'first'): void {
    const { paths } = this;
    this.#env.SET = set;
    const redis = { persistence: 'always', memoryMib: 64, paths, port: this.redisPort } as const;
    const { head, settings } = sentinelConfig(paths, this.sentinelPort);
    const ofSet = {
      'redis.conf': replicatedRedisConfig(redis),
      'sentinel-head.conf': head,
      'sentinel-settings.conf': patient(settings),
    };
    write(paths.config, topology === 'single' ? { 'redis.conf': redisConfig(redis) } : ofSet);
    write(paths.secrets, redisFiles(topology, PASSWORDS, replicaAccess));
  }

  /** Runs a script to its end: `probe`, `hand-over`, `backup` or `restore`. */
  async run(script: string, ...args: readonly string[]): Promise<Script> {
    const child = this.#spawn(script, args);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** Runs a script on standard input; resolves with what it wrote to standard output. */
  async pipe(script: string, input: Buffer = Buffer.alloc(0)): Promise<Buffer> {
    const child = this.#spawn(script);
    const parts: Buffer[] = [];
    child.stdout?.on('data', (data: Buffer) => parts.push(data));
    child.stdin?.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, `${script}: ${this.output}`);
    return Buffer.concat(parts);
  }

  /** Ends one container, or all of them. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', only?: string): Promise<void> {
    const children = [...this.#running].filter(([script]) => only === undefined || script === only);
    await Promise.all(
      children.map(async ([, child]) => {
        const ended = once(child, 'exit');
        // A crash also ends the processes that the script started.
        process.kill(signal === 'SIGKILL' ? -(child.pid as number) : (child.pid as number), signal);
        await ended;
      }),
    );
  }

  /** A connection to Redis or Sentinel as one of the users. */
  connect(
    user: keyof RedisPasswords,
    to: 'redis' | 'sentinel' = 'redis',
    more: Omit<RedisOptions, 'replyMapping'> = {},
  ): Redis {
    const redis = new Redis({
      host: 'localhost',
      port: to === 'redis' ? this.redisPort : this.sentinelPort,
      username: user,
      password: PASSWORDS[user],
      tls: { rejectUnauthorized: false },
      enableReadyCheck: false,
      disableClientInfo: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 200,
      ...more,
    });
    redis.on('error', () => undefined);
    return redis;
  }

  #spawn(script: string, args: readonly string[] = []): ChildProcess {
    const file = path.join(this.paths.scripts, `${script}.sh`);
    // A separate process group, as a container would be.
    const child = spawn('sh', [file, ...args], {
      env: this.#env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => (this.output = `${this.output}${data}`.slice(-20_000)));
    }
    return child;
  }
}

export interface RedisSet {
  readonly pods: readonly RedisPod[];
  /** Writes another certificate into every pod, as the kubelet does. */
  renew(): Promise<string>;
  stop(): Promise<void>;
}

/** A primary that is only held up stays the primary, so that the tests know which one it is. */
const DOWN_AFTER_MS = 8000;

/** With more patience for a Redis that does not answer than in a cluster. */
function patient(settings: string): string {
  const line = (ms: number) => `sentinel down-after-milliseconds ${PRIMARY} ${ms}\n`;
  assert.ok(settings.includes(line(SENTINEL_TIMES.downAfterMs)));
  return settings.replace(line(SENTINEL_TIMES.downAfterMs), line(DOWN_AFTER_MS));
}

const write = (directory: string, files: Readonly<Record<string, string>>): void => {
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(directory, name), content);
};

/** Three pods of the Sentinel topology with everything that is rendered for a cluster. Nothing runs yet. */
export async function redisSet(): Promise<RedisSet> {
  const root = mkdtempSync(path.join(tmpdir(), 'gridlock-sentinel-'));
  const ports = await freePorts(2 * SENTINELS);
  const members = Array.from(
    { length: SENTINELS },
    (_, index) => [ports[2 * index], ports[2 * index + 1]] as [number, number],
  );
  const pods = memberNames('gridlock').map((name, index) => {
    const at = (what: string) => path.join(root, String(index), what);
    const paths = Object.fromEntries(
      ['data', 'config', 'scripts', 'secrets', 'tls', 'trust'].map((what) => [what, at(what)]),
    ) as RedisPaths;
    write(paths.data, {});
    write(paths.scripts, redisScripts());
    const pod = new RedisPod(name, paths, members);
    pod.become('sentinel');
    return pod;
  });
  const roots: string[] = [];
  const renew = async () => {
    const { certificate, key } = await localCertificate(`Redis ${roots.length + 1}`);
    // The previous root is still accepted.
    roots.push(certificate);
    for (const { paths } of pods) {
      write(paths.trust, { 'roots.pem': `${roots.join('\n')}\n` });
      write(paths.tls, { 'tls.key': key, 'tls.crt': certificate });
    }
    return certificate;
  };
  await renew();
  return {
    pods,
    renew,
    stop: async () => {
      await Promise.all(pods.map((pod) => pod.stop('SIGKILL')));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A copy of a pod's volume is gone, as with a lost disk. */
export function loseVolume(pod: RedisPod): void {
  rmSync(pod.paths.data, { recursive: true, force: true });
  mkdirSync(pod.paths.data, { recursive: true });
}
