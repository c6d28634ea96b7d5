// Decides whether a running stack can be changed to its present configuration.
import { CHANGEABILITY } from './changeability.ts';
import { type Config, ConfigError } from './config.ts';
import { KEYS, type Key, type Values } from './keys.ts';

/** The configuration that a stack was brought up with, as JSON: every key except the secret ones. */
export type Recorded = string;

const compared = (Object.keys(KEYS) as Key[]).filter((key) => !KEYS[key].secret);

export const recorded = (config: Config): Recorded =>
  JSON.stringify(Object.fromEntries(compared.map((key) => [key, config[key]])));

/** Type of the component that has it in the state. */
export const RECORD_TYPE = 'gridlock:stack:Configuration';

/** A resource of a state, as far as a record is in it. */
export interface RecordHolder {
  readonly type: string;
  readonly outputs?: { readonly values?: unknown };
}

/** The record among resources of a state; undefined without one. */
export function recordIn(resources: Iterable<RecordHolder>): Recorded | undefined {
  for (const { type, outputs } of resources) {
    if (type === RECORD_TYPE && typeof outputs?.values === 'string') return outputs.values;
  }
  return undefined;
}

const shown = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value));

/** The consequences of the changes. */
export interface Changes {
  /** Sentences about changes that are never made, with the alternative. */
  readonly refused: readonly string[];
  /** Sentences about data that would be lost. */
  readonly losses: readonly string[];
  /** Sentences about changes that are made, with their cost. */
  readonly costs: readonly string[];
}

/** The changes from the recorded configuration to the new one. A key that the record does not have is not compared. */
export function changesSince(record: Recorded, after: Config): Changes {
  const values = JSON.parse(record) as Partial<Values>;
  const before: Values = { ...after, ...values };
  const refused: string[] = [];
  const losses: string[] = [];
  const costs: string[] = [];
  for (const key of compared) {
    const [old, current] = [before[key], after[key]].map((value) => JSON.stringify(value));
    if (old === current) continue;
    const verdict = CHANGEABILITY[key].judge(before, after);
    const change =
      typeof after[key] === 'object'
        ? `${key} changes`
        : `${key} changes from ${shown(before[key])} to ${shown(after[key])}`;
    if (verdict.kind === 'refused') refused.push(`${change}. ${capital(verdict.remedy)}.`);
    else if (verdict.kind === 'loses') losses.push(`${change}. ${capital(verdict.what)} is lost.`);
    else costs.push(verdict.cost === '' ? `${change}.` : `${change}: ${verdict.cost}.`);
  }
  return { refused, losses, costs };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The variable that does for Pulumi what `--accept-data-loss` does for `npm run up`. */
export const ACCEPT_DATA_LOSS = 'GRIDLOCK_ACCEPT_DATA_LOSS';

/**
 * @param acceptsLoss whether the user accepts a loss of data
 * @throws ConfigError with every change that cannot be made
 */
export function requireChangeable(record: Recorded, after: Config, acceptsLoss: boolean): Changes {
  const changes = changesSince(record, after);
  const stuck = [...changes.refused, ...(acceptsLoss ? [] : changes.losses)];
  if (stuck.length === 0) return changes;
  const remedies = [
    'Set the keys back to what they were',
    ...(acceptsLoss || changes.losses.length === 0
      ? []
      : [`where the loss is fine, add --accept-data-loss (${ACCEPT_DATA_LOSS}=true for pulumi up)`]),
  ];
  const lines = stuck.map((sentence) => `  ${sentence}`);
  const what = `The stack ${after.stack} is up, and cannot become what its configuration says:`;
  throw new ConfigError([what, ...lines, `Nothing was changed. ${remedies.join('; ')}.`].join('\n'));
}
