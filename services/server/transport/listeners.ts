import { rmSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/**
 * Has an HTTP server listen on a UNIX socket too, for an edge on the same machine: it costs half as much as the
 * loopback's TCP. Only its own user may connect.
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

/** Has an HTTP server listen. Rejects when it cannot. */
export function listen(server: HttpServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Stops listening and ends what is open. */
export function closeServer(server: HttpServer): void {
  server.close();
  server.closeAllConnections();
}

/** Base of the URLs of a server that listens, with the port it got. */
export function urlOf(server: HttpServer): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
