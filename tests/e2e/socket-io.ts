// The Socket.IO example as the image of a stack.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { docker } from '../../infra/image/docker.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { holdSockets } from '../../loadtest/connect/run.ts';
import { Tally } from '../../loadtest/connect/tally.ts';
import { PollingClient, type Sessions } from './polling.ts';
import type { Scenario } from './scenario.ts';
import type { Settings, StackSystem } from './system.ts';

const run = promisify(execFile);

const SOURCES = path.resolve(import.meta.dirname, '../../examples/socket-io');
const IMAGE = 'gridlock/example-socket-io:e2e';
const SOCKETS = 200;
const POLLING = 20;
/** The close code of a socket that ended without a close frame. */
const UNANNOUNCED = 1006;
const A_DAY_SECONDS = 86_400;

/** Builds the image as the example's README says. */
export async function buildExample(): Promise<string> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-socket-io-'));
  try {
    cpSync(SOURCES, directory, { recursive: true });
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: directory });
    await docker(['build', '--quiet', '--tag', IMAGE, directory]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return IMAGE;
}

/** The settings that differ from those of the game's stack. */
export const EXAMPLE_SETTINGS: Settings = {
  serverImage: IMAGE,
  serverPort: 3000,
  socketPaths: ['/socket.io'],
  sticky: 'cookie',
  drainSeconds: 10,
  redis: 'single',
  replicas: 4,
  ingressReplicas: 2,
  autoscaling: 'none',
};

/** Keeps clients of both transports connected while `strike` acts on their cluster. */
async function through(system: StackSystem, strike: () => Promise<string>): Promise<string> {
  const { url, rootPem: ca } = system;
  const tally = new Tally();
  const sessions: Sessions = { opened: 0, announced: 0, failed: [] };
  const stop = new AbortController();
  const target = `${url.replace(/^https/, 'wss').replace(/\/$/, '')}/socket.io/?EIO=4&transport=websocket`;
  const plan = {
    target,
    ca: Buffer.from(ca),
    sockets: SOCKETS,
    seconds: A_DAY_SECONDS,
    rampSeconds: 5,
    // Socket.IO's server sends the pings, so the answer may come before its ping and still counts.
    ping: { text: '3', expect: '2', pace: 0.1 },
    headers: [],
    out: '',
  };
  const holding = holdSockets(plan, () => undefined, stop.signal, tally);
  holding.catch(() => undefined);
  const clients = Array.from({ length: POLLING }, () => new PollingClient({ url, ca }, sessions));
  const whole = async () => (tally.open === SOCKETS && clients.every(({ isOpen }) => isOpen) ? true : undefined);
  const patience = { timeoutMs: 60_000, intervalMs: 250 };
  try {
    await Promise.all(clients.map((client) => client.open()));
    await waitFor(whole, { what: 'every client to be connected', ...patience });
    const told = await strike();
    await waitFor(whole, { what: 'every client to be connected again', ...patience });
    const dropped = tally.dropCount;
    assert.equal(tally.drops.get(UNANNOUNCED) ?? 0, 0, `sockets dropped by code: ${JSON.stringify([...tally.drops])}`);
    assert.deepEqual(sessions.failed, []);
    return `${dropped} of ${SOCKETS} sockets closed, ${sessions.announced} of ${POLLING} polling sessions, 0 unannounced; ${told}`;
  } finally {
    stop.abort();
    await Promise.all([holding.catch(() => undefined), ...clients.map((client) => client.close())]);
  }
}

/** A copy is deleted and drains, as in an eviction. */
const copyDeleted = (system: StackSystem): Promise<string> =>
  through(system, async () => {
    const [victim] = await system.kubectl.pods('server');
    await system.kubectl.run(['delete', 'pod', victim!.metadata.name]);
    await system.kubectl.settled();
    return `${victim!.metadata.name} deleted`;
  });

/** Every copy is replaced, one after the other. */
const copiesReplaced = (system: StackSystem): Promise<string> =>
  through(system, () => system.change({ serverEnvironment: { ROLLED: 'yes' } }));

/** A new leaf closes no socket and no session. */
const leafRotated = (system: StackSystem): Promise<string> => through(system, () => system.rotate('leaf'));

const named = (title: string, run: (system: StackSystem) => Promise<string>): Scenario => ({
  name: 'socket-io',
  title: `Socket.IO: ${title}`,
  run: ({ system }) => run(system.stack!),
});

export const EXAMPLE: readonly Scenario[] = [
  named('a copy deleted', copyDeleted),
  named('a rolling update', copiesReplaced),
  named('a leaf rotated', leafRotated),
];
