import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { OPERATIONS_PATH, OPERATIONS_SOCKET } from '../../protocol/operations.ts';
import { OPERATOR_PATH } from '../../protocol/operator.ts';
import { CONTENT_SECURITY_POLICY } from '../transport/security-headers.ts';
import { accessProblem, isLoopback } from './access.ts';
import type { OperatorApi } from './operator-api.ts';
import { type PageFeed, parseRun } from './page-feed.ts';

const RUN_PATH = '/ops/run';
const MOST_BODY = 64 * 1024;
const MOST_VIEWERS = 32;

export interface PageServerOptions {
  readonly pageFeed: PageFeed;
  /** Directory of the built pages; without it there is only the socket. */
  readonly webRoot: string | undefined;
}

/** Serves the operations page, its socket and the receiver of load runs on the internal listener. */
export class PageServer {
  readonly #options: PageServerOptions;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 });

  #operatorApi: OperatorApi | undefined;

  constructor(options: PageServerOptions) {
    this.#options = options;
  }

  /** From now on operators may act, with their keys. */
  open(operatorApi: OperatorApi): void {
    this.#operatorApi = operatorApi;
  }

  /** Takes the upgrades of a server. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      const refuse = (status: string, sentence: string) => {
        const length = Buffer.byteLength(sentence);
        const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${length}`;
        socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${sentence}`);
      };
      const problem = accessProblem(request);
      if (pathOf(request) !== OPERATIONS_SOCKET) return refuse('404 Not Found', `The socket is ${OPERATIONS_SOCKET}.`);
      if (problem !== undefined) return refuse('403 Forbidden', problem);
      if (this.#sockets.clients.size >= MOST_VIEWERS) {
        return refuse('503 Service Unavailable', `${MOST_VIEWERS} pages are open here: open one of another replica.`);
      }
      this.#sockets.handleUpgrade(request, socket, head, (viewer) => this.#options.pageFeed.add(viewer));
    });
  }

  /** Answers what begins with /ops. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = accessProblem(request);
    const path = pathOf(request);
    if (problem !== undefined) return answer(response, 403, problem);
    if (path.startsWith(OPERATOR_PATH)) return this.#operate(request, response);
    if (path === RUN_PATH) return this.#takeRun(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'There is only GET here.');
    if (path === '/ops') return void response.writeHead(308, { Location: OPERATIONS_PATH }).end();
    const { webRoot } = this.#options;
    const name = path.slice(OPERATIONS_PATH.length);
    const file = webRoot === undefined ? undefined : await staticFile(join(webRoot, 'ops'), name);
    if (file === undefined) return answer(response, 404, `There is nothing at ${path.slice(0, 100)}.`);
    response
      .writeHead(200, {
        'Content-Type': file.type,
        'Content-Length': file.body.length,
        'Cache-Control': file.cache,
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        // Browsers take it from localhost only where there is no TLS, and complain otherwise.
        ...(isLoopback(request) ? { 'Cross-Origin-Opener-Policy': 'same-origin' } : {}),
        'Cross-Origin-Resource-Policy': 'same-origin',
      })
      .end(request.method === 'HEAD' ? undefined : file.body);
  }

  close(): void {
    this.#options.pageFeed.close();
    this.#sockets.close();
  }

  async #operate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#operatorApi) return this.#operatorApi.handle(request, response);
    answer(response, 404, 'This cluster has no keys of operators (operatorKeysFile): the page only shows.');
  }

  async #takeRun(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return answer(response, 405, 'Send a load run by POST.');
    // What a form of another page could send is not JSON.
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return answer(response, 415, 'Send the load run as application/json.');
    }
    const text = await bodyOf(request);
    if (text === undefined) return answer(response, 413, `A load run has at most ${MOST_BODY} bytes.`);
    const run = parseRun(text);
    if (typeof run === 'string') return answer(response, 400, run);
    try {
      await this.#options.pageFeed.take(run);
    } catch {
      return answer(response, 503, 'The store is not available; try again.');
    }
    response.writeHead(204).end();
  }
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0]!;

/** Undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_BODY) chunks.push(chunk);
    // A body far above the limit is not read to its end.
    if (length > 16 * MOST_BODY) break;
  }
  return length > MOST_BODY ? undefined : Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
  response.writeHead(status, headers).end(`${sentence}\n`);
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
};

/** File names that the build gives: nothing in them leads out of the directory. */
const NAME = /^(index\.html|favicon\.svg|assets\/[A-Za-z0-9_-]+(\.[a-z]+){1,2})$/;

export interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
  readonly cache: string;
}

/** A file of a built page by its path below the page's own; undefined when there is none. */
export async function staticFile(directory: string, path: string): Promise<StaticFile | undefined> {
  const name = path === '' ? 'index.html' : path;
  if (!NAME.test(name)) return undefined;
  try {
    const body = await readFile(join(directory, name));
    const cache = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    return { body, type: TYPES[extname(name)] ?? 'application/octet-stream', cache };
  } catch {
    return undefined;
  }
}
