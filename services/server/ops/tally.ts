import { Counter, type Registry } from 'prom-client';

/**
 * A counter of one label for what happens thousands of times a second: it adds up in a map, and the client library,
 * which looks labels up by building a text of them, is told when somebody reads.
 */
export class Tally<Label extends string> extends Counter<Label> {
  readonly #label: Label;
  readonly #counts = new Map<string, number>();

  constructor(options: { name: string; help: string; label: Label; registers: Registry[] }) {
    const { name, help, label, registers } = options;
    super({ name, help, labelNames: [label], registers });
    this.#label = label;
  }

  count(value: string, times = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + times);
  }

  override get() {
    for (const [value, times] of this.#counts) this.inc({ [this.#label]: value } as Record<Label, string>, times);
    this.#counts.clear();
    return super.get();
  }
}
