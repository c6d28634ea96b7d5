// Autobahn's cases for RFC 6455, as kosoku runs them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { SOCKET_OPTIONS } from '../services/client/node.ts';
import { textFrame } from '../services/server/transport/packet.ts';
import { BOUNDED } from '../services/server/transport/upgrade.ts';
import { writeFrame } from '../services/server/transport/ws-socket.ts';
import { until } from './kit/wait.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const KOSOKU = path.join(ROOT, '.tools/bin/kosoku');
/** Where the reports stay. */
const REPORTS = path.join(ROOT, '.artifacts/autobahn');

/** Why the cases cannot be run here, for a test's `skip`. */
export const withoutKosoku = existsSync(KOSOKU)
  ? false
  : 'kosoku is not installed: with Python 3.10 and its venv module, node infra/setup/run.mjs test installs it';

/** The cases by their results. */
export interface Verdict {
  readonly cases: number;
  readonly behaviours: Readonly<Record<string, number>>;
  /**
   * Cases that failed, or whose connection was not closed correctly. A case that was only late counts when it was late
   * twice.
   */
  readonly failed: readonly string[];
}

interface Outcome {
  readonly behavior: string;
  readonly behaviorClose: string;
  /** The case failed although nothing wrong arrived: the expected data was late. */
  readonly isLate: boolean;
}

/** The fields about a case in kosoku's index and report. */
interface IndexEntry extends Omit<Outcome, 'isLate'> {
  readonly reportfile: string;
}
interface CaseReport {
  readonly expected: Readonly<Record<string, readonly unknown[]>>;
  readonly received: readonly unknown[];
}

const PASSED = new Set(['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED']);

/** The result of each case, by its name. */
type Outcomes = ReadonlyMap<string, Outcome>;

function readOutcomes(directory: string): Outcomes {
  const index = JSON.parse(readFileSync(path.join(directory, 'index.json'), 'utf8')) as Record<
    string,
    Record<string, IndexEntry>
  >;
  const entries = Object.values(index).flatMap((agent) => Object.entries(agent));
  return new Map(
    entries.map(([name, entry]) => [
      name,
      { ...entry, isLate: !hasPassed(entry) && isLate(path.join(directory, entry.reportfile)) },
    ]),
  );
}

/** Everything that arrived is the beginning of an expectation. */
function isLate(reportFile: string): boolean {
  const { expected, received } = JSON.parse(readFileSync(reportFile, 'utf8')) as CaseReport;
  return Object.values(expected).some(
    (events) => JSON.stringify(events.slice(0, received.length)) === JSON.stringify(received),
  );
}

const hasPassed = ({ behavior, behaviorClose }: Omit<Outcome, 'isLate'>): boolean =>
  PASSED.has(behavior) && PASSED.has(behaviorClose);
const failedOf = (outcomes: Outcomes): string[] =>
  [...outcomes].filter(([, outcome]) => !hasPassed(outcome)).map(([name]) => name);
const lateOf = (outcomes: Outcomes): string[] => failedOf(outcomes).filter((name) => outcomes.get(name)!.isLate);

function verdictOf(outcomes: Outcomes): Verdict {
  const behaviours: Record<string, number> = {};
  for (const { behavior } of outcomes.values()) behaviours[behavior] = (behaviours[behavior] ?? 0) + 1;
  const failed = failedOf(outcomes).map((name) => {
    const { behavior, behaviorClose } = outcomes.get(name)!;
    return `${name} ${behavior} ${behaviorClose}`;
  });
  return { cases: outcomes.size, behaviours, failed };
}

function freshDirectory(report: string): string {
  const directory = path.join(REPORTS, report);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Runs cases against a server, all of them unless some are named. */
async function fuzzServer(
  port: number,
  directory: string,
  parallelism: number,
  names: readonly string[] = [],
): Promise<Outcomes> {
  const only = names.flatMap((name) => ['-i', name]);
  const args = ['-p', String(parallelism), ...only, '-o', directory, `127.0.0.1:${port}`];
  const child = spawn(KOSOKU, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let problems = '';
  child.stderr.on('data', (chunk) => (problems += String(chunk)));
  await once(child, 'close');
  if (!existsSync(path.join(directory, 'index.json'))) throw new Error(`kosoku made no report: ${problems}`);
  return readOutcomes(directory);
}

/**
 * Runs all cases against a server. A case waits a second for an answer, and for the end of its connection. A case that
 * was late runs again by itself, and the second result counts.
 */
export async function testServer(port: number, report: string): Promise<Verdict> {
  const all = await fuzzServer(port, freshDirectory(report), 4);
  const late = lateOf(all);
  if (late.length === 0) return verdictOf(all);
  const again = await fuzzServer(port, freshDirectory(`${report}-again`), 1, late);
  return verdictOf(new Map([...all, ...again]));
}

async function fuzzClient(port: number, directory: string, which: readonly string[]): Promise<Outcomes> {
  const server = spawn(KOSOKU, ['-m', 'fuzzingserver', ...which, '-o', directory, `127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
  const ended = once(server, 'close');
  try {
    const open = `ws://127.0.0.1:${port}`;
    await listening(port, server);
    let cases = 0;
    await visit(`${open}/getCaseCount`, (_, data) => (cases = Number(String(data))));
    for (let number = 1; number <= cases; number += 1) {
      const place = `${open}/runCase?case=${number}&agent=sdk`;
      await visit(place, (socket, data, binary) => socket.send(data, { binary }));
    }
    await visit(`${open}/updateReports?agent=sdk`, () => undefined);
    // The file is there before all of it is.
    const isWritten = () => {
      try {
        return readOutcomes(directory).size === cases;
      } catch {
        return false;
      }
    };
    await until(isWritten, 'the fuzzing server has written its report', 20_000);
    return readOutcomes(directory);
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

/**
 * Runs cases against the sockets that the SDK opens in Node, except those that its `maxPayload` refuses. Late cases run
 * a second time, as with a server.
 */
export async function testClient(port: number, report: string): Promise<Verdict> {
  const all = await fuzzClient(port, freshDirectory(report), ['-x', '9.*']);
  const late = lateOf(all);
  if (late.length === 0) return verdictOf(all);
  const those = late.flatMap((name) => ['-i', name]);
  const again = await fuzzClient(port, freshDirectory(`${report}-again`), those);
  return verdictOf(new Map([...all, ...again]));
}

type OnMessage = (socket: WebSocket, data: Buffer, binary: boolean) => void;

async function visit(url: string, onMessage: OnMessage): Promise<void> {
  const socket = new WebSocket(url, SOCKET_OPTIONS);
  // The deliberate faults of the server.
  socket.on('error', () => undefined);
  socket.on('message', (data, binary) => onMessage(socket, data as Buffer, binary));
  await new Promise((resolve) => socket.once('close', resolve));
}

async function listening(port: number, server: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline && server.exitCode === null; ) {
    const socket = connect(port, '127.0.0.1');
    const opened = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('The fuzzing server does not listen.');
}

export interface Listener {
  readonly port: number;
  close(): void;
}

async function listen(server: Server, sockets: Iterable<{ destroy(): void }>): Promise<Listener> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The bounds of a game are too narrow for the cases, whose messages have up to 16 MiB in up to 65,536 fragments. */
const WIDE = { maxPayload: 1 << 26, maxFragments: 1 << 20, maxBufferedChunks: 1 << 22 };

/** The replica's side of a WebSocket, with an echo behind it. It also answers the edge's health check. */
export async function startEcho(): Promise<Listener> {
  const sockets = new Set<Duplex>();
  const options: ServerOptions = { ...BOUNDED, ...WIDE };
  const webSockets = new WebSocketServer(options);
  const server = createServer((_, response) => response.end('ready\n'));
  server.on('connection', (socket: Duplex) => void sockets.add(socket));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => undefined);
      webSocket.on('message', (data, binary) => {
        // Text goes out as a replica sends it.
        if (binary) webSocket.send(data, { binary });
        else if (webSocket.readyState === webSocket.OPEN) writeFrame(webSocket, textFrame(String(data)));
      });
    });
  });
  return listen(server, sockets);
}

/** An entrance to an edge without TLS: it adds TLS, and requests the path of the socket instead of `/`. */
export async function startDoor(port: number, ca: Buffer): Promise<Listener> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createTcpServer((inward) => {
    const outward = connectTls({ port, ca, host: '127.0.0.1', servername: 'localhost', ALPNProtocols: ['http/1.1'] });
    for (const socket of [inward, outward]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        inward.destroy();
        outward.destroy();
      });
    }
    inward.once('data', (first: Buffer) => {
      outward.write(first.toString('latin1').replace(/^GET \S+ /, 'GET /ws '), 'latin1');
      inward.pipe(outward);
    });
    outward.pipe(inward);
  });
  return listen(server, sockets);
}
