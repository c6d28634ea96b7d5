import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { UsageError } from '../usage-error.ts';
import type { AnyStatus, RunningStatus } from './system-status.ts';

/** The requests to a running supervisor over its UNIX socket: one word per line, answered by one line of JSON. */
export interface ControlHandler {
  status(): Promise<AnyStatus>;
  /** Replaces the certificate of the edge. Resolves with the result as a sentence. */
  rotate(): Promise<string>;
  /** Begins the drain; the connection closes when the process ends. */
  stop(): void;
}

/** Listens on the control socket; only its owner may connect, because the directory is 0700. */
export function serveControl(socketPath: string, handler: ControlHandler): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer((socket) => {
    let line = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      line += chunk.toString();
      const command = line.split('\n')[0]!;
      if (!line.includes('\n') && line.length < 64) return;
      line = '';
      if (command === 'status') {
        handler.status().then(
          (status) => socket.end(`${JSON.stringify(status)}\n`),
          (error: Error) => socket.end(`${JSON.stringify({ error: error.message })}\n`),
        );
      } else if (command === 'rotate') {
        handler.rotate().then(
          (rotated) => socket.end(`${JSON.stringify({ rotated })}\n`),
          (error: Error) => socket.end(`${JSON.stringify({ error: error.message })}\n`),
        );
      } else if (command === 'stop') {
        socket.write('{"stopping":true}\n');
        handler.stop();
      } else {
        socket.end('{"error":"unknown command"}\n');
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => resolve(server));
  });
}

/** How long a supervisor may take to begin its answer. */
const ANSWER_MS = 5000;

/**
 * Sends one command and resolves with the answer once the other side has closed. @throws when nothing listens, or there
 * is no answer within five seconds
 */
export function askControl(socketPath: string, command: 'status' | 'stop'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    socket.on('connect', () => socket.write(`${command}\n`));
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('it does not answer')));
    socket.on('data', (chunk) => {
      socket.setTimeout(0);
      answer += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', (hadError) => {
      if (!hadError) resolve(answer);
    });
  });
}

/** The status of the running cluster, of either kind. @throws when nothing listens or the answer is an error */
export async function askAnyStatus(socketPath: string): Promise<AnyStatus> {
  const status = JSON.parse(await askControl(socketPath, 'status')) as AnyStatus | { error: string };
  if ('error' in status) throw new Error(status.error);
  return status;
}

/**
 * The status of a cluster of Gridlock's replicas. @throws when nothing listens or the answer is an error; UsageError
 * when the user's own server runs there
 */
export async function askStatus(socketPath: string): Promise<RunningStatus> {
  const status = await askAnyStatus(socketPath);
  if ('replicas' in status) return status;
  throw new UsageError(
    `A server of your own runs at ${status.url}, and this is for Gridlock's replicas: npm run load -- connect is for any.`,
  );
}
