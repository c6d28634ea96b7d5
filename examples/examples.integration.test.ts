// Starts each example as its README says, and checks which copy answers and that it drains. An example whose runtime is
// not installed is skipped.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { startUserCluster, type UserClusterOptions, type UserClusterRun } from '../loadtest/kit/user-cluster.ts';

const temporary = mkdtempSync(path.join(os.tmpdir(), 'gridlock-examples-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

const works = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
const example = (name: string): string => path.join(import.meta.dirname, name);
const node = JSON.stringify(process.execPath);

interface Client {
  socket: WebSocket;
  /** Sends a text and resolves with the answer. */
  say(text: string): Promise<string>;
}

async function connect({ port, ca }: UserClusterRun, target: string, headers = {}): Promise<Client> {
  const socket = new WebSocket(`wss://localhost:${port}${target}`, { ca, headers });
  await once(socket, 'open');
  const say = async (text: string) => {
    const answer = once(socket, 'message');
    socket.send(text);
    return String(((await answer) as [Buffer])[0]);
  };
  return { socket, say };
}

/**
 * Opens sockets for twelve rooms on two copies, checks that each room stays at its copy, and then stops the cluster.
 */
async function talkAndStop(options: UserClusterOptions, target: (room: number) => string): Promise<void> {
  const cluster = await startUserCluster({ replicas: 2, ...options });
  const copies = new Map<string, string>();
  const clients: Client[] = [];
  for (let room = 0; room < 12; room++) {
    for (const text of ['hello', 'again']) {
      const client = await connect(cluster, target(room), { 'X-Room': String(room) });
      const [, appId] =
        /^(\d{4}): (?:hello|again)$/.exec(await client.say(text)) ?? assert.fail('a copy did not answer');
      assert.equal(copies.get(String(room)) ?? appId, appId);
      copies.set(String(room), appId!);
      clients.push(client);
    }
  }
  assert.deepEqual([...new Set(copies.values())].sort(), ['1111', '2222']);
  const closed = Promise.all(clients.map(({ socket }) => once(socket, 'close').then(([code]) => code as number)));
  assert.equal((await cluster.stop()).code, 0);
  assert.deepEqual([...new Set(await closed)], [1001]);
}

const byHeader = { sticky: 'header:X-Room', redis: 'none' } as const;

test('ws: the query leads every socket of a room to one copy', async () => {
  const command = `${node} ${JSON.stringify(example('ws/server.mjs'))}`;
  const options = {
    command,
    socketPaths: ['/ws'],
    sticky: 'query:room',
    healthPath: '/healthz',
    redis: 'none',
  } as const;
  await talkAndStop(options, (room) => `/ws?room=${room}`);
});

const hasGo = works('go', 'version');
test('Go: a server with only the standard library', { skip: hasGo ? false : 'Go is not installed' }, async () => {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', GO111MODULE: 'off', GOFLAGS: '' };
  execFileSync('go', ['build', '-o', path.join(temporary, 'server'), example('go/main.go')], { env, stdio: 'inherit' });
  await talkAndStop({ ...byHeader, command: './server', directory: temporary }, () => '/any/path');
});

const hasPython = works('python3', '-c', 'import websockets.asyncio.server');
const noPython = hasPython ? false : 'the Python package websockets 14 or newer is not installed';
test('Python: a server with the websockets package', { skip: noPython }, async () => {
  await talkAndStop({ ...byHeader, command: `python3 ${JSON.stringify(example('python/server.py'))}` }, () => '/');
});

/** The packages of the example, or those of loadtest/peers, which needs the same ones. */
const packages = [example('socket-io'), path.join(import.meta.dirname, '../loadtest/peers')]
  .map((place) => path.join(place, 'node_modules'))
  .find((place) => existsSync(path.join(place, 'socket.io')));
const noSocketIo = packages === undefined ? 'Socket.IO is not installed: npm install in examples/socket-io' : false;

/** The part of a polling Socket.IO client that these tests need. */
class PollingClient {
  readonly #cluster: UserClusterRun;
  #cookie = '';
  #path = '/socket.io/?EIO=4&transport=polling';

  constructor(cluster: UserClusterRun) {
    this.#cluster = cluster;
  }

  /**
   * Resolves with the APPID of its copy. @throws when a request is refused, for example by a copy that does not know
   * the client
   */
  async connect(): Promise<string> {
    const opened = await this.#send('GET');
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    this.#path += `&sid=${sid}`;
    await this.#send('POST', '40');
    let text = '';
    while (!text.includes('["copy"')) text += await this.#send('GET');
    return /\["copy","(\d+)"\]/.exec(text)![1]!;
  }

  say(text: string): Promise<string> {
    return this.#send('POST', `42${JSON.stringify(['say', text])}`);
  }

  /** Resolves with the first text that any client said. */
  async hear(): Promise<string> {
    for (;;) {
      const said = /\["said","([^"]+)"\]/.exec(await this.#send('GET'))?.[1];
      if (said !== undefined) return said;
    }
  }

  #send(method: 'GET' | 'POST', body?: string): Promise<string> {
    const { port, ca } = this.#cluster;
    const headers = {
      Cookie: this.#cookie,
      ...(body === undefined ? {} : { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', servername: 'localhost', port, ca, method, path: this.#path, headers };
      request({ ...options, agent: false }, (response) => {
        const [given] = response.headers['set-cookie'] ?? [];
        if (given !== undefined) this.#cookie = given.split(';')[0]!;
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
      })
        .on('error', reject)
        .end(body);
    });
  }
}

const socketIo = (sticky: string) => {
  const directory = mkdtempSync(path.join(temporary, 'socket-io-'));
  copyFileSync(example('socket-io/server.mjs'), path.join(directory, 'server.mjs'));
  symlinkSync(packages!, path.join(directory, 'node_modules'));
  return startUserCluster({ command: `${node} server.mjs`, directory, replicas: 2, sticky, drainSeconds: 2 });
};

test('Socket.IO: long polling works by the cookie, and rooms reach over all copies', { skip: noSocketIo }, async () => {
  const cluster = await socketIo('cookie');
  try {
    const clients = Array.from({ length: 8 }, () => new PollingClient(cluster));
    const copies: string[] = [];
    for (const client of clients) copies.push(await client.connect());
    assert.deepEqual([...new Set(copies)].sort(), ['1111', '2222']);
    await clients[0]!.say('hello');
    const heard = await Promise.all(clients.map((client) => client.hear()));
    assert.deepEqual([...new Set(heard)], [`${copies[0]}: hello`]);
  } finally {
    await cluster.stop();
  }
});

test('Socket.IO: long polling does not work without stickiness', { skip: noSocketIo }, async () => {
  const cluster = await socketIo('none');
  try {
    const attempts = Array.from({ length: 8 }, () => new PollingClient(cluster).connect());
    const refused = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'rejected');
    assert.ok(refused.length > 0);
    assert.match(String((refused[0] as PromiseRejectedResult).reason), /Session ID unknown/);
  } finally {
    await cluster.stop();
  }
});
