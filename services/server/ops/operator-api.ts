import type { IncomingMessage, ServerResponse } from 'node:http';
import { isWorthRepeating } from '../../protocol/index.ts';
import { ConnectionQuery, OPERATOR_PATH, OperatorRequest, type OperatorSession } from '../../protocol/operator.ts';
import type { ApiKeys } from '../api/api-keys.ts';
import type { BackendRooms } from '../api/backend-rooms.ts';
import { HTTP_CODES, Problem, statusOf } from '../api/problem.ts';
import { EventsQuery, OperatorListQuery, parsed, RoomPath } from '../api/request-schemas.ts';
import type { RoomList } from '../api/room-list.ts';
import { Refusal } from '../authority/game-authority.ts';
import type { Allowances } from '../session/allowances.ts';
import { bearerToken } from '../session/sessions.ts';
import type { EventLog } from './event-log.ts';
import type { Logger } from './log.ts';
import type { Operators } from './operators.ts';

/** A message for a channel, and what is around it. */
const MOST_BODY = 8192;
const STATUS: Readonly<Record<string, number>> = { replica_not_found: 404, rotation_failed: 502 };

export interface OperatorApiOptions {
  readonly keys: Pick<ApiKeys, 'nameOf'>;
  readonly allowances: Pick<Allowances, 'refused' | 'shutOut'>;
  readonly operators: Pick<Operators, 'act' | 'connections' | 'unavailable'>;
  readonly rooms: Pick<BackendRooms, 'read' | 'events'>;
  readonly roomList: Pick<RoomList, 'page'>;
  readonly events: Pick<EventLog, 'noteOnce'>;
  readonly replica: string;
  readonly log: Logger;
}

/**
 * Answers requests with the key of an operator. The caller has already checked that they come from the operations page.
 */
export class OperatorApi {
  readonly #options: OperatorApiOptions;

  constructor(options: OperatorApiOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const operator = this.#operatorOf(request, response);
      if (operator === undefined) return;
      const url = new URL(request.url ?? '', 'http://localhost');
      const path = url.pathname.slice(OPERATOR_PATH.length);
      const query = Object.fromEntries(url.searchParams);
      if (path === 'actions') return send(response, 200, { text: await this.#act(operator, request) });
      if (request.method !== 'GET') return refuse(response, 405, 'bad_request', 'There is only GET here.');
      const found = await this.#read(operator, path, query);
      if (found === undefined) return refuse(response, 404, 'not_found', `There is nothing at ${path.slice(0, 100)}.`);
      send(response, 200, found);
    } catch (error) {
      this.#fail(response, error as Error);
    }
  }

  /** Undefined for a path that leads nowhere. */
  async #read(operator: string, path: string, query: Record<string, string>): Promise<object | undefined> {
    const { operators, rooms, roomList } = this.#options;
    if (path === 'session') return { operator, unavailable: operators.unavailable } satisfies OperatorSession;
    if (path === 'connections') return operators.connections(connectionQuery(query));
    if (path === 'rooms') {
      const { cursor, limit, search } = parsed(OperatorListQuery, query, 'the query');
      return roomList.page(cursor, limit, search);
    }
    const [, room, isEvents] = /^rooms\/([^/]+)(\/events)?$/.exec(path) ?? [];
    if (room === undefined) return undefined;
    const { room: code } = parsed(RoomPath, { room }, 'the path');
    if (isEvents === undefined) return rooms.read(code);
    const { limit, ...known } = parsed(EventsQuery, query, 'the query');
    return rooms.events(code, known, limit);
  }

  async #act(operator: string, request: IncomingMessage): Promise<string> {
    if (request.method !== 'POST') throw new Problem('bad_request', 'Send an action by POST.');
    // What a form of another page could send is not JSON.
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      throw new Problem('not_json', 'Send the action as application/json.');
    }
    const { id, request: action } = parsed(OperatorRequest, await jsonOf(request), 'the action');
    return this.#options.operators.act(operator, id, action);
  }

  /** The name of the operator; undefined if the request had no valid key and has been answered. */
  #operatorOf(request: IncomingMessage, response: ServerResponse): string | undefined {
    const { keys, allowances, events, replica, log } = this.#options;
    const shown = bearerToken(request.headers.authorization);
    const operator = shown === undefined ? undefined : keys.nameOf(shown);
    if (operator !== undefined) return operator;
    const address = request.socket.remoteAddress ?? 'unknown';
    // Counted separately from the players of the address.
    const guesser = `operator ${address}`;
    const wait = allowances.shutOut(guesser);
    if (wait > 0) {
      response.setHeader('Retry-After', Math.ceil(wait / 1000));
      refuse(response, 429, 'rate_limited', `Too many keys from this address were wrong; wait ${wait} ms.`);
      return undefined;
    }
    if (shown !== undefined) {
      allowances.refused(guesser);
      log.warn({ address }, 'a request had a key that no operator has');
      const text = `A request from ${address} had a key that no operator has. Nothing was done.`;
      void events.noteOnce(`wrong-key:${address}`, 'action', text, replica);
    }
    const sentence =
      shown === undefined
        ? 'Send the key of an operator as "Authorization: Bearer <key>".'
        : 'No operator of this cluster has this key; it may have been replaced.';
    response.setHeader('WWW-Authenticate', 'Bearer');
    refuse(response, 401, 'unauthorized', sentence);
    return undefined;
  }

  #fail(response: ServerResponse, error: Error): void {
    if (error instanceof Problem) return refuse(response, HTTP_CODES[error.code], error.code, error.message);
    if (error instanceof Refusal) {
      const { code, message } = error;
      if (isWorthRepeating(code)) response.setHeader('Retry-After', 1);
      return refuse(response, STATUS[code] ?? statusOf(code), code, message);
    }
    this.#options.log.error({ err: error }, 'a request of an operator failed');
    refuse(response, 500, 'internal', 'The server failed at something unforeseen.');
  }
}

/** The position of the next page is two fields of the address. */
function connectionQuery({ since, id, limit, ...query }: Record<string, string>): ConnectionQuery {
  const after = since === undefined && id === undefined ? {} : { after: { since: Number(since), id } };
  const given = { ...query, ...after, ...(limit === undefined ? {} : { limit: Number(limit) }) };
  return parsed(ConnectionQuery, given, 'the query');
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BODY) throw new Problem('too_large', `An action has at most ${MOST_BODY} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal('bad_json', 'The body is not JSON.');
  }
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  send(response, status, { code, message });
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  // The unread rest of the request will not arrive.
  response.writeHead(status, { ...headers, ...(status === 413 ? { Connection: 'close' } : {}) });
  response.end(JSON.stringify(body));
}
