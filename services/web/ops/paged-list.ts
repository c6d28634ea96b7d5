import { type ReadonlySignal, signal } from '@preact/signals';

/** One page of a list, and where the next one begins; null after the last. */
export interface Page<Item, Place> {
  readonly items: readonly Item[];
  readonly next: Place | null;
}

/** A list that is read page by page, for one search at a time. */
export class PagedList<Item, Place> {
  readonly #items = signal<readonly Item[] | undefined>(undefined);
  readonly #isReading = signal(false);
  readonly #problem = signal('');
  readonly #next = signal<Place | null>(null);
  readonly #read: (search: string, after: Place | null) => Promise<Page<Item, Place>>;
  readonly #idOf: (item: Item) => string;
  readonly #search = signal('');
  #turn = 0;

  constructor(read: (search: string, after: Place | null) => Promise<Page<Item, Place>>, idOf: (item: Item) => string) {
    this.#read = read;
    this.#idOf = idOf;
  }

  /** Undefined until the first page has arrived. */
  get items(): readonly Item[] | undefined {
    return this.#items.value;
  }

  get isReading(): boolean {
    return this.#isReading.value;
  }

  get problem(): ReadonlySignal<string> {
    return this.#problem;
  }

  /** The search text; empty if all items are listed. */
  get search(): string {
    return this.#search.value;
  }

  get hasMore(): boolean {
    return this.#next.value !== null;
  }

  /** Begins with the first page. */
  async begin(search: string): Promise<void> {
    this.#search.value = search;
    await this.#take(null, []);
  }

  /** Reads the first page again, for example after a change. */
  again(): Promise<void> {
    return this.begin(this.#search.value);
  }

  async more(): Promise<void> {
    await this.#take(this.#next.value, this.#items.value ?? []);
  }

  async #take(after: Place | null, before: readonly Item[]): Promise<void> {
    const turn = (this.#turn += 1);
    this.#isReading.value = true;
    this.#problem.value = '';
    try {
      const { items, next } = await this.#read(this.#search.value, after);
      // There has been another search in the meantime.
      if (turn !== this.#turn) return;
      const known = new Set(before.map(this.#idOf));
      this.#items.value = [...before, ...items.filter((item) => !known.has(this.#idOf(item)))];
      this.#next.value = next;
    } catch (error) {
      if (turn === this.#turn) this.#problem.value = (error as Error).message;
    } finally {
      if (turn === this.#turn) this.#isReading.value = false;
    }
  }
}
