import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers the virtual users, who ask before each step whether to take it: one verdict a step, for all of them. */
export class Control {
  readonly #verdicts = new Map<number, Promise<boolean>>();
  readonly #judge: (step: number) => Promise<boolean>;
  readonly #server = createServer((request, response) => {
    const step = Number(request.url?.slice(1));
    const verdict = this.#verdicts.get(step) ?? this.#judge(step);
    this.#verdicts.set(step, verdict);
    verdict.then(
      (go) => response.end(go ? 'go' : 'stop'),
      () => response.end('stop'),
    );
  });

  /** `judge` tells whether the step before the one asked for has held. */
  constructor(judge: (step: number) => Promise<boolean>) {
    this.#judge = judge;
  }

  /** Resolves with its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
