// A real HAProxy in front of tiny echo replicas, for the tests next to this file.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { BACKEND_HEADER } from '../../services/server/api/api-keys.ts';
import { freePorts } from '../../tests/kit/ports.ts';
import { type Config, readConfig } from '../config/config.ts';
import { edgeSettings } from '../config/edge-settings.ts';
import { waitFor } from '../local/wait.ts';
import { findBinary } from '../setup/binaries.mjs';
import { serversUp } from './haproxy.ts';
import { bindAddresses, type EdgeOptions } from './options.ts';
import { renderEdge } from './render.ts';

export const defaults = readConfig({ directory: '/nonexistent' });

/** Writes a self-signed certificate with its key to `leaf.pem` in a directory. */
export function selfSigned(directory: string): void {
  const [key, leaf] = [path.join(directory, 'key.pem'), path.join(directory, 'leaf.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      leaf,
    ],
    { stdio: 'ignore' },
  );
  writeFileSync(leaf, readFileSync(leaf, 'utf8') + readFileSync(key, 'utf8'));
}

export interface EchoReplica {
  name: string;
  port: number;
  checkPort: number;
  /** Whether /readyz says 200. */
  setReady(ready: boolean): void;
  close(): void;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * A message that makes an echo replica send more than any buffer holds, and close soon after, as a replica does with
 * slow readers.
 */
export const FLOOD = 'flood';
const FLOOD_BYTES = 16 * 1024 * 1024;

function flood(socket: WebSocket): void {
  socket.send(Buffer.alloc(FLOOD_BYTES));
  setTimeout(() => socket.terminate(), 500);
}

/** An echo replica refuses these paths, the second as if for a backend with a key. */
export const REFUSED_PATH = '/refused';
export const REFUSED_BACKEND_PATH = '/refused-backend';

/** Answers every request with its own name, and what it got; echoes on /ws. */
async function echoReplica(name: string): Promise<EchoReplica> {
  let ready = true;
  const serving = createServer((request, response) => {
    if (request.url === '/style.css') {
      response.writeHead(200, { 'Content-Type': 'text/css' });
      response.end('a{color:red}'.repeat(500));
      return;
    }
    const status = request.url?.startsWith(REFUSED_PATH) ? 403 : 200;
    if (request.url === REFUSED_BACKEND_PATH) response.setHeader(BACKEND_HEADER, 'shop');
    response.writeHead(status, { 'Content-Type': 'application/json', Server: 'echo' });
    response.end(JSON.stringify({ name, headers: request.headers, url: request.url }));
  });
  const sockets = new WebSocketServer({ server: serving, path: '/ws' });
  sockets.on('connection', (socket) => {
    socket.send(name);
    socket.on('message', (data) => (String(data) === FLOOD ? flood(socket) : socket.send(String(data))));
  });
  const internal = createServer((_, response) => response.writeHead(ready ? 200 : 503).end());
  const [port, checkPort] = [await listen(serving), await listen(internal)];
  return {
    name,
    port,
    checkPort,
    setReady: (now) => {
      ready = now;
    },
    close: () => {
      for (const client of sockets.clients) client.terminate();
      for (const server of [serving, internal]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

function collect(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () =>
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      }),
    );
  });
}

export type RequestInit = RequestOptions & { body?: string };

function send(begin: typeof httpRequest | typeof httpsRequest, { body, ...options }: RequestInit): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = begin({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      collect(response).then(resolve, reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

export interface Edge {
  config: Config;
  directory: string;
  replicas: EchoReplica[];
  ca: Buffer;
  runtimeSocket: string;
  /** The socket of the master process, which reaches workers that a reload replaced. */
  masterSocket: string;
  /** A request to the https port, or with `plain` to the http port. */
  https(options?: RequestInit): Promise<Answer>;
  plain(options?: RequestInit): Promise<Answer>;
  metrics(options?: RequestInit): Promise<Answer>;
  /** The log of HAProxy so far. */
  log(): string;
  /** Resolves when exactly these replicas are in rotation. */
  inRotation(...names: string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts HAProxy with the given configuration over the defaults, in front of two echo replicas. `extra` may
 * prepare files in the edge's directory first, `render` a configuration of another kind.
 */
export async function startEdge(
  overrides: Partial<Config> = {},
  extra: Partial<EdgeOptions> | ((directory: string) => Partial<EdgeOptions>) = {},
  render: (options: EdgeOptions) => string = renderEdge,
): Promise<Edge> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-edge-'));
  const [port, httpPort, metricsPort] = (await freePorts(3)) as [number, number, number];
  const config: Config = { ...defaults, maxConnections: 500, port, httpPort, ...overrides };
  selfSigned(directory);
  const replicas = [await echoReplica('ws1'), await echoReplica('ws2')];
  const closeReplicas = () => {
    for (const replica of replicas) replica.close();
    rmSync(directory, { recursive: true, force: true });
  };
  const options = {
    settings: edgeSettings(config),
    certificate: 'leaf.pem',
    cookieKey: 'not a secret',
    runtimeSocket: 'haproxy.sock',
    servers: replicas.map((replica) => ({ ...replica, address: '127.0.0.1' })),
    metrics: `127.0.0.1:${metricsPort}`,
    addresses: bindAddresses(config.host, false),
  };
  try {
    const prepared = typeof extra === 'function' ? extra(directory) : extra;
    writeFileSync(path.join(directory, 'haproxy.cfg'), render({ ...options, ...prepared }));
  } catch (error) {
    closeReplicas();
    throw error;
  }
  const child = spawn(findBinary('haproxy')!, ['-W', '-S', 'unix@master.sock,level,admin', '-f', 'haproxy.cfg'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += String(chunk)));
  const ended = once(child, 'exit');
  const runtimeSocket = path.join(directory, 'haproxy.sock');
  const inRotation = async (...names: string[]) => {
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(log);
        return String(await serversUp(runtimeSocket)) === String(names) || undefined;
      },
      { what: `${String(names)} in rotation`, timeoutMs: 30_000 },
    );
  };
  const ca = readFileSync(path.join(directory, 'leaf.pem'));
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    closeReplicas();
  };
  await inRotation('ws1', 'ws2').catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    config,
    directory,
    replicas,
    ca,
    runtimeSocket,
    masterSocket: path.join(directory, 'master.sock'),
    inRotation,
    close,
    https: (options) => send(httpsRequest, { port, ca, path: '/', servername: 'localhost', ...options }),
    plain: (options) => send(httpRequest, { port: httpPort, path: '/', ...options }),
    metrics: (options) => send(httpRequest, { port: metricsPort, path: '/metrics', ...options }),
    log: () => log,
  };
}

/** The counters of refused requests, by reason. */
export const refusalsOf = ({ body }: Answer): Record<string, number> =>
  Object.fromEntries(
    [...body.matchAll(/^gridlock_edge_refused_requests_total\{reason="(\w+)"\} (\d+)$/gm)].map(([, reason, count]) => [
      reason!,
      Number(count),
    ]),
  );

/** Bytes that wait in the kernel to be sent on connections of a local port. */
export function waitingBytes(port: number): number {
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local]) => Number.parseInt(local!.split(':')[1]!, 16) === port)
    .reduce((sum, columns) => sum + Number.parseInt(columns[4]!.split(':')[0]!, 16), 0);
}
