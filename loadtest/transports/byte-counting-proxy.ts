import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface Wire {
  readonly port: number;
  /** Bytes that passed, in both directions, TLS included. */
  readonly bytes: number;
  stop(): Promise<void>;
}

/** A TCP proxy to a port of this machine that counts the bytes. */
export async function tapWire(target: number): Promise<Wire> {
  let bytes = 0;
  const server = createServer((inward) => {
    const outward = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (chunk) => (bytes += chunk.length));
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    get bytes() {
      return bytes;
    },
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
