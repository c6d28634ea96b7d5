import { once } from 'node:events';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { pathsOf } from '../directory/authority-files.ts';
import { CertificateError, hasCode } from '../errors.ts';

export interface ResponderOptions {
  dir: string;
  /** Prometheus text for `/metrics`. */
  metrics?: () => Promise<string>;
}

/** Where it listens: a UNIX socket's path, or an address and port. */
export type Listen = string | { host: string; port: number };

/**
 * Serves the parts of an authority that clients read without TLS: revocation lists below `/crl/`, answers to http-01
 * challenges, and metrics. It runs behind the edge, and reads the files at each request.
 */
export async function startResponder(listen: Listen, options: ResponderOptions): Promise<Server> {
  const directory = resolve(options.dir);
  const server = createServer((request, response) => {
    answer(directory, options, request, response).catch(() => response.writeHead(500).end());
  });
  if (typeof listen === 'string') removeStaleSocket(listen);
  server.listen(typeof listen === 'string' ? { path: listen } : listen);
  await once(server, 'listening');
  return server;
}

/**
 * Removes the socket that a killed process left behind; two authorities never share one. Throws a CertificateError for
 * anything else in its place.
 */
export function removeStaleSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new CertificateError('exists', `${path} exists and is not a socket: choose another place to listen at.`);
  }
  rmSync(path, { force: true });
}

const DAY_SECONDS = 24 * 60 * 60;

async function answer(
  directory: string,
  options: ResponderOptions,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  const [path = ''] = url.split('?');
  if (path === '/metrics' && options.metrics !== undefined) {
    const text = await options.metrics();
    return void response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(text);
  }
  const list = /^\/crl\/([0-9a-f]{16}\.crl)$/.exec(path)?.[1];
  const token = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/.exec(path)?.[1];
  const content =
    list !== undefined
      ? read(join(directory, list))
      : token !== undefined
        ? read(join(pathsOf(directory).challenges, token))
        : undefined;
  if (content === undefined) {
    const body = JSON.stringify({ code: 'not_found', message: 'Not found.' });
    return void response.writeHead(404, { 'Content-Type': 'application/json' }).end(body);
  }
  const type = list === undefined ? 'application/octet-stream' : 'application/pkix-crl';
  const caching = list === undefined ? 'no-store' : `max-age=${DAY_SECONDS / 24}`;
  response
    .writeHead(200, { 'Content-Type': type, 'Content-Length': content.length, 'Cache-Control': caching })
    .end(method === 'HEAD' ? undefined : content);
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
