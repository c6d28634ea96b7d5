// A real HAProxy that serves the leaf of a directory, for the tests next to this file.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../tests/kit/ports.ts';
import { type Edge, isRunning, writeEdge } from '../edge/edge-deployment.ts';

const binary = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/opt/homebrew/bin/haproxy'].find(existsSync);

/** The reason why tests with a running edge are skipped here; undefined when they run. */
export const withoutHaproxy = binary === undefined ? 'haproxy is not installed: apt-get install haproxy' : false;

export interface TestEdge {
  edge: Edge;
  port: number;
  process: ChildProcess;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Serves `leaf.pem` of the authority in `dir`, and records that there. A request is answered with "hello". */
export async function startTestEdge(t: { after(work: () => unknown): void }, dir: string): Promise<TestEdge> {
  const port = await freePort();
  const root = dirname(dir);
  const socket = join(root, 'haproxy.sock');
  writeFileSync(
    join(root, 'haproxy.cfg'),
    `global
  stats socket unix@haproxy.sock mode 600 level admin
  ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 2s
  timeout tunnel 1h
frontend https
  bind 127.0.0.1:${port} ssl crt ${dir.slice(root.length + 1)}/leaf.pem
  http-request return status 200 content-type text/plain string hello
`,
  );
  const edge: Edge = {
    runtimeSocket: '../haproxy.sock',
    certificate: `${dir.slice(root.length + 1)}/leaf.pem`,
    endpoints: [{ host: '127.0.0.1', port }],
  };
  writeEdge(dir, edge);
  const target = { ...edge, runtimeSocket: socket };
  const running = {
    edge: target,
    port,
    process: undefined as unknown as ChildProcess,
    async start() {
      running.process = spawn(binary!, ['-db', '-f', 'haproxy.cfg'], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let log = '';
      running.process.stderr!.on('data', (chunk) => (log += String(chunk)));
      while (!(await isRunning(target))) {
        if (running.process.exitCode !== null) throw new Error(log);
        await delay(20);
      }
    },
    async stop() {
      if (running.process.exitCode !== null || running.process.signalCode !== null) return;
      running.process.kill('SIGKILL');
      await once(running.process, 'exit');
      rmSync(socket, { force: true });
    },
  };
  t.after(() => running.stop());
  await running.start();
  return running;
}
