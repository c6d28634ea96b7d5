import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TestProxy {
  readonly port: number;
  /** Connections that stand now pass nothing on any more and stay open; new ones work. */
  freeze(): void;
  stop(): Promise<void>;
}

/** A TCP proxy to a port of this machine, to break connections in ways a server does not. */
export async function startProxy(target: number): Promise<TestProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((inward) => {
    const outward = connect(target, '127.0.0.1');
    const pair: [Socket, Socket] = [inward, outward];
    pairs.add(pair);
    inward.pipe(outward).pipe(inward);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const either of pair) either.destroy();
        pairs.delete(pair);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const [inward, outward] of pairs) {
        inward.unpipe();
        outward.unpipe();
        // Read on, so that only the silence is noticed.
        inward.resume();
        outward.resume();
      }
    },
    stop: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
