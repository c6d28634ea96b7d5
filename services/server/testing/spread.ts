import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface SpreadOptions {
  /** Where requests go to, one after the other. */
  readonly targets: readonly string[];
  /** The root that the targets are trusted by. */
  readonly ca?: string | Buffer;
  /** What an upgrade is answered with; 0 is not at all. */
  readonly upgradeStatus?: number;
  /** Paths whose answers are kept back until they are complete. */
  readonly buffered?: readonly string[];
}

export interface Spread {
  readonly url: string;
  /** Requests by path, without the query. */
  readonly requests: { readonly path: string; readonly target: string }[];
  upgrades: number;
  /** Changes where requests go to. */
  retarget(targets: readonly string[]): void;
  /** Answers to a path get lost from now on, this many. */
  lose(path: string, answers: number): void;
  /** Cuts everything that is under way. */
  cut(): void;
  stop(): Promise<void>;
}

/** What stands between players and servers where no WebSocket gets through, and no cookie: each request goes elsewhere. */
export async function startSpread(options: SpreadOptions): Promise<Spread> {
  let { targets } = options;
  /** Of each path by itself: requests of two kinds that take turns would otherwise go to the same targets each time. */
  const turns = new Map<string, number>();
  const requests: Spread['requests'] = [];
  const toLose = new Map<string, number>();
  const server = createServer((incoming, answer) => {
    const path = incoming.url!.split('?')[0]!;
    const turn = (turns.get(path) ?? 0) + 1;
    turns.set(path, turn);
    const target = targets[turn % targets.length]!;
    requests.push({ path, target });
    const { cookie: _, ...headers } = incoming.headers;
    const send = target.startsWith('https:') ? secureRequest : request;
    const outgoing = send(
      target + incoming.url!,
      {
        method: incoming.method!,
        ca: options.ca,
        agent: false,
        headers: { ...headers, host: new URL(target).host },
      },
      (response: IncomingMessage) => {
        const left = toLose.get(path) ?? 0;
        if (left > 0) {
          toLose.set(path, left - 1);
          response.resume().on('end', () => incoming.socket.destroy());
          return;
        }
        if (options.buffered?.includes(path)) {
          response.resume();
          return;
        }
        const { 'set-cookie': _own, ...rest } = response.headers;
        answer.writeHead(response.statusCode!, rest);
        answer.flushHeaders();
        response.pipe(answer);
        response.on('error', () => answer.destroy());
      },
    );
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  const spread: Spread = {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    requests,
    upgrades: 0,
    retarget: (to) => {
      targets = to;
    },
    lose: (path, answers) => void toLose.set(path, answers),
    cut: () => server.closeAllConnections(),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  server.on('upgrade', (_request, socket) => {
    spread.upgrades += 1;
    socket.on('error', () => undefined);
    if (options.upgradeStatus === 0) return void socket.resume().on('end', () => socket.destroy());
    socket.end(`HTTP/1.1 ${options.upgradeStatus ?? 502} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return spread;
}
