// Free ports for tests. Test processes run side by side, and a port that is free now may be taken before a server listens
// on it. So every process first claims a block of ports by listening on the first one: the kernel grants it to one process
// only and takes it back when the process ends, however it ends.
import { createServer, type Server } from 'node:net';

/** Below the ephemeral ranges (Linux 32768, macOS 49152) and below the range in which Gridlock itself looks for ports. */
const FROM = 10_000;
const TO = 20_000;
const BLOCK = 50;
const BLOCKS = (TO - FROM) / BLOCK;

const claims: Server[] = [];
/** The ports of the claimed blocks that have not been handed out yet. */
const unused: number[] = [];

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** @throws Error when every block is taken */
async function claimBlock(): Promise<void> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let tried = 0; tried < BLOCKS; tried++) {
    const first = FROM + ((start + tried) % BLOCKS) * BLOCK;
    const claim = await listen(first);
    if (claim === undefined) continue;
    claim.unref();
    claims.push(claim);
    unused.push(...Array.from({ length: BLOCK - 1 }, (_, index) => first + 1 + index));
    return;
  }
  throw new Error(`Every block of ports from ${FROM} to ${TO} is taken: end what listens there.`);
}

let queue: Promise<unknown> = Promise.resolve();

/** Finds `count` free TCP ports of the loopback address. No two calls get the same port, in no process. */
export function freePorts(count: number): Promise<number[]> {
  const ports = queue.then(async () => {
    const found: number[] = [];
    while (found.length < count) {
      if (unused.length === 0) await claimBlock();
      const port = unused.shift()!;
      if (await isFree(port)) found.push(port);
    }
    return found;
  });
  queue = ports.catch(() => undefined);
  return ports;
}

/** One port, as `freePorts` finds it. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
