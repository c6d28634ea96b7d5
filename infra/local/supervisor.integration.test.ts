import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { type Cluster, SupervisorRun, startCluster, temporaryStateDir } from '../../loadtest/kit/cluster.ts';
import { freePorts } from '../../tests/kit/ports.ts';
import { readConfig } from '../config/config.ts';
import { processStart } from '../setup/process-identity.mjs';
import { handshake } from './handshake.ts';
import { Report } from './report.ts';
import { statePaths } from './state-paths.ts';
import { Supervisor } from './supervisor.ts';
import type { RunningStatus } from './system-status.ts';
import { noProcessOf, processesOf, refusedStart } from './testing.ts';
import { waitFor } from './wait.ts';

const temporary = mkdtempSync(path.join(os.tmpdir(), 'gridlock-test-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

const pidsOf = (status: RunningStatus): number[] =>
  [status.pid, status.edge.pid, status.redis.pid, ...status.replicas.map(({ pid }) => pid)].filter(
    (pid) => pid !== undefined,
  );

const CLI = path.join(import.meta.dirname, '../../cli/main.ts');

const spawnCommand = (name: string, stateDir: string) =>
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, name, '--state-dir', stateDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const runCommand = async (name: string, stateDir: string): Promise<{ code: number; stdout: string }> => {
  const child = spawnCommand(name, stateDir);
  child.stderr.pipe(process.stderr);
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  const [code] = await once(child, 'close');
  return { code: code as number, stdout };
};

describe('a running cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ replicas: 2 });
  });
  after(() => cluster.stop());

  test('is described by npm run status', async () => {
    // A replica that is held up for a second is not ready in that time.
    const described = async () => {
      const run = await runCommand('status', cluster.stateDir);
      return run.stdout.includes('"ready": false') ? undefined : run;
    };
    const { code, stdout } = await waitFor(described, { what: 'every replica to be ready', timeoutMs: 30_000 });
    assert.equal(code, 0);
    const status = JSON.parse(stdout) as RunningStatus;
    assert.equal(status.url, cluster.url);
    assert.deepEqual(
      status.replicas.map(({ name, appId, ready, restarts }) => ({ name, appId, ready, restarts })),
      [
        { name: 'ws1', appId: '1111', ready: true, restarts: 0 },
        { name: 'ws2', appId: '2222', ready: true, restarts: 0 },
      ],
    );
    assert.deepEqual(
      status.certificates.map(({ role }) => role),
      ['root', 'intermediate', 'leaf'],
    );
    for (const { serialNumber, notAfter } of status.certificates) {
      assert.match(serialNumber, /^[0-9A-F]+$/);
      assert.ok(Date.parse(notAfter) > Date.now());
    }
    assert.equal(readFileSync(status.rootCertificate, 'utf8'), cluster.rootPem);
    assert.ok(pidsOf(status).every((pid) => processStart(pid) !== undefined));
    assert.equal(statSync(status.edge.runtimeSocket).mode & 0o777, 0o600);
  });

  test('keeps its state directory, keys and secrets to its user', () => {
    const mode = (name: string) => statSync(path.join(cluster.stateDir, name)).mode & 0o777;
    assert.equal(mode('.'), 0o700);
    for (const file of [
      'pki/leaf.pem',
      'redis/redis.conf',
      'run/token.secret',
      'run/redis.password',
      'run/haproxy.cfg',
    ]) {
      assert.equal(mode(file), 0o600, file);
    }
  });

  test('refuses a second one on the same state directory and names its pid and address', async () => {
    const { code, stderr } = await refusedStart(temporary, { stateDir: cluster.stateDir });
    assert.equal(code, 2);
    const { pid } = await cluster.status();
    assert.match(stderr, new RegExp(`belongs to a running instance \\(pid ${pid}, ${cluster.url}\\)`));
  });

  for (const [what, name, kill] of [
    ['a replica', /ws2 \(APPID 2222\) was ended by SIGKILL;.* restarting in 0\.2 s/, () => cluster.killReplica(2)],
    ['Redis', /redis was ended by SIGKILL;.* restarting in 0\.2 s/, () => cluster.killRedis()],
    ['HAProxy', /haproxy was ended by SIGKILL;.* restarting in 0\.2 s/, () => cluster.killEdge()],
  ] as const) {
    test(`restarts ${what} on the same port, says why, and serves again`, async () => {
      const before = await cluster.settled();
      await kill();
      await cluster.run.line(name);
      const again = await waitFor(
        async () => {
          const now = await cluster.settled();
          return String(pidsOf(now)) === String(pidsOf(before)) ? undefined : now;
        },
        { what: 'a new process', timeoutMs: 30_000 },
      );
      assert.equal(again.redis.port, before.redis.port);
      assert.deepEqual(
        again.replicas.map(({ port }) => port),
        before.replicas.map(({ port }) => port),
      );
      const welcomed = () => handshake(again.edge.port, { trust: again.rootCertificate });
      assert.match(await waitFor(welcomed, { what: 'a handshake', timeoutMs: 30_000 }), /^(1111|2222)$/);
    });
  }

  test("recovers from the death of HAProxy's worker alone", async () => {
    const { edge, rootCertificate } = await cluster.settled();
    const worker = execFileSync('pgrep', ['-P', String(edge.pid)], { encoding: 'utf8' }).trim();
    process.kill(Number(worker), 'SIGKILL');
    await cluster.run.line(/haproxy ended with exit code 137;/);
    const welcomed = () => handshake(edge.port, { trust: rootCertificate });
    assert.ok(await waitFor(welcomed, { what: 'a handshake', timeoutMs: 30_000 }));
  });

  test('waits longer before each further restart of a process that keeps dying', async () => {
    await cluster.settled();
    await cluster.killReplica(1);
    // Kill it as soon as it runs: the backoff is reset for a process that has run long enough.
    const again = async () => (await cluster.status()).replicas[0]!.pid;
    await waitFor(again, { what: 'the replica to be started again', timeoutMs: 30_000 });
    await cluster.killReplica(1);
    const [, delay] = await cluster.run.line(
      /APPID 1111.* restarting in 0\.2 s[\s\S]*APPID 1111.* restarting in ([\d.]+) s/,
    );
    assert.ok(Number(delay) > 0.2);
    await cluster.settled();
  });

  test('runs next to another one with its own ports and state directory', async () => {
    const other = await startCluster({ replicas: 1 });
    try {
      const [one, two] = [await cluster.settled(), await other.settled()];
      // A connection that takes longer than the limit of a handshake does not count as an answer.
      const answerOf = ({ edge }: RunningStatus, { rootCertificate: trust }: RunningStatus) =>
        waitFor(
          () =>
            handshake(edge.port, { trust }).catch(({ message }: Error) =>
              /certificate/.test(message) ? 'refused' : undefined,
            ),
          { what: 'a handshake', timeoutMs: 30_000 },
        );
      assert.match(await answerOf(one, one), /^(1111|2222)$/);
      assert.equal(await answerOf(two, two), '1111');
      assert.equal(await answerOf(two, one), 'refused');
    } finally {
      await other.stop();
    }
    assert.equal((await cluster.settled()).replicas.length, 2);
  });

  test('ends with exit code 0 on SIGTERM, in order, and leaves no process', async () => {
    const pids = pidsOf(await cluster.settled());
    cluster.run.process.kill('SIGTERM');
    const { code, stdout } = await cluster.run.ended;
    assert.equal(code, 0);
    assert.match(stdout, /draining 2 replicas\nstopped\n$/);
    assert.deepEqual(
      pids.filter((pid) => processStart(pid) !== undefined),
      [],
    );
    await noProcessOf(cluster.stateDir);
    assert.deepEqual(await runCommand('status', cluster.stateDir), {
      code: 1,
      stdout: '{\n  "running": false\n}\n',
    });
  });
});

test('npm run stop ends a cluster and says so, and succeeds when there is none', async () => {
  const cluster = await startCluster({ replicas: 1 });
  const stopped = await runCommand('stop', cluster.stateDir);
  assert.equal(stopped.code, 0);
  assert.match(stopped.stdout, /^stopped https:/);
  assert.equal((await cluster.run.ended).code, 0);
  const again = await runCommand('stop', cluster.stateDir);
  assert.equal(again.code, 0);
  assert.match(again.stdout, /^nothing is running on /);
  await cluster.stop();
});

test('a second npm run stop does not cut the drain short', async () => {
  const cluster = await startCluster({ replicas: 1 });
  const {
    replicas: [replica],
  } = await cluster.status();
  // A stopped process makes the drain last.
  process.kill(replica!.pid!, 'SIGSTOP');
  const first = runCommand('stop', cluster.stateDir);
  await cluster.run.line(/draining/);
  const second = runCommand('stop', cluster.stateDir);
  assert.equal((await cluster.run.ended).code, 0);
  assert.deepEqual([(await first).code, (await second).code], [0, 0]);
  await cluster.stop();
});

test('status names an instance that does not answer, and does not wait for it', async () => {
  const cluster = await startCluster({ replicas: 1 });
  const { pid } = await cluster.status();
  process.kill(pid, 'SIGSTOP');
  try {
    const child = spawnCommand('status', cluster.stateDir);
    const [said, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
    assert.equal(code, 2);
    const sentence = new RegExp(`\\(pid ${pid}, ${cluster.url}\\) gives no status: it does not answer\\.`);
    assert.match(said.join(''), sentence);
  } finally {
    process.kill(pid, 'SIGCONT');
    await cluster.stop();
  }
});

test('processes survive a state directory that can no longer be written', async () => {
  const cluster = await startCluster({ replicas: 1 });
  const {
    replicas: [replica],
  } = await cluster.status();
  const { run } = statePaths(cluster.stateDir);
  renameSync(run, `${run}.gone`);
  process.kill(replica!.pid!, 'SIGKILL');
  await cluster.run.line(/^The processes cannot be recorded \(ENOENT/m);
  renameSync(`${run}.gone`, run);
  await cluster.run.line(/^ws1 is ready again$/m);
  assert.equal((await cluster.stop()).code, 0);
});

test('a second start reuses chain and secrets', async () => {
  const stateDir = temporaryStateDir();
  const first = await startCluster({ replicas: 1, stateDir });
  const [serials, secret] = [
    (await first.status()).certificates.map(({ serialNumber }) => serialNumber),
    readFileSync(path.join(stateDir, 'run', 'token.secret'), 'utf8'),
  ];
  await first.stop();
  const second = await startCluster({ replicas: 1, stateDir });
  assert.deepEqual(
    (await second.status()).certificates.map(({ serialNumber }) => serialNumber),
    serials,
  );
  assert.equal(readFileSync(path.join(stateDir, 'run', 'token.secret'), 'utf8'), secret);
  await second.stop();
  rmSync(stateDir, { recursive: true });
});

test('a second signal kills at once, with exit code 1, and leaves no process', async () => {
  const cluster = await startCluster({ replicas: 1, drainMs: 60_000 });
  const {
    replicas: [replica],
  } = await cluster.status();
  // A stopped process cannot drain, so that only a kill ends it.
  process.kill(replica!.pid!, 'SIGSTOP');
  cluster.run.process.kill('SIGINT');
  await cluster.run.line(/draining/);
  cluster.run.process.kill('SIGINT');
  assert.equal((await cluster.run.ended).code, 1);
  await noProcessOf(cluster.stateDir);
  await cluster.stop();
});

test('a stop while it is starting leaves no process', async () => {
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const stateDir = temporaryStateDir();
  const run = new SupervisorRun({ port, httpPort, stateDir, replicas: 2 });
  await run.line(/redis/);
  run.process.kill('SIGTERM');
  assert.equal((await run.ended).code, 0);
  await noProcessOf(stateDir);
  rmSync(stateDir, { recursive: true });
});

test('a start that is stopped in its last step does not report ready', async () => {
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const stateDir = temporaryStateDir();
  const args = [`--port=${port}`, `--http-port=${httpPort}`, `--state-dir=${stateDir}`, '--replicas=1'];
  const output = new PassThrough();
  class StoppedAtLast extends Report {
    override async step<T>(name: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T> {
      const result = await super.step(name, work, describe);
      if (name === 'handshake') void supervisor.stop();
      return result;
    }
  }
  const supervisor = new Supervisor(readConfig({ args }), new StoppedAtLast(output as unknown as NodeJS.WriteStream));
  await assert.rejects(supervisor.start());
  const said = String(output.read());
  assert.match(said, /handshake/);
  assert.doesNotMatch(said, /ready https/);
  await noProcessOf(stateDir);
  rmSync(stateDir, { recursive: true });
});

test('the next start ends processes that a supervisor killed with SIGKILL left running', async () => {
  const stateDir = temporaryStateDir();
  const first = await startCluster({ replicas: 1, stateDir });
  const old = pidsOf(await first.status());
  first.run.process.kill('SIGKILL');
  await first.run.ended;
  assert.ok(processesOf(stateDir).length > 0, 'nothing was left, so that this test shows nothing');
  const second = await startCluster({ replicas: 1, stateDir });
  assert.match(
    second.run.stdout,
    /ended what a killed instance left running: redis, haproxy, ws1|ended what a killed instance/,
  );
  assert.deepEqual(
    old.filter((pid) => processStart(pid) !== undefined),
    [],
  );
  const { replicas } = await second.status();
  assert.equal(replicas.length, 1);
  await second.stop();
  await noProcessOf(stateDir);
  rmSync(stateDir, { recursive: true });
});

test('a start on the same ports ends processes that a supervisor killed with SIGKILL left on them', async () => {
  const stateDir = temporaryStateDir();
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const options = { replicas: 1, stateDir, port, httpPort };
  const first = await startCluster(options);
  first.run.process.kill('SIGKILL');
  await first.run.ended;
  const second = await startCluster(options);
  assert.match(second.run.stdout, /ended what a killed instance left running: /);
  assert.equal((await second.stop()).code, 0);
  await noProcessOf(stateDir);
  rmSync(stateDir, { recursive: true });
});

test('a deleted generated file is restored when the process that reads it is restarted', async () => {
  const cluster = await startCluster({ replicas: 1 });
  const at = (...names: string[]) => path.join(cluster.stateDir, ...names);
  const page = at('page', readdirSync(at('page'))[0]!);
  const cases: readonly (readonly [string, () => Promise<void>])[] = [
    [at('run', 'haproxy.cfg'), () => cluster.killEdge()],
    [at('pki', 'leaf.pem'), () => cluster.killEdge()],
    [at('run', 'cookie.key'), () => cluster.killEdge()],
    [at('redis', 'redis.conf'), () => cluster.killRedis()],
    [at('run', 'redis.password'), () => cluster.killRedis()],
    [at('run', 'token.secret'), () => cluster.killReplica(1)],
    [at('run', 'redis.password'), () => cluster.killReplica(1)],
    [at('pki', 'roots.pem'), () => cluster.killReplica(1)],
    [page, () => cluster.killReplica(1)],
  ];
  const secrets = ['token.secret', 'redis.password', 'cookie.key'].map((name) => at('run', name));
  const contents = secrets.map((file) => readFileSync(file, 'utf8'));
  try {
    for (const [file, kill] of cases) {
      rmSync(file, { recursive: true });
      await kill();
      const { edge, rootCertificate } = await cluster.settled();
      assert.ok(existsSync(file), file);
      const welcomed = () => handshake(edge.port, { trust: rootCertificate });
      assert.equal(await waitFor(welcomed, { what: `a handshake without ${file}`, timeoutMs: 30_000 }), '1111', file);
    }
    assert.deepEqual(
      secrets.map((file) => readFileSync(file, 'utf8')),
      contents,
    );
    assert.ok(existsSync(path.join(page, 'index.html')));
  } finally {
    await cluster.stop();
  }
});

test('a running cluster serves nothing from node_modules', async () => {
  const cluster = await startCluster({ replicas: 1 });
  try {
    const { replicas } = await cluster.status();
    const environment = readFileSync(`/proc/${replicas[0]!.pid}/environ`, 'utf8').split('\0');
    const root = environment.find((line) => line.startsWith('WEB_ROOT='))!.slice('WEB_ROOT='.length);
    assert.ok(root.startsWith(cluster.stateDir), root);
  } finally {
    await cluster.stop();
  }
});

test('a proxy from the environment is not used for this machine', async () => {
  const proxy = 'http://127.0.0.1:9';
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: '', no_proxy: '' };
  const cluster = await startCluster({ replicas: 1, env });
  assert.equal((await cluster.stop()).code, 0);
});

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';

test('on a disk that fills up, logs leave room for the data, and a full disk is named', { skip: !isRoot }, async () => {
  const disk = temporaryStateDir();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', disk]);
  try {
    const cluster = await startCluster({ replicas: 1, stateDir: path.join(disk, 's') });
    const log = path.join(disk, 's', 'logs', 'haproxy.log');
    // As much as a flood of refused requests writes in seconds.
    for (let written = 0; written < 40; written++) {
      appendFileSync(log, 'x'.repeat(1023).concat('\n').repeat(1024));
      await waitFor(async () => statSync(log).size < 100_000 || undefined, { what: 'room', timeoutMs: 30_000 });
    }
    assert.match(cluster.run.stdout, /is nearly full \(\d+ MiB free\): logs are dropped until there is room again/);
    await cluster.settled();

    const ballast = path.join(disk, 'ballast');
    try {
      for (;;) appendFileSync(ballast, Buffer.alloc(64 * 1024));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
    await cluster.killRedis();
    await cluster.run.line(/^redis .*; the disk of \S+ is full/m);
    rmSync(ballast);
    await cluster.settled();
    assert.equal((await cluster.stop()).code, 0);
  } finally {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
});

test('the cluster leaves when its launcher is killed', async () => {
  const stateDir = temporaryStateDir();
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const launcher = spawn(
    process.execPath,
    [
      path.join(import.meta.dirname, '../../cli/gridlock.mjs'),
      'start',
      '--replicas=1',
      `--port=${port}`,
      `--http-port=${httpPort}`,
      `--state-dir=${stateDir}`,
      '--drain-ms=100',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  launcher.stdout.on('data', (chunk) => (output += String(chunk)));
  await waitFor(async () => output.includes('ready https') || undefined, {
    what: 'ready',
    timeoutMs: 30_000,
  });
  launcher.kill('SIGKILL');
  await noProcessOf(stateDir);
  assert.ok(!existsSync(path.join(stateDir, 'run', 'supervisor.json')));
  rmSync(stateDir, { recursive: true });
});
