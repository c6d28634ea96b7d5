import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';

/** The fault for one event out of many; `silence` affects one connection, from which nothing is passed on. */
export type Plant = 'nothing' | 'drop' | 'duplicate' | 'late' | 'silence';

/** The number of events that pass unchanged before one does not. */
const EVERY = 40;
const LATE_MS = 6000;
/** The number of the connection. The first 16 are those of arriving players. */
const SILENT = 20;

interface Upstream {
  readonly url: string;
  readonly stateDir: string;
}

/**
 * A proxy in front of a cluster, with the cluster's certificate. Now and then it loses, repeats or delays an event,
 * which a cluster must never do, so that a test can check that the fault is noticed.
 */
export class FaultyProxy {
  readonly planted = { count: 0 };
  readonly #plant: Plant;
  readonly #upstream: Upstream;
  readonly #ca: Buffer;
  readonly #server: Server;
  #events = 0;
  #connections = 0;

  constructor(plant: Plant, upstream: Upstream) {
    this.#plant = plant;
    this.#upstream = upstream;
    const pki = path.join(upstream.stateDir, 'pki');
    const leaf = readFileSync(path.join(pki, 'leaf.pem'));
    this.#ca = readFileSync(path.join(pki, 'root.pem'));
    this.#server = createServer({ key: leaf, cert: leaf }, (incoming, outgoing) => {
      const { method, headers, url } = incoming;
      const options = { method, headers, ca: this.#ca };
      const onward = request(new URL(url!, upstream.url), options, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    this.#relay(new WebSocketServer({ server: this.#server, perMessageDeflate: false }));
  }

  /** Resolves with its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #relay(sockets: WebSocketServer): void {
    sockets.on('connection', (near, { url, headers }) => {
      const far = new WebSocket(this.#upstream.url.replace(/^http/, 'ws') + url, headers['sec-websocket-protocol'], {
        ca: this.#ca,
        perMessageDeflate: false,
        headers: { authorization: headers.authorization ?? '' },
      });
      const waiting: string[] = [];
      const isSilent = ++this.#connections === SILENT && this.#plant === 'silence';
      if (isSilent) this.planted.count++;
      near.on('message', (data) => (far.readyState === far.OPEN ? far.send(String(data)) : waiting.push(String(data))));
      far.on('open', () => waiting.splice(0).forEach((text) => far.send(text)));
      far.on('message', (data) => {
        if (!isSilent) this.#pass(String(data), (text) => near.readyState === near.OPEN && near.send(text));
      });
      // A code that may not be sent says that there was no close frame.
      const end = (other: WebSocket) => (code: number) =>
        code >= 3000 || code === 1012 || code === 1000 ? other.close(code) : other.terminate();
      near.on('close', end(far)).on('error', () => far.terminate());
      far.on('close', end(near)).on('error', () => near.terminate());
    });
  }

  get #strikes(): boolean {
    return this.#plant !== 'nothing' && this.#plant !== 'silence';
  }

  #pass(text: string, send: (text: string) => void): void {
    const value = JSON.parse(text) as unknown;
    const messages = (Array.isArray(value) ? value : [value]) as { type: string; event?: { kind: string } }[];
    const passed: unknown[] = [];
    for (const message of messages) {
      // Only captures, because events that arrive while a game is joined are in a snapshot too.
      const struck = message.event?.kind === 'captured' && this.#strikes && ++this.#events % EVERY === 0;
      if (struck) this.planted.count++;
      if (!struck || this.#plant === 'duplicate') passed.push(message);
      if (struck && this.#plant === 'duplicate') passed.push(message);
      if (struck && this.#plant === 'late') setTimeout(() => send(JSON.stringify(message)), LATE_MS);
    }
    if (passed.length > 0) send(JSON.stringify(passed));
  }
}
