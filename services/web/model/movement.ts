type Step = readonly [rows: number, columns: number];

const STEPS: Readonly<Record<string, Step>> = {
  ArrowLeft: [0, -1],
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  h: [0, -1],
  j: [1, 0],
  k: [-1, 0],
  l: [0, 1],
};

/**
 * The cell that the focus moves to from `cell` on a board with sides of `size` cells when `key` (a
 * `KeyboardEvent.key`) is pressed; undefined when the key does not move it. The focus stops at the edges.
 */
export function moveFocus(cell: number, key: string, size: number): number | undefined {
  const row = Math.floor(cell / size);
  const column = cell % size;
  if (key === 'Home') return row * size;
  if (key === 'End') return row * size + size - 1;
  const name = key.length === 1 ? key.toLowerCase() : key;
  const step = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined;
  if (!step) return undefined;
  const within = (value: number) => Math.min(size - 1, Math.max(0, value));
  return within(row + step[0]) * size + within(column + step[1]);
}
