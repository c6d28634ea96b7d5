import { rmSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';

/**
 * Has an HTTP server answer on a UNIX socket too, where an edge on the same machine finds it: what passes there costs
 * half of what it does through the loopback's TCP. Only its own user may connect.
 */
export function listenLocally(http: HttpServer, path: string): Promise<Server> {
  // Left behind by a process that was killed.
  rmSync(path, { force: true });
  const server = createServer((socket) => http.emit('connection', socket));
  const before = process.umask(0o177);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve(server);
    });
    process.umask(before);
  });
}
