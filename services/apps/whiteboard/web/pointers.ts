import { BOARD } from '../types.ts';
import type { Pointer } from '../whiteboard.ts';

/** How long a pointer is shown after it last moved. */
const SHOWN_MS = 8000;

interface Shown {
  readonly element: HTMLElement;
  hidden: ReturnType<typeof setTimeout> | undefined;
}

/** Where the others point, as labels above the board. */
export class Pointers {
  readonly #place: HTMLElement;
  readonly #shown = new Map<string, Shown>();

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  show({ id, name }: { readonly id: string; readonly name: string }, { x, y }: Pointer): void {
    const shown = this.#shown.get(id) ?? this.#add(id);
    shown.element.textContent = name;
    shown.element.style.left = `${(100 * x) / BOARD.width}%`;
    shown.element.style.top = `${(100 * y) / BOARD.height}%`;
    clearTimeout(shown.hidden);
    shown.hidden = setTimeout(() => this.#remove(id), SHOWN_MS);
  }

  /** Removes the pointers of all other players. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#shown.keys()) if (!ids.has(id)) this.#remove(id);
  }

  #add(id: string): Shown {
    const element = Object.assign(document.createElement('span'), { className: 'pointer' });
    this.#place.append(element);
    const shown: Shown = { element, hidden: undefined };
    this.#shown.set(id, shown);
    return shown;
  }

  #remove(id: string): void {
    clearTimeout(this.#shown.get(id)?.hidden);
    this.#shown.get(id)?.element.remove();
    this.#shown.delete(id);
  }
}
