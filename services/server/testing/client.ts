import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { until } from '../../../tests/kit/wait.ts';
import type { GridMessage, GridMessageOf } from '../../apps/grid/grid.ts';
import {
  type ClientMessageInput,
  decodeServerFrame,
  type Request,
  type ServerMessageOf,
  type SessionAnswer,
  SUBPROTOCOL,
} from '../../protocol/index.ts';

/** A guest's token from a replica. */
export async function guest(url: string, body: object = {}): Promise<SessionAnswer & { token: string }> {
  const response = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`No session: ${response.status} ${await response.text()}`);
  return (await response.json()) as SessionAnswer & { token: string };
}

/** Without `id`, which `TestClient.request` adds. */
type Distribute<T> = T extends unknown ? Omit<T, 'id'> & { id?: string } : never;

type TestOptions = Omit<ClientOptions, 'protocol'> & { readonly query?: string };

/** A plain client for tests. It keeps every message it receives, and does nothing by itself. */
export class TestClient {
  readonly socket: WebSocket;
  readonly token: string;
  readonly received: GridMessage[] = [];
  closeCode: number | undefined;
  static #ids = 0;

  constructor(url: string, token: string, options: TestOptions & { protocol?: string } = {}) {
    const { protocol = SUBPROTOCOL, query = '', ...rest } = options;
    this.token = token;
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws${query}`, protocol, {
      headers: { authorization: `Bearer ${token}` },
      ...rest,
    });
    this.socket.on('message', (data) => this.received.push(...(decodeServerFrame(String(data)) as GridMessage[])));
    this.socket.on('close', (code) => (this.closeCode = code));
    this.socket.on('error', () => undefined);
  }

  /** Connects as a guest, or as the one whose token is given. */
  static async connect(url: string, token?: string, options: TestOptions = {}): Promise<TestClient> {
    const client = new TestClient(url, token ?? (await guest(url)).token, options);
    await once(client.socket, 'open');
    await client.next('welcome');
    return client;
  }

  send(message: ClientMessageInput): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Sends a request and gives its `ack` or `error`. */
  async request(message: Distribute<Request>): Promise<ServerMessageOf<'ack'> | ServerMessageOf<'error'>> {
    TestClient.#ids += 1;
    const id = message.id ?? `t${TestClient.#ids}`;
    const from = this.received.length;
    this.send({ ...message, id } as ClientMessageInput);
    const isAnswer = (item: GridMessage) => (item.type === 'ack' || item.type === 'error') && item.id === id;
    await this.#until(() => this.received.slice(from).some(isAnswer), `${message.type} ${id} is answered`);
    return this.received.slice(from).find(isAnswer) as ServerMessageOf<'ack'> | ServerMessageOf<'error'>;
  }

  /** The first message of a type that satisfies the condition, those included that came before. */
  async next<T extends GridMessage['type']>(
    type: T,
    matches: (message: GridMessageOf<T>) => boolean = () => true,
  ): Promise<GridMessageOf<T>> {
    const isIt = (item: GridMessage) => item.type === type && matches(item as GridMessageOf<T>);
    await this.#until(() => this.received.some(isIt), `a ${type} arrives`);
    return this.received.find(isIt) as GridMessageOf<T>;
  }

  events(game: string): GridMessageOf<'event'>[] {
    return this.received.filter((item) => item.type === 'event').filter((item) => item.game === game);
  }

  async closed(): Promise<number> {
    await until(() => this.closeCode !== undefined, 'the socket is closed');
    return this.closeCode!;
  }

  close(): void {
    this.socket.terminate();
  }

  async #until(condition: () => boolean, name: string): Promise<void> {
    try {
      await until(condition, name);
    } catch (error) {
      const last = JSON.stringify(this.received.slice(-5)).slice(0, 2000);
      throw new Error(`${(error as Error).message} The socket: ${this.closeCode ?? 'open'}. Last received: ${last}`);
    }
  }
}
