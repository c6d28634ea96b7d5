import { connect, createSecureContext, type SecureContext } from 'node:tls';

export interface HandshakeReport {
  completed: number;
  /** The reasons of failed handshakes, and their counts. */
  failures: Record<string, number>;
  /** Resumed handshakes, which would prove nothing. */
  resumed: number;
  /** Handshakes that showed a leaf from before the one that was in force when they began. */
  stale: number;
  /** Different leaves that were shown. */
  leaves: number;
}

const PATIENCE_MS = 60_000;

/** New clients, this many a second, each with a full handshake. */
export class Handshakes {
  readonly #port: number;
  readonly #intervalMs: number;
  #context: SecureContext;
  #timer: NodeJS.Timeout | undefined;
  #nextAt = 0;
  #open = new Set<Promise<void>>();
  #failures = new Map<string, number>();
  #resumed = 0;
  /** The leaf that was in force when a handshake began, by its place in `#inForce`, and what it showed. */
  #seen: { since: number; serial: string }[] = [];
  /** Serial numbers of the leaves that were known to be served, in order. */
  #inForce: string[] = [];

  constructor(port: number, bundle: string, perSecond: number) {
    this.#port = port;
    this.#intervalMs = 1000 / perSecond;
    this.#context = createSecureContext({ ca: bundle });
  }

  /** The roots that the next clients trust. */
  trust(bundle: string): void {
    this.#context = createSecureContext({ ca: bundle });
  }

  /** Records that this leaf is served from now on. */
  expect(serialNumber: string): void {
    this.#inForce.push(serialNumber);
  }

  /** Handshakes that have failed so far. */
  get failures(): number {
    return [...this.#failures.values()].reduce((sum, count) => sum + count, 0);
  }

  start(): void {
    this.#nextAt = performance.now();
    this.#schedule();
  }

  /** Resolves when every handshake that has begun is over. */
  async stop(): Promise<HandshakeReport> {
    clearTimeout(this.#timer);
    await Promise.all(this.#open);
    const placeOf = new Map(this.#inForce.map((serial, place) => [serial, place]));
    // An unknown certificate was replaced before its fingerprint was reported.
    const stale = this.#seen.filter(({ since, serial }) => (placeOf.get(serial) ?? Infinity) < since);
    return {
      completed: this.#seen.length,
      failures: Object.fromEntries(this.#failures),
      resumed: this.#resumed,
      stale: stale.length,
      leaves: new Set(this.#seen.map(({ serial }) => serial)).size,
    };
  }

  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        // Handshakes that were due while this process was held up begin now.
        for (; this.#nextAt <= performance.now(); this.#nextAt += this.#intervalMs) this.#begin();
        this.#schedule();
      },
      Math.max(0, this.#nextAt - performance.now()),
    );
  }

  #begin(): void {
    const one = this.#handshake().finally(() => this.#open.delete(one));
    this.#open.add(one);
  }

  #handshake(): Promise<void> {
    const since = this.#inForce.length - 1;
    return new Promise((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port: this.#port,
        servername: 'localhost',
        secureContext: this.#context,
        timeout: PATIENCE_MS,
      });
      let shown = false;
      const failed = (reason: string) => {
        // Errors of a socket after its handshake do not count here.
        if (!shown) this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
        shown = true;
        socket.destroy();
      };
      socket.on('secureConnect', () => {
        shown = true;
        if (socket.isSessionReused()) this.#resumed++;
        this.#seen.push({ since, serial: socket.getPeerX509Certificate()!.serialNumber.toUpperCase() });
        socket.destroy();
      });
      socket.on('timeout', () => failed(`no handshake within ${PATIENCE_MS / 1000} s`));
      socket.on('error', ({ message }) => failed(message));
      socket.on('close', () => {
        failed('closed during the handshake');
        resolve();
      });
    });
  }
}
