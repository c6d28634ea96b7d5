import { readFileSync } from 'node:fs';

const TIMEOUT_MS = 2000;

/**
 * Does what a player's program does: gets a token and opens a WebSocket through the edge, trusting the root alone.
 * Resolves with the APPID of the replica that said welcome; rejects when the first attempt fails.
 */
export async function handshake(port: number, rootPath: string): Promise<string> {
  const { createNodeClient } = await import('../../services/client/node.ts');
  const url = `https://127.0.0.1:${port}`;
  const ca = readFileSync(rootPath);
  const client = createNodeClient({ url, ca, name: 'probe', connectTimeoutMs: TIMEOUT_MS });
  try {
    return await new Promise((resolve, reject) => {
      client.on('error', reject);
      // The client would try again and again: whoever asks here decides that.
      client.on('state', ({ retryInMs, message }) => {
        if (retryInMs !== undefined) reject(new Error(message));
      });
      client.connect().then(({ replica }) => resolve(replica), reject);
    });
  } finally {
    client.close();
  }
}
