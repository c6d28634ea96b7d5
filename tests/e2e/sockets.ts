import { waitFor } from '../../infra/local/wait.ts';
import { createClient, type GridlockClient } from '../../services/client/node.ts';
import type { System } from './system.ts';

/** How many are opened at once: what a crowd of people would do in a second. */
const AT_ONCE = 20;
/** Replicas that level their sockets move some in each second. */
const SETTLED_MS = 5000;

/** Sockets that are only open, through the edge. */
export class Crowd {
  readonly #system: Pick<System, 'url' | 'rootPem'>;
  readonly #clients: GridlockClient[] = [];

  constructor(system: Pick<System, 'url' | 'rootPem'>) {
    this.#system = system;
  }

  get size(): number {
    return this.#clients.length;
  }

  /** Opens so many more. @throws when one cannot connect */
  async grow(count: number): Promise<void> {
    const { url, rootPem: ca } = this.#system;
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const clients = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => createClient({ url, ca }));
      this.#clients.push(...clients);
      await Promise.all(clients.map((client) => client.connect()));
    }
  }

  /** Those that are open now. */
  get open(): number {
    return this.#clients.filter(({ health }) => health.state === 'open').length;
  }

  /** How often one of them has come back. */
  get reconnects(): number {
    return this.#clients.reduce((sum, { health }) => sum + health.reconnects, 0);
  }

  /** Resolves when all are open and none was moved for a while. */
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
