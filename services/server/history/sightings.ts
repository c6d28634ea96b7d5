/** A sighting is remembered for this long, and for twice as long at most. */
const KEEP_MS = 900_000;

/** The newest seq of an epoch that was seen, of the history with this head. */
export interface Sighting {
  readonly head: string;
  readonly epoch: string;
  readonly seq: number;
}

/**
 * How far this replica has seen each history, by its answers, its reads and announcements. A Redis that has less has
 * lost events.
 */
export class Sightings {
  readonly #sources: (() => Iterable<Sighting>)[] = [];
  /** `<epoch> <head>` and the newest seq. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #agedAt = performance.now();

  note(head: string, epoch: string, seq: number): void {
    const key = `${epoch} ${head}`;
    if ((this.#young.get(key) ?? -1) < seq) this.#young.set(key, seq);
  }

  /** Adds a source that knows by itself how far each of its histories was seen. */
  include(source: () => Iterable<Sighting>): void {
    this.#sources.push(source);
  }

  /** Forgets what has not been seen for long. To be called now and then. */
  age(): void {
    if (performance.now() - this.#agedAt < KEEP_MS) return;
    this.#agedAt = performance.now();
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** All there is; of one epoch of a history there may be several. */
  all(): Sighting[] {
    const noted = [...this.#old, ...this.#young].map(([key, seq]) => {
      const space = key.indexOf(' ');
      return { head: key.slice(space + 1), epoch: key.slice(0, space), seq };
    });
    return [...noted, ...this.#sources.flatMap((source) => [...source()])];
  }
}
