import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { findOwner } from '../infra/compose/files.ts';
import { prepareCompose } from '../infra/compose/prepare.ts';
import { readConfig } from '../infra/config/config.ts';
import { docker, dockerProblem } from '../infra/image/docker.ts';
import { waitFor } from '../infra/local/wait.ts';
import { type GridPlayer, gridViolations, playersOnReplicas } from '../loadtest/kit/grid-player.ts';
import type { MessageEvent } from '../services/client/node.ts';
import { freePorts } from './kit/ports.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const PROJECT = `gridlock-test-${process.pid}`;

const config = readConfig({ directory: ROOT });
const problem = await dockerProblem(config.baseImage, config.haproxyImage, config.redisImage);
const needsDocker = { timeout: 120_000, ...(problem === undefined ? {} : { skip: problem }) };

let directory: string;
let envFile: string;
let image: string;
let imageWasThere = false;
let cluster: { url: string; rootPem: string };
const players: GridPlayer[] = [];

const file = path.join(ROOT, 'compose.yaml');
const compose = (...args: string[]) =>
  docker(['compose', '--project-name', PROJECT, '--env-file', envFile, '--file', file, ...args]);

before(async () => {
  if (problem !== undefined) return;
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-compose-'));
  envFile = path.join(directory, 'env');
  const [port, httpPort] = await freePorts(2);
  const args = ['--state-dir', directory, '--port', `${port}`, '--http-port', `${httpPort}`];
  const prepared = await prepareCompose({
    config: readConfig({ args, directory: ROOT }),
    owner: await findOwner(),
    envFile,
  });
  image = prepared.image;
  imageWasThere = await docker(['image', 'inspect', image]).then(
    () => true,
    () => false,
  );
  cluster = { url: prepared.url, rootPem: readFileSync(prepared.rootCertificate, 'utf8') };
  await compose('up', '--build', '--detach', '--wait', '--wait-timeout', '120').catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await compose('logs', '--no-color', '--tail', '20')}`);
  });
});

after(async () => {
  for (const { client } of players) client.close();
  if (problem !== undefined) return;
  await compose('down', '--volumes', '--timeout', '5');
  if (image !== undefined && !imageWasThere) await docker(['image', 'rm', image]);
  rmSync(directory, { recursive: true, force: true });
});

const container = async (service: string): Promise<string> => (await compose('ps', '--all', '--quiet', service)).trim();

/** Resolves when the container reports itself healthy. */
async function healthy(service: string): Promise<void> {
  const id = await container(service);
  const status = async () =>
    (await docker(['inspect', '--format', '{{.State.Health.Status}}', id])).trim() === 'healthy' || undefined;
  await waitFor(status, { what: `${service} to be healthy`, timeoutMs: 60_000, intervalMs: 250 });
}

/** Players of a game that has begun, each on the replica with this APPID. */
async function newGame(appIds: readonly string[], settings: { size: number; seconds: number }) {
  const joined = await playersOnReplicas(cluster, appIds);
  players.push(...joined);
  const [host, ...guests] = joined as [GridPlayer, ...GridPlayer[]];
  const { code: game } = await host.client.create({ players: joined.length, ...settings });
  for (const { client } of guests) await client.join(game);
  await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'active')));
  return { game, joined };
}

/** All players capture until the game ends while `fault` strikes; then the histories of all are judged. */
async function playThrough(appIds: readonly string[], fault: (joined: GridPlayer[]) => Promise<void>) {
  const { game, joined } = await newGame(appIds, { size: 16, seconds: 300 });
  const played = Promise.all(joined.map((player, index) => player.playOut(game, (free) => index * (free.length >> 1))));
  await joined[0]!.until(game, ({ seq }) => seq > 40);
  await fault(joined);
  await played;
  await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
  assert.deepEqual(gridViolations(joined.map((player) => player.history())), []);
  const scores = joined[0]!.client.room(game)!.state.players.map(({ score }) => score);
  assert.equal(
    scores.reduce((sum, score) => sum + score, 0),
    256,
    'every cell was captured',
  );
  for (const { client } of joined) client.close();
}

test('two clients on ws1 and ws3 see 1111:hello and play a game to its end', needsDocker, async () => {
  const { game, joined } = await newGame(['1111', '3333'], { size: 5, seconds: 300 });
  const [ann, ben] = joined as [GridPlayer, GridPlayer];
  const heard = joined.map(({ client }) => {
    return new Promise<string>((resolve) => void client.on('message', ({ line }: MessageEvent) => resolve(line!)));
  });
  for (const { client } of joined) await client.subscribe('lobby');
  await ann.client.publish('lobby', { text: 'hello' });
  assert.deepEqual(await Promise.all(heard), ['1111:hello', '1111:hello']);

  await Promise.all([ann.playOut(game, () => 0), ben.playOut(game, (free) => free.length - 1)]);
  await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
  assert.deepEqual(gridViolations(joined.map((player) => player.history())), []);
  assert.deepEqual(ann.client.room(game)!.state, ben.client.room(game)!.state);
  assert.deepEqual([ann.replica, ben.replica], ['1111', '3333']);
});

test('ws3 killed in mid-game costs no acknowledged capture, and is found when it is back', needsDocker, async () => {
  await playThrough(['1111', '3333'], async (joined) => {
    await docker(['kill', await container('ws3')]);
    await joined[1]!.reconnected();
    assert.notEqual(joined[1]!.replica, '3333');
  });
  await compose('start', 'ws3');
  await healthy('ws3');
  const [back] = await playersOnReplicas(cluster, ['3333']);
  players.push(back!);
  assert.equal(back!.replica, '3333');
});

test('Redis killed in mid-game costs no acknowledged capture', needsDocker, async () => {
  await playThrough(['2222', '4444'], async () => {
    await docker(['kill', await container('redis')]);
    await compose('start', 'redis');
  });
});

test('a replica that is stopped drains: its players leave with what they have', needsDocker, async () => {
  await playThrough(['1111', '2222'], async (joined) => {
    await compose('stop', 'ws2');
    await joined[1]!.reconnected();
  });
  const state = await docker(['inspect', '--format', '{{.State.ExitCode}}', await container('ws2')]);
  assert.equal(state.trim(), '0');
  await compose('start', 'ws2');
  await healthy('ws2');
});

test('only the edge can be reached from this machine, and only on its own address', needsDocker, async () => {
  const services = (await compose('ps', '--format', 'json'))
    .trim()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { Service: string; Publishers: { URL: string; PublishedPort: number }[] | null },
    );
  assert.equal(services.length, 6);
  for (const { Service, Publishers } of services) {
    const published = (Publishers ?? []).filter(({ PublishedPort }) => PublishedPort > 0);
    assert.deepEqual(
      published.map(({ URL }) => URL),
      Service === 'edge' ? ['127.0.0.1', '127.0.0.1'] : [],
      Service,
    );
  }
});
