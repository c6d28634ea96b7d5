import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { SESSION_PATH, SOCKET_PATH, SUBPROTOCOL } from '../../services/protocol/index.ts';

const TIMEOUT_MS = 2000;

function sessionToken(port: number, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ name: 'probe' });
    const post = request(
      {
        host: '127.0.0.1',
        port,
        path: SESSION_PATH,
        method: 'POST',
        ca,
        timeout: TIMEOUT_MS,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 201)
            reject(new Error(`POST ${SESSION_PATH} answers ${response.statusCode} ${text}`));
          else resolve((JSON.parse(text) as { token: string }).token);
        });
      },
    );
    post.on('timeout', () => post.destroy(new Error(`POST ${SESSION_PATH} is not answered`)));
    post.on('error', reject);
    post.end(body);
  });
}

/**
 * Does what a player's program does: gets a token and opens a WebSocket through the edge, trusting the root alone.
 * Resolves with the APPID of the replica that said welcome; rejects when any of it fails.
 */
export async function handshake(port: number, rootPath: string): Promise<string> {
  const ca = readFileSync(rootPath);
  const [{ WebSocket }, token] = await Promise.all([import('ws'), sessionToken(port, ca)]);
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}${SOCKET_PATH}`, SUBPROTOCOL, {
      ca,
      headers: { Authorization: `Bearer ${token}` },
      handshakeTimeout: TIMEOUT_MS,
    });
    const timer = setTimeout(() => socket.terminate(), TIMEOUT_MS);
    socket.on('error', reject);
    socket.on('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`the WebSocket was closed with ${code} before it was welcomed`));
    });
    socket.on('message', (data) => {
      const first = [JSON.parse(String(data)) as unknown].flat()[0] as { type?: string; replica?: string };
      if (first.type !== 'welcome' || first.replica === undefined)
        reject(new Error(`unexpected greeting: ${String(data)}`));
      else resolve(first.replica);
      socket.close(1000);
    });
  });
}
