import { waitFor } from '../../infra/local/wait.ts';
import { createClient, type GridlockClient } from '../../services/client/node.ts';
import type { System } from './system.ts';

/** How many sockets are opened at once, as many as a crowd of people opens in a second. */
const AT_ONCE = 20;
/** Replicas that level the load move sockets every second, so they are done after this long without a move. */
const SETTLED_MS = 5000;

/** Idle sockets through the edge. */
export class Crowd {
  readonly #system: Pick<System, 'url' | 'rootPem'>;
  readonly #clients: GridlockClient[] = [];

  constructor(system: Pick<System, 'url' | 'rootPem'>) {
    this.#system = system;
  }

  get size(): number {
    return this.#clients.length;
  }

  /** Opens this many more. @throws if one cannot connect */
  async grow(count: number): Promise<void> {
    const { url, rootPem: ca } = this.#system;
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const clients = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => createClient({ url, ca }));
      this.#clients.push(...clients);
      await Promise.all(clients.map((client) => client.connect()));
    }
  }

  /** The number of open sockets. */
  get open(): number {
    return this.#clients.filter(({ health }) => health.state === 'open').length;
  }

  /** How often sockets have reconnected. */
  get reconnects(): number {
    return this.#clients.reduce((sum, { health }) => sum + health.reconnects, 0);
  }

  /** Resolves when all are open and none has been moved for a while. */
  async settled(): Promise<void> {
    let [reconnects, since] = [this.reconnects, performance.now()];
    const isSettled = async () => {
      if (this.reconnects !== reconnects || this.open < this.size) {
        [reconnects, since] = [this.reconnects, performance.now()];
      }
      return performance.now() - since > SETTLED_MS ? true : undefined;
    };
    await waitFor(isSettled, { what: 'the sockets to settle', timeoutMs: 120_000, intervalMs: 200 });
  }

  close(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }
}
