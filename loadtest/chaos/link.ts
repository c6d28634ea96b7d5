import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A chunk that waits to be passed on; the last one of a direction has no bytes. */
interface Waiting {
  dueAt: number;
  bytes: Buffer | undefined;
}

/** Where a link leads. */
export interface LinkTarget {
  readonly host: string;
  readonly port: number;
}

/** One direction of one connection. Whatever the fault, bytes keep their order and the end comes last. */
class Pipe {
  readonly #to: Socket;
  readonly #link: Link;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, link: Link) {
    this.#to = to;
    this.#link = link;
    from.on('data', (bytes) => this.#take(bytes));
    from.once('close', () => this.#take(undefined));
  }

  #take(bytes: Buffer | undefined): void {
    const delayMs = this.#link.nextDelay();
    const dueAt = Math.max(performance.now() + delayMs, this.#waiting.at(-1)?.dueAt ?? 0);
    if (bytes && (delayMs > 0 || this.#link.isHeld)) this.#link.hindered += 1;
    this.#waiting.push({ dueAt, bytes });
    this.flush();
  }

  flush(): void {
    clearTimeout(this.#timer);
    if (this.#link.isHeld) return;
    const now = performance.now();
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.dueAt > now) {
        this.#timer = setTimeout(() => this.flush(), next.dueAt - now + 1);
        return;
      }
      this.#waiting.shift();
      if (next.bytes === undefined) this.#to.destroy();
      else if (!this.#to.destroyed) this.#to.write(next.bytes);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }
}

interface Pair {
  sockets: [Socket, Socket];
  pipes: [Pipe, Pipe];
}

/** A TCP proxy on a port of this machine whose connections can be cut, slowed and silenced. */
export class Link {
  /** Chunks that came late or were held back, so far. */
  hindered = 0;
  #isHeld = false;
  #delay: (() => number) | undefined;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  readonly #target: () => LinkTarget;

  private constructor(target: () => LinkTarget) {
    this.#target = target;
    this.#server = createServer((inward) => this.#join(inward));
  }

  /** `target` is called for each new connection and returns where the link leads. */
  static async start(target: () => LinkTarget): Promise<Link> {
    const link = new Link(target);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  nextDelay(): number {
    return this.#delay?.() ?? 0;
  }

  /** Resets every open connection and returns their number. New connections work. */
  cut(): number {
    const count = this.#pairs.size;
    for (const { sockets, pipes } of this.#pairs) {
      for (const pipe of pipes) pipe.stop();
      for (const socket of sockets) socket.resetAndDestroy();
    }
    return count;
  }

  /**
   * Delays each chunk from now on by the milliseconds that `delay` returns; undefined ends the delay for later chunks.
   */
  slow(delay: (() => number) | undefined): void {
    this.#delay = delay;
  }

  /** Passes nothing in either direction, not even an end. New connections are accepted, and are just as silent. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Passes on everything that was held, however late, even on connections that one side has given up. */
  release(): void {
    this.#isHeld = false;
    for (const { pipes } of this.#pairs) for (const pipe of pipes) pipe.flush();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(inward: Socket): void {
    const outward = connect(this.#target());
    const sockets: Pair['sockets'] = [inward, outward];
    const pair: Pair = { sockets, pipes: [new Pipe(inward, outward, this), new Pipe(outward, inward, this)] };
    this.#pairs.add(pair);
    for (const socket of sockets) {
      socket.setNoDelay(true);
      // Its close follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (sockets.every(({ destroyed }) => destroyed)) this.#pairs.delete(pair);
      });
    }
  }
}
