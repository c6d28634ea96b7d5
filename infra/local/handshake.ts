import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { Config } from '../config/config.ts';
import type { StatePaths } from './state-paths.ts';

const TIMEOUT_MS = 2000;
const PROBE_MS = 60_000;

/** The identity that the edge has to prove. */
export interface Expected {
  /** File with the certificates to trust. */
  trust: string;
  /** The name and the issuer that its certificate must have when it is not from the cluster's own authority. */
  serverName?: string;
}

/** The identity that the edge of a configuration has to prove: its own root, or exactly the configured certificate. */
export function expectedOf(
  { host, certificateFile }: Pick<Config, 'host' | 'certificateFile'>,
  { pki, edgeCertificate }: Pick<StatePaths, 'pki' | 'edgeCertificate'>,
): Expected {
  if (certificateFile === '') return { trust: `${pki}/root.pem` };
  return { trust: edgeCertificate, ...(isIP(host) === 0 ? { serverName: host } : {}) };
}

/**
 * Connects as a player's program does: gets a token and opens a WebSocket through the edge, trusting one root alone.
 * Resolves with the APPID of the replica that said welcome; rejects when the first attempt fails. With `tokenSecret`,
 * the file of that, it makes the token itself: for a cluster that lets no guests in.
 */
export async function handshake(port: number, { trust, serverName }: Expected, tokenSecret?: string): Promise<string> {
  const { GridlockClient, nodePlatform } = await import('../../services/client/node.ts');
  const url = `https://127.0.0.1:${port}`;
  const ca = readFileSync(trust);
  const tls = serverName === undefined ? {} : { servername: serverName, allowPartialTrustChain: true };
  const platform = nodePlatform({ url, ca, tls });
  const createSession = tokenSecret === undefined ? platform.createSession : () => ownSession(tokenSecret);
  const client = new GridlockClient({ ...platform, createSession }, { name: 'probe', connectTimeoutMs: TIMEOUT_MS });
  try {
    return await new Promise((resolve, reject) => {
      client.on('error', reject);
      // The client would retry forever; here the caller decides that.
      client.on('state', ({ retryInMs, message }) => {
        if (retryInMs !== undefined) reject(new Error(message));
      });
      client.connect().then(({ replica }) => resolve(replica), reject);
    });
  } finally {
    client.close();
  }
}

/** As if it had been exchanged for a JWT that expires soon. */
async function ownSession(tokenSecret: string) {
  const { Sessions } = await import('../../services/server/session/sessions.ts');
  const now = Date.now();
  return new Sessions(readFileSync(tokenSecret)).issue({ id: 'probe', name: 'probe' }, now, now + PROBE_MS);
}

/** Resolves with the version of TLS, as `TLSv1.3`, once the edge has proved its identity; rejects otherwise. */
export function tlsHandshake(port: number, { trust, serverName = 'localhost' }: Expected): Promise<string> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(trust);
    const socket = connect({ host: '127.0.0.1', port, servername: serverName, ca, allowPartialTrustChain: true });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('The edge does not answer.')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? 'TLS');
      socket.end();
    });
  });
}
