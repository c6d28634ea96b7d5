import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { TestClient } from '../../services/server/testing/client.ts';
import { ok } from '../../services/server/testing/play.ts';
import { startRedis } from '../../services/server/testing/redis.ts';
import { freePort } from '../../tests/kit/ports.ts';
import { until } from '../../tests/kit/wait.ts';
import { appInImage } from '../config/app.ts';
import { BASE_IMAGE, type Bundle, bundle } from './bundle.ts';
import { docker, dockerProblem } from './docker.ts';
import { userApp } from './testing.ts';

const run = promisify(execFile);
const ADDED_BYTES = 40_000_000;
const problem = await dockerProblem(BASE_IMAGE);
const needsDocker = problem === undefined ? {} : { skip: problem };

let directory: string;
let built: Bundle;

before(async () => {
  // Outside of the repository, where a package that is missing in the bundle would be found.
  directory = await mkdtemp(path.join(os.tmpdir(), 'gridlock-image-'));
  built = await bundle({ out: path.join(directory, 'context') });
});

after(() => rm(directory, { recursive: true, force: true }));

/** Starts a replica from the files of an image, and plays on it. */
async function playOn(context: string, app: string, play: (client: TestClient, page: string) => Promise<void>) {
  const redis = await startRedis();
  const [port, internalPort] = [await freePort(), await freePort()];
  const secret = path.join(directory, 'secret');
  await writeFile(secret, 'x'.repeat(32));
  const files = path.join(context, 'app');
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(files, 'main.mjs')], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      APP: app.replace(/^\/app\//, `${files}/`),
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
      REDIS_URL: redis.url,
      TOKEN_SECRET_FILE: secret,
      ALLOWED_ORIGINS: 'https://localhost:8443',
      WEB_ROOT: path.join(files, 'web'),
    },
  });
  let stderr = '';
  child.stderr.on('data', (part) => (stderr += String(part)));
  const exited = once(child, 'exit');
  try {
    const ready = () => {
      assert.equal(child.exitCode, null, stderr);
      return fetch(`http://127.0.0.1:${internalPort}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await until(ready, 'the bundled replica is ready', 30_000);
    const url = `http://127.0.0.1:${port}`;
    await play(await TestClient.connect(url), await (await fetch(url)).text());
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null], stderr);
  } finally {
    child.kill('SIGKILL');
    await redis.stop();
  }
}

test('a replica runs from the files of the image and can be played on', async () => {
  await playOn(built.context, 'grid', async (client, page) => {
    assert.match(page, /<title>/);
    const created = await client.request({ type: 'create', players: 2, size: 3 });
    assert.equal(created.type, 'ack');
    assert.equal((await client.request({ type: 'subscribe', channel: 'lobby' })).type, 'ack');
    assert.equal((await client.request({ type: 'publish', channel: 'lobby', data: { text: 'hello' } })).type, 'ack');
  });
});

test('the image of an application in a folder runs a replica that plays it and serves its page', async () => {
  const app = userApp(directory, '<title>Tally</title>');
  const { context } = await bundle({ out: path.join(directory, 'own'), app });
  await rm(app, { recursive: true });
  await playOn(context, appInImage({ app }), async (client, page) => {
    assert.equal(page, '<title>Tally</title>');
    const { game, seq } = ok(await client.request({ type: 'create' } as never));
    const counted = ok(await client.request({ type: 'count', game } as never));
    assert.equal(counted.seq, seq! + 1);
  });
});

test('the image adds less than 40 MB to its base, has no root, and runs on a read-only root', needsDocker, async () => {
  const tag = `gridlock/game:test-${process.pid}`;
  await docker(['build', '--quiet', '--tag', tag, built.context]);
  let container = '';
  try {
    const size = async (image: string) => Number(await docker(['image', 'inspect', '--format', '{{.Size}}', image]));
    const added = (await size(tag)) - (await size(BASE_IMAGE));
    assert.ok(added > 0 && added < ADDED_BYTES, `the image adds ${added} bytes`);

    const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'none'];
    const refused = run('docker', ['run', '--rm', ...hardened, tag]);
    await assert.rejects(refused, ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 2);
      assert.match(stderr, /TOKEN_SECRET_FILE is missing\.\n$/);
      return true;
    });

    const environment = ['--env', 'TOKEN_SECRET_FILE=/app/main.mjs', '--env', 'ALLOWED_ORIGINS=https://localhost:8443'];
    container = (await docker(['run', '--detach', ...hardened, ...environment, tag])).trim();
    const script =
      "fetch('http://127.0.0.1:9090/healthz').then(async (it) => console.log(process.getuid(), await it.text()))";
    const ask = () => docker(['exec', container, 'node', '-e', script]).catch(() => '');
    let answer = '';
    await until(async () => (answer = await ask()) !== '', 'the replica in the container answers', 60_000);
    assert.equal(answer.trim(), '10001 ok');
    await docker(['stop', '--time', '20', container]);
    const code = await docker(['inspect', '--format', '{{.State.ExitCode}}', container]);
    assert.equal(code.trim(), '0', 'SIGTERM drains');
  } finally {
    if (container) await docker(['rm', '--force', container]);
    await docker(['image', 'rm', '--force', tag]);
  }
});
