import { Counter, type Registry } from 'prom-client';

/** Each label and all the values it may have. */
type Labels = Readonly<Record<string, readonly string[]>>;
type ValuesOf<L extends Labels> = { readonly [Name in keyof L]: L[Name][number] };

interface Options<L extends Labels> {
  readonly name: string;
  readonly help: string;
  readonly labels: L;
  readonly registers: Registry[];
}

/**
 * A counter whose labels have values that are known from the start. Every series exists with 0 before the first event:
 * a series that begins with 1 would hide that event from `rate()`.
 */
export class LabelledCounter<const L extends Labels> {
  readonly #counter: Counter;

  constructor({ name, help, labels, registers }: Options<L>) {
    this.#counter = new Counter({ name, help, labelNames: Object.keys(labels), registers });
    for (const values of combinations(labels)) this.#counter.inc(values, 0);
  }

  inc(values: ValuesOf<L>, times = 1): void {
    this.#counter.inc(values, times);
  }
}

/** Every combination of the values of the labels. */
function combinations(labels: Labels): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (sofar, [name, values]) => sofar.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/**
 * The same with one label, for events that happen thousands of times a second. It counts in a map and updates the
 * client library only when somebody reads, because the library builds a text for each look-up of labels.
 */
export class Tally<Value extends string> extends Counter {
  readonly #label: string;
  readonly #counts: Map<Value, number>;

  constructor({ name, help, labels, registers }: Options<Readonly<Record<string, readonly Value[]>>>) {
    const [[label, values] = ['', []]] = Object.entries(labels);
    super({ name, help, labelNames: [label], registers });
    this.#label = label;
    this.#counts = new Map(values.map((value) => [value, 0]));
  }

  count(value: Value, times = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + times);
  }

  override get() {
    for (const [value, times] of this.#counts) {
      this.inc({ [this.#label]: value }, times);
      this.#counts.set(value, 0);
    }
    return super.get();
  }
}
