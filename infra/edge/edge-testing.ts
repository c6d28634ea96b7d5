// Connections of tests to an edge: over TLS, as a WebSocket, byte by byte.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { type Edge, startEdge } from './testing.ts';

/** Runs a test body against its own edge. */
export async function withEdge(
  overrides: Parameters<typeof startEdge>[0],
  work: (edge: Edge) => Promise<void>,
): Promise<void> {
  const own = await startEdge(overrides);
  try {
    await work(own);
  } finally {
    await own.close();
  }
}

export function tls(
  target: Edge,
  options: ConnectionOptions = {},
): Promise<{ protocol: string | null; alpn: string | false }> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: target.config.port, ca: target.ca, ...options }, () => {
      resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol ?? false });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

export async function openSocket(target: Edge, query = '', headers: Record<string, string> = {}) {
  const socket = new WebSocket(`wss://127.0.0.1:${target.config.port}/ws${query}`, {
    ca: target.ca,
    headers,
  });
  const upgraded = once(socket, 'upgrade');
  const greeted = once(socket, 'message');
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error));
  await Promise.race([Promise.all([upgraded, greeted]), failed]);
  failed.catch(() => undefined);
  const [response] = (await upgraded) as [{ headers: Record<string, string[] | string> }];
  const [greeting] = await greeted;
  return { socket, headers: response.headers, replica: String(greeting) };
}

/** All that a peer sends on a raw connection until it closes it. */
export async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}

export function rawTls(target: Edge): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: target.config.port, ca: target.ca }, () => resolve(socket));
    socket.on('error', reject);
  });
}
