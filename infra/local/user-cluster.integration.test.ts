import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { SupervisorRun } from '../../loadtest/kit/cluster.ts';
import { givenIn, startUserCluster, type UserClusterRun } from '../../loadtest/kit/user-cluster.ts';
import { RotationWorker } from '../../loadtest/rotation/rotation-worker.ts';
import { freePorts } from '../../tests/kit/ports.ts';
import { processStart } from '../setup/process-identity.mjs';
import { statePaths } from './state-paths.ts';
import { noProcessOf } from './testing.ts';
import { waitFor } from './wait.ts';

const ECHO = path.join(import.meta.dirname, 'testing/echo-server.mjs');
const NODE = JSON.stringify(process.execPath);
const COMMAND = `${NODE} ${JSON.stringify(ECHO)}`;

const temporary = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'gridlock-test-')));
after(() => rmSync(temporary, { recursive: true, force: true }));

interface Echo {
  appId: string;
  url: string;
  directory: string;
  redisUrl?: string;
}

/** The answer of the server behind the edge to a request. */
function ask({ port, ca }: UserClusterRun, target = '/', headers: Record<string, string> = {}): Promise<Echo> {
  return new Promise((resolve, reject) => {
    request(
      { host: '127.0.0.1', servername: 'localhost', port, ca, path: target, headers, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(body) as Echo);
          else reject(new Error(`${response.statusCode}: ${body}`));
        });
      },
    )
      .on('error', reject)
      .end();
  });
}

interface Opened {
  socket: WebSocket;
  /** The copy that holds it. */
  appId: string;
  /** Resolves with its close code. */
  closed: Promise<number>;
  echo(text: string): Promise<string>;
}

async function open({ port, ca }: UserClusterRun, target = '/', headers: Record<string, string> = {}): Promise<Opened> {
  const socket = new WebSocket(`wss://localhost:${port}${target}`, { ca, headers });
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.on('error', () => undefined);
  const [appId] = (await once(socket, 'message')) as [Buffer];
  const echo = async (text: string) => {
    const answer = once(socket, 'message').then(([data]) => String(data));
    socket.send(text);
    return Promise.race([answer, closed.then((code) => assert.fail(`closed with ${code} before the echo`))]);
  };
  return { socket, appId: String(appId), closed, echo };
}

const serve = (status: { servers: readonly { pid?: number }[] }): number[] => status.servers.map(({ pid }) => pid!);

describe('a command behind the edge', () => {
  let cluster: UserClusterRun;
  before(async () => {
    cluster = await startUserCluster({ command: COMMAND, replicas: 2, sticky: 'query:user', directory: temporary });
  });
  after(() => cluster.stop());

  test('runs as many copies as asked, in the directory of its user, with a port, an APPID and a Redis', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, (_, user) => ask(cluster, `/x?user=${user}`)));
    assert.deepEqual([...new Set(answers.map(({ appId }) => appId))].sort(), ['1111', '2222']);
    assert.deepEqual([...new Set(answers.map(({ directory }) => directory))], [temporary]);
    const redis = new Redis(answers[0]!.redisUrl!, { lazyConnect: true });
    await redis.connect();
    assert.equal(await redis.ping(), 'PONG');
    redis.disconnect();
  });

  test('is described by its status, with the open sockets of each copy', async () => {
    const { socket, appId } = await open(cluster, '/?user=1');
    const { server, servers, url } = await waitFor(
      async () => {
        const now = await cluster.settled();
        return now.servers.some(({ sessions }) => sessions === 1) ? now : undefined;
      },
      { what: 'the socket to be counted', timeoutMs: 30_000 },
    );
    socket.terminate();
    assert.equal(url, cluster.url);
    assert.deepEqual(server, {
      command: COMMAND,
      directory: temporary,
      sticky: 'query:user',
      socketPaths: [],
      healthPath: '',
    });
    assert.deepEqual(
      servers.map(({ name, appId: id, up, restarts, sessions }) => [name, id, up, restarts, sessions]),
      [
        ['ws1', '1111', true, 0, appId === '1111' ? 1 : 0],
        ['ws2', '2222', true, 0, appId === '2222' ? 1 : 0],
      ],
    );
  });

  test('has a log for each copy', () => {
    const { logs } = statePaths(cluster.stateDir);
    assert.match(readFileSync(path.join(logs, 'ws2.log'), 'utf8'), /^2222 listens on \d+$/m);
  });

  test('is named to a second start on the same state directory', async () => {
    const [port, httpPort] = (await freePorts(2)) as [number, number];
    const { code, stderr } = await new SupervisorRun({ port, httpPort, stateDir: cluster.stateDir }).ended;
    assert.equal(code, 2);
    assert.ok(stderr.includes(`${cluster.url}: 2 copies of ${COMMAND} from ${temporary})`), stderr);
  });

  test('a copy that is killed is started again on its port, while the sockets of the other stay open', async () => {
    const sockets = await Promise.all(Array.from({ length: 12 }, (_, user) => open(cluster, `/?user=${user}`)));
    const [victim, ...others] = (await cluster.status()).servers;
    process.kill(victim!.pid!, 'SIGKILL');
    const cut = sockets.filter(({ appId }) => appId === victim!.appId);
    const kept = sockets.filter(({ appId }) => appId !== victim!.appId);
    assert.ok(cut.length > 0 && kept.length > 0);
    await Promise.all(cut.map(({ closed }) => closed));
    assert.deepEqual(
      await Promise.all(kept.map(({ echo }) => echo('still here'))),
      kept.map(() => 'still here'),
    );
    await cluster.run.line(/ws1 \(APPID 1111\) was ended by SIGKILL;.* restarting in 0\.2 s/);
    await cluster.run.line(/^ws1 is ready again$/m);
    const [again, ...same] = (await cluster.settled()).servers;
    assert.deepEqual([again!.port, again!.restarts], [victim!.port, 1]);
    assert.notEqual(again!.pid, victim!.pid);
    assert.deepEqual(
      same.map(({ pid }) => pid),
      others.map(({ pid }) => pid),
    );
    for (const { socket } of sockets) socket.terminate();
  });

  test('a new certificate of each level is served to new sockets and closes none that is open', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, (_, user) => open(cluster, `/?user=${user}`)));
    const worker = new RotationWorker(statePaths(cluster.stateDir).pki);
    await worker.ready();
    for (const step of ['leaf', 'intermediate'] as const) {
      const { serialNumber } = await worker.do(step);
      const fresh = await open(cluster, '/?user=new');
      const { serialNumber: served } = (
        fresh.socket as unknown as { _socket: { getPeerCertificate(): { serialNumber: string } } }
      )._socket.getPeerCertificate();
      assert.equal(served, serialNumber);
      fresh.socket.terminate();
    }
    await worker.stop();
    assert.deepEqual(
      await Promise.all(sockets.map(({ echo }) => echo('open'))),
      sockets.map(() => 'open'),
    );
    for (const { socket } of sockets) socket.terminate();
  });

  test('a restarted edge is in front of the same servers again', async () => {
    const { edge } = await cluster.settled();
    process.kill(edge.pid!, 'SIGKILL');
    await cluster.run.line(/^haproxy is ready again$/m);
    await cluster.settled();
    assert.equal((await waitFor(() => ask(cluster), { what: 'an answer', timeoutMs: 30_000 })).url, '/');
  });
});

test('a stop asks each copy to end while the edge sends it no new client, and nothing is left', async (t) => {
  const cluster = await startUserCluster({
    command: COMMAND,
    replicas: 2,
    redis: 'none',
    env: { DRAIN_MS: '3000', DRAIN: 'SIGINT' },
    drainSignal: 'SIGINT',
    drainSeconds: 30,
  });
  t.after(() => cluster.stop());
  const pids = serve(await cluster.status());
  assert.equal((await ask(cluster)).redisUrl, undefined);
  const { closed, echo } = await open(cluster);
  const stopped = cluster.stop();
  await cluster.run.line(/^draining 2 copies with SIGINT, for 30 s at most$/m);
  const refused = await waitFor(
    () =>
      ask(cluster).then(
        () => undefined,
        (error: Error) => error.message,
      ),
    {
      what: 'a refusal',
      timeoutMs: 30_000,
    },
  );
  assert.match(refused, /^503: .*No replica is ready/);
  assert.equal(await echo('while it drains'), 'while it drains');
  assert.equal(await closed, 1001);
  assert.equal((await stopped).code, 0);
  assert.deepEqual(
    pids.filter((pid) => processStart(pid) !== undefined),
    [],
  );
});

test('a copy that does not end is killed after the drain', async (t) => {
  const cluster = await startUserCluster({
    command: COMMAND,
    replicas: 1,
    redis: 'none',
    env: { STUBBORN: '1' },
    drainSeconds: 1,
  });
  t.after(() => cluster.stop());
  const [pid] = serve(await cluster.status());
  const begun = performance.now();
  assert.equal((await cluster.stop()).code, 0);
  assert.ok(performance.now() - begun >= 1000);
  assert.equal(processStart(pid!), undefined);
});

test('a shell command is drained too, and the processes that it started end with it', async (t) => {
  const directory = mkdtempSync(path.join(temporary, 'shell-'));
  const stateDir = path.join(directory, 's');
  const cluster = await startUserCluster({
    command: `echo from the shell && sleep 1000 & DRAIN_MS=500 ${COMMAND}`,
    replicas: 1,
    redis: 'none',
    stateDir,
    directory,
  });
  t.after(() => cluster.stop());
  const { closed } = await open(cluster);
  assert.equal((await cluster.stop()).code, 0);
  assert.equal(await closed, 1001);
  assert.match(readFileSync(path.join(stateDir, 'logs', 'ws1.log'), 'utf8'), /from the shell[\s\S]*drain of 1111/);
  await noProcessOf(directory);
});

describe('a server that does not come up', () => {
  const start = async (flags: ConstructorParameters<typeof SupervisorRun>[0]) => {
    const [port, httpPort] = (await freePorts(2)) as [number, number];
    const stateDir = path.join(mkdtempSync(path.join(temporary, 'd-')), 's');
    const run = new SupervisorRun(
      { port, httpPort, stateDir, replicas: 1, redis: 'none', ...flags },
      givenIn(temporary),
    );
    return { ...(await run.ended), stateDir };
  };

  for (const [command, sentence] of [
    ['nodde server.js', /There is no program "nodde" on the PATH to run with --command/],
    ['./server', new RegExp(`There is no program "./server" in ${temporary} to run with --command`)],
    ["node 'server.js", /has a ' that is not closed/],
  ] as const) {
    test(`${command} is refused before anything is written`, async () => {
      const { code, stderr, stateDir } = await start({ command });
      assert.equal(code, 2);
      assert.match(stderr, sentence);
      assert.ok(!existsSync(stateDir));
    });
  }

  test('for a command that ends at once, its last lines and the place of its log are shown', async () => {
    writeFileSync(path.join(temporary, 'broken.mjs'), "console.log('hello');\nimport('nowhere-to-be-found');\n");
    const { code, stderr, stateDir } = await start({ command: `${NODE} broken.mjs` });
    assert.equal(code, 1);
    assert.match(stderr, /^ws1 \(APPID 1111\) ended with exit code 1\. It printed last:$/m);
    assert.match(stderr, /^ {2}.*nowhere-to-be-found/m);
    assert.ok(stderr.includes(`Its log is ${path.join(stateDir, 'logs', 'ws1.log')}.`), stderr);
    await noProcessOf(stateDir);
  });

  test('a shell that finds no program says so', async () => {
    const { code, stderr } = await start({ command: 'true && nodde server.js' });
    assert.equal(code, 1);
    assert.match(stderr, /ended with exit code 127\. It printed last:\n.*nodde.*not found/);
  });
});

test('servers that already run get an edge with health checks, and stay when it ends', async () => {
  const servers = ['one', 'two'].map((name) =>
    createServer((incoming, response) => response.end(JSON.stringify({ appId: name, url: incoming.url }))).listen(
      0,
      name === 'one' ? '127.0.0.1' : '::1',
    ),
  );
  await Promise.all(servers.map((server) => (server.listening ? undefined : once(server, 'listening'))));
  const [one, two] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
  const [silent] = (await freePorts(1)) as [number];
  const upstreams = [`localhost:${one}`, `[::1]:${two}`, `127.0.0.1:${silent}`];
  const cluster = await startUserCluster({ upstreams, sticky: 'none', healthPath: '/up' });
  try {
    const silence = new RegExp(
      `localhost:${one} answers, \\[::1\\]:${two} answers, 127\\.0\\.0\\.1:${silent} does not answer yet`,
    );
    assert.match(cluster.run.stdout, silence);
    assert.doesNotMatch(cluster.run.stdout, /redis/);
    const checked = await waitFor(
      async () => {
        const { servers: seen, ...rest } = await cluster.status();
        return seen.map(({ up }) => up).join() === 'true,true,false' ? { seen, ...rest } : undefined;
      },
      { what: 'the silent one to be down', timeoutMs: 30_000 },
    );
    assert.equal(checked.redis, undefined);
    assert.deepEqual(
      checked.seen.map(({ address, pid }) => [address, pid]),
      upstreams.map((text) => [text, undefined]),
    );
    const seen = new Set<string>();
    for (let index = 0; index < 8; index++) seen.add((await ask(cluster)).appId);
    assert.deepEqual([...seen].sort(), ['one', 'two']);
    const { code, stderr } = await new SupervisorRun({ stateDir: cluster.stateDir }).ended;
    assert.equal(code, 2);
    assert.ok(stderr.includes(`: an edge in front of ${upstreams.join(', ')})`), stderr);
    assert.equal((await cluster.stop()).code, 0);
    assert.ok(servers.every((server) => server.listening));
  } finally {
    await cluster.stop();
    for (const server of servers) server.close();
  }
});

test('an upstream whose name cannot be resolved is refused', async () => {
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const stateDir = path.join(temporary, 'unknown');
  const { code, stderr } = await new SupervisorRun({ port, httpPort, stateDir, upstreams: ['nobody.invalid:80'] })
    .ended;
  assert.equal(code, 2);
  assert.match(stderr, /The host of --upstream nobody\.invalid:80 is not known/);
});
