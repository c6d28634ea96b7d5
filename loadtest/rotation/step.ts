/** An action on the authority of a running cluster. */
export const ROTATIONS = ['leaf', 'intermediate'] as const;
export const ROLLOVER = ['accept', 'issue', 'retire'] as const;
export type RolloverStep = (typeof ROLLOVER)[number];
export type Step = (typeof ROTATIONS)[number] | RolloverStep;

/** The result of a step. */
export interface Done {
  step: Step;
  tookMs: number;
  /** Whether the edge took it; `accept` leaves it as it is. */
  edge: string;
  /** Of the leaf on disk. */
  serialNumber: string;
  /** Every root that clients may trust by now, PEM. */
  bundle: string;
}

export const isRollover = (step: Step): step is RolloverStep => (ROLLOVER as readonly string[]).includes(step);

/**
 * The order of a run: the intermediates evenly among the leaves, the three steps of the rollover at a quarter, the half
 * and three quarters.
 */
export function planSteps(leaves: number, intermediates: number): Step[] {
  const total = leaves + intermediates;
  const steps: Step[] = Array.from({ length: total }, (_, index) => {
    const share = (count: number) => Math.floor((count * intermediates) / total);
    return share(index + 1) > share(index) ? 'intermediate' : 'leaf';
  });
  ROLLOVER.forEach((step, index) => steps.splice(Math.floor(((index + 1) * total) / 4) + index, 0, step));
  return steps;
}
