import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { serveControl } from '../../infra/local/control.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { RunningStatus, UserServerStatus } from '../../infra/local/system-status.ts';
import { captured } from '../../tests/kit/captured.ts';
import status, { statusText } from './status.ts';

const stateDir = mkdtempSync(path.join(os.tmpdir(), 'gridlock-status-'));
after(() => rmSync(stateDir, { recursive: true, force: true }));

const RUNNING: RunningStatus = {
  running: true,
  pid: 10,
  url: 'https://localhost:8443',
  httpUrl: 'http://localhost:8080',
  operationsUrl: 'http://127.0.0.1:9001/operations',
  design: 'stateless',
  stateDir,
  rootCertificate: `${stateDir}/pki/root.pem`,
  startedAt: '2026-07-01T12:00:00.000Z',
  edge: { pid: 11, port: 8443, httpPort: 8080, runtimeSocket: `${stateDir}/run/haproxy.sock`, restarts: 0 },
  redis: { port: 6379, restarts: 3 },
  replicas: [
    { name: 'ws1', appId: '1111', pid: 13, port: 7001, internalPort: 9001, restarts: 0, ready: true },
    { name: 'ws2', appId: '2222', pid: 14, port: 7002, internalPort: 9002, restarts: 1, ready: false },
    { name: 'ws3', appId: '3333', port: 7003, internalPort: 9003, restarts: 2, ready: false },
  ],
  certificates: [],
};

const run = (...args: string[]) =>
  captured(() => status.parseAsync([...args, '--state-dir', stateDir], { from: 'user' }));

/** Runs as if standard output were a terminal or none. */
async function on(isTerminal: boolean, ...args: string[]) {
  const before = process.stdout.isTTY;
  process.stdout.isTTY = isTerminal;
  try {
    const { stdout, ...rest } = await run(...args);
    return { ...rest, stdout: stripVTControlCharacters(stdout) };
  } finally {
    process.stdout.isTTY = before;
  }
}

const TABLE = stripVTControlCharacters(statusText(RUNNING));

test('the table has a line for each process, with its state', () => {
  const lines = TABLE.trimEnd().split('\n');
  assert.deepEqual(lines.slice(lines.findIndex((line) => line.startsWith('PROCESS'))), [
    'PROCESS  APPID  PID  PORT        RESTARTS  STATE',
    'edge            11   8443, 8080  0         running',
    'ws1      1111   13   7001        0         ready',
    'ws2      2222   14   7002        1         not ready',
    'ws3      3333        7003        2         restarting',
    'redis                6379        3         restarting',
  ]);
  assert.match(lines[0]!, /^address +https:\/\/localhost:8443$/);
});

const { operationsUrl: _, design: __, redis: ___, replicas: ____, ...EDGE } = RUNNING;
const COMMAND: UserServerStatus = {
  ...EDGE,
  server: {
    command: 'node server.js',
    directory: '/srv/app',
    sticky: 'query:room',
    socketPaths: ['/ws'],
    healthPath: '',
  },
  servers: [
    { name: 'ws1', appId: '1111', pid: 13, address: '127.0.0.1:7001', port: 7001, restarts: 0, up: true, sessions: 12 },
    { name: 'ws2', appId: '2222', address: '127.0.0.1:7002', port: 7002, restarts: 4, up: false, sessions: 0 },
  ],
  redis: { pid: 15, port: 6379, restarts: 0 },
};

test('servers of your own have a line each too, with their open sessions', () => {
  const text = stripVTControlCharacters(statusText(COMMAND));
  assert.deepEqual(text.slice(text.indexOf('PROCESS')).trimEnd().split('\n'), [
    'PROCESS  APPID  PID  PORT        RESTARTS  STATE       SESSIONS',
    'edge            11   8443, 8080  0         running',
    'ws1      1111   13   7001        0         up          12',
    'ws2      2222        7002        4         restarting  0',
    'redis           15   6379        0         running',
  ]);
  assert.match(text, /^command +node server\.js \(in \/srv\/app\)$/m);
  assert.match(text, /^sticky +query:room$/m);
  assert.match(text, /^paths +\/ws$/m);
  assert.doesNotMatch(text, /operations|design/);
});

test('servers that already ran are named by their address', () => {
  const { redis: _redis, ...rest } = COMMAND;
  const servers = [{ name: 'ws1', address: '[::1]:3000', port: 3000, up: false, sessions: 0 }];
  const server = { sticky: 'none', socketPaths: [], healthPath: '/up' };
  const text = stripVTControlCharacters(statusText({ ...rest, server, servers }));
  assert.match(text, /^ws1 +\[::1\]:3000 +down +0$/m);
  assert.match(text, /^servers +ran already$/m);
  assert.match(text, /^paths +all$/m);
  assert.doesNotMatch(text, /redis/);
});

test('a certificate file that cannot be served is reported', () => {
  const served = { subject: 'CN=a', notAfter: '2027-01-01T00:00:00.000Z' } as RunningStatus['certificateFile'] & object;
  assert.ok(!statusText({ ...RUNNING, certificateFile: served }).includes('certificate file'));
  const problem = statusText({ ...RUNNING, certificateFile: { ...served, problem: 'own.pem has expired' } });
  assert.match(problem, /^certificate file +own\.pem has expired$/m);
});

test('without a running system it says so and exits with 1: words on a terminal, JSON elsewhere and with --json', async () => {
  assert.deepEqual(await on(true), { code: 1, stdout: 'nothing is running\n', stderr: '' });
  const json = { code: 1, stdout: '{\n  "running": false\n}\n', stderr: '' };
  assert.deepEqual(await on(false), json);
  assert.deepEqual(await on(true, '--json'), json);
});

test('with a running system it exits with 0: the table on a terminal, JSON elsewhere and with --json', async () => {
  mkdirSync(statePaths(stateDir).run, { recursive: true });
  const server = await serveControl(statePaths(stateDir).controlSocket, {
    status: () => Promise.resolve(RUNNING),
    rotate: () => Promise.reject(new Error('There is no edge.')),
    stop: () => undefined,
  });
  try {
    assert.deepEqual(await on(true), { code: 0, stdout: TABLE, stderr: '' });
    for (const { code, stdout } of [await on(false), await on(true, '--json')]) {
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), RUNNING);
    }
  } finally {
    server.close();
  }
});
