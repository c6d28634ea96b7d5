// A server of the user's as containers: the ws example, in an image without any part of Gridlock.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { composePaths, findOwner } from '../infra/compose/files.ts';
import { prepareCompose } from '../infra/compose/prepare.ts';
import { readConfig } from '../infra/config/config.ts';
import { docker, dockerProblem } from '../infra/image/docker.ts';
import { waitFor } from '../infra/local/wait.ts';
import { RotationWorker } from '../loadtest/rotation/rotation-worker.ts';
import { freePorts } from './kit/ports.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const PROJECT = `gridlock-server-${process.pid}`;
const IMAGE = `gridlock-example-ws:${process.pid}`;

const { baseImage, haproxyImage, redisImage } = readConfig({ directory: ROOT });
const problem = await dockerProblem(baseImage, haproxyImage, redisImage);
const needsDocker = { timeout: 120_000, ...(problem === undefined ? {} : { skip: problem }) };

let directory: string;
let composeFile: string | undefined;
let port: number;
let ca: Buffer;

const compose = (...args: string[]) => docker(['compose', '--project-name', PROJECT, '--file', composeFile!, ...args]);

/** The example as its user would build it. */
async function buildImage(): Promise<void> {
  const context = path.join(directory, 'context');
  cpSync(path.join(ROOT, 'examples/ws'), context, { recursive: true });
  cpSync(path.join(ROOT, 'node_modules/ws'), path.join(context, 'node_modules/ws'), { recursive: true });
  const lines = [
    `FROM ${baseImage}`,
    'WORKDIR /app',
    'COPY . .',
    'USER 10001',
    'ENTRYPOINT ["node", "/app/server.mjs"]',
  ];
  writeFileSync(path.join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await docker(['build', '--tag', IMAGE, context]);
}

before(async () => {
  if (problem !== undefined) return;
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-server-'));
  await buildImage();
  const [https, http] = (await freePorts(2)) as [number, number];
  port = https;
  const prepared = await prepareCompose({
    config: readConfig({
      args: [
        ...['--state-dir', directory, '--port', `${https}`, '--http-port', `${http}`],
        ...['--server-image', IMAGE, '--server-port', '3000', '--replicas', '3', '--redis', 'single'],
        ...['--socket-path', '/ws', '--sticky', 'query:room', '--health-path', '/healthz'],
      ],
      directory: ROOT,
    }),
    owner: await findOwner(),
    envFile: path.join(directory, 'env'),
  });
  composeFile = prepared.composeFile!;
  ca = readFileSync(prepared.rootCertificate);
  await compose('up', '--detach', '--wait', '--wait-timeout', '60').catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await compose('logs', '--no-color', '--tail', '20')}`);
  });
  await waitFor(() => open(0).then(({ socket }) => socket.terminate() ?? true), {
    what: 'an answer through the edge',
    timeoutMs: 30_000,
  });
});

after(async () => {
  if (problem !== undefined) return;
  if (composeFile !== undefined) await compose('down', '--volumes', '--timeout', '5');
  await docker(['image', 'rm', IMAGE]);
  rmSync(directory, { recursive: true, force: true });
});

interface Opened {
  socket: WebSocket;
  closed: Promise<number>;
  /** Says something in the room, and resolves with the APPID of the copy that answered. */
  say(text: string): Promise<string>;
}

async function open(room: number, target = '/ws'): Promise<Opened> {
  const socket = new WebSocket(`wss://localhost:${port}${target}?room=${room}`, { ca });
  await once(socket, 'open');
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.on('error', () => undefined);
  const say = async (text: string) => {
    const answer = once(socket, 'message');
    socket.send(text);
    return String(((await answer) as [Buffer])[0]).split(':')[0]!;
  };
  return { socket, closed, say };
}

const rooms = Array.from({ length: 24 }, (_, room) => room);

test('a room is in one copy, which its query leads to, and all copies have rooms', needsDocker, async () => {
  const copies = new Set<string>();
  for (const room of rooms) {
    const [first, second] = [await open(room), await open(room)];
    const appId = await first.say('hello');
    assert.equal(await second.say('hello again'), appId);
    copies.add(appId);
    for (const { socket } of [first, second]) socket.terminate();
  }
  assert.deepEqual([...copies].sort(), ['1111', '2222', '3333']);
});

test('only the paths of its sockets reach the server', needsDocker, async () => {
  await assert.rejects(open(1, '/other'), /Unexpected server response: 404/);
});

test('Redis answers at the address and password that the server gets', needsDocker, async () => {
  const script = `const s=require('net').connect(6379,'redis',()=>s.write('AUTH '+new URL(process.env.REDIS_URL).password+'\\r\\nPING\\r\\n'));s.on('data',d=>{process.stdout.write(d);if(String(d).includes('PONG'))s.end()})`;
  assert.match(await compose('exec', '-T', 'ws1', 'node', '-e', script), /\+OK[\s\S]*\+PONG/);
});

test('a new certificate of each level is served to new sockets and closes no open one', needsDocker, async () => {
  const sockets = await Promise.all(rooms.map((room) => open(room)));
  const worker = new RotationWorker(composePaths(directory).pki);
  try {
    await worker.ready();
    for (const step of ['leaf', 'intermediate'] as const) {
      const { serialNumber } = await worker.do(step);
      const { socket } = await open(0);
      const tls = (socket as unknown as { _socket: { getPeerCertificate(): { serialNumber: string } } })._socket;
      assert.equal(tls.getPeerCertificate().serialNumber, serialNumber);
      socket.terminate();
    }
  } finally {
    await worker.stop();
  }
  await Promise.all(sockets.map(({ say }) => say('still here')));
  for (const { socket } of sockets) socket.terminate();
});

test(
  'a copy that is stopped closes its sockets with 1001, and its rooms are elsewhere at once',
  needsDocker,
  async () => {
    const sockets = await Promise.all(rooms.map(async (room) => ({ room, ...(await open(room)) })));
    const appIds = await Promise.all(sockets.map(({ say }) => say('hello')));
    const struck = sockets.filter((_, index) => appIds[index] === '2222');
    const others = sockets.filter((_, index) => appIds[index] !== '2222');
    assert.ok(struck.length > 0);
    const stopped = compose('stop', 'ws2');
    assert.deepEqual([...new Set(await Promise.all(struck.map(({ closed }) => closed)))], [1001]);
    const again = await waitFor(() => open(struck[0]!.room), { what: 'the room elsewhere', timeoutMs: 30_000 });
    assert.notEqual(await again.say('hello'), '2222');
    await Promise.all(others.map(({ say }) => say('still here')));
    await stopped;
    const id = (await compose('ps', '--all', '--quiet', 'ws2')).trim();
    assert.equal((await docker(['inspect', '--format', '{{.State.ExitCode}}', id])).trim(), '0');
    for (const { socket } of [...others, again]) socket.terminate();
    await compose('start', 'ws2');
  },
);
