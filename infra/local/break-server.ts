import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as v from 'valibot';
import {
  BREAK_PARTS,
  BREAK_PATH,
  BREAK_STATUS,
  BreakRequest,
  type BreakStatus,
} from '../../services/protocol/break-it.ts';
import type { BreakAccess } from './break-access.ts';
import { StrikeRefused, type Strikes } from './strikes.ts';

const MOST_BODY = 1024;

export interface BreakServerOptions {
  readonly socketPath: string;
  readonly access: BreakAccess;
  readonly strikes: Strikes;
}

/** Accepts requests to break a part of the cluster. The edge passes them on through a UNIX socket. */
export class BreakServer {
  readonly #options: BreakServerOptions;
  readonly #server: Server;

  constructor(options: BreakServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: Error) => fail(response, 500, 'internal', error.message));
    });
  }

  /** Only the user of the supervisor may connect to the socket, as its directory is 0700. */
  async listen(): Promise<this> {
    const { socketPath } = this.#options;
    rmSync(socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, resolve);
    });
    return this;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { access, strikes } = this.#options;
    const problem = access.problem(request);
    if (problem !== undefined)
      return answer(response, problem.status, { code: problem.code, message: problem.message });
    const { method, url = '' } = request;
    if (url === BREAK_STATUS) {
      if (method !== 'GET') return fail(response, 405, 'method_not_allowed', 'There is only GET here.');
      const status: BreakStatus = { available: true, parts: [...strikes.parts], strikes: [...strikes.latest] };
      return answer(response, 200, status);
    }
    const part = BREAK_PARTS.find((each) => url === BREAK_PATH + each);
    if (part === undefined) return fail(response, 404, 'not_found', `There is nothing at ${url.slice(0, 100)}.`);
    if (method !== 'POST') return fail(response, 405, 'method_not_allowed', 'There is only POST here.');
    const body = await bodyOf(request);
    if (body === undefined)
      return fail(response, 400, 'bad_request', 'Send JSON: an object, for a replica with its "appId".');
    try {
      answer(response, 202, strikes.strike(part, body.appId, access.who(request)));
    } catch (error) {
      if (!(error instanceof StrikeRefused)) throw error;
      fail(response, error.code.startsWith('unknown') ? 404 : 409, error.code, error.message);
    }
  }
}

/** Undefined when the body is not valid. */
async function bodyOf(request: IncomingMessage): Promise<v.InferOutput<typeof BreakRequest> | undefined> {
  let text = '';
  try {
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk;
      if (text.length > MOST_BODY) return undefined;
    }
    return v.parse(BreakRequest, JSON.parse(text));
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

const fail = (response: ServerResponse, status: number, code: string, message: string): void =>
  answer(response, status, { code, message });
